"""How users spell quantities and units: words in lower case, without accents, blanks and signs."""

from __future__ import annotations

import math

from bpinvert.readers import velocities

# Spelling -> the name that the quantity has everywhere else. A slash counts only where it is written here.
SPELLINGS = {
    "ab2": ("ab2", "l/2", "halfab", "1/2ab", "demiab", "oa", "ав/2", "供电半极距", "半供电极距"),
    "ab": ("ab", "ав"),
    "mn2": ("mn2", "halfmn", "1/2mn", "demimn", "мn/2", "测量半极距", "半测量极距"),
    "mn": ("mn", "мn"),
    "a": ("a",),
    "spacing": ("l", "极距", "电极距", "供电极距", "供电电极距", "разнос", "разносы"),
    "potential_spacing": ("测量极距", "测量电极距", "电位极距"),
    "apparent_resistivity": (
        "rhoa", "rhos", "rhok", "rhoк", "rho", "rhoapp", "rhoapparent", "ra", "appres", "appresist", "apprho",
        "appresistivity", "apparentres", "apparentrho", "apparentresistivity", "resistivityapparent", "resistivity",
        "resistiviteapparente", "resapparente", "rhoapparente", "resistivite",
        "resistividadaparente", "resaparente", "rhoaparente", "resistividad",
        "resistividadeaparente", "resistividade", "resistivitaapparente", "resistivita",
        "scheinbarerspezifischerwiderstand", "spezifischerscheinbarerwiderstand", "scheinbarerspezwiderstand",
        "scheinbspezwiderstand", "schspezwiderstand", "spezifischerwiderstand", "spezwiderstand",
        "视电阻率", "視電阻率", "视电阻率值",
        "кажущеесясопротивление", "кажущеесяудельноесопротивление", "кажущеесяэлектрическоесопротивление",
        "кажущеесяудельноеэлектрическоесопротивление", "кажущеесяуэс", "кажсопротивление",
    ),
    "apparent_chargeability": (
        "chargeability", "apparentchargeability", "chargeabilityapparent", "appchargeability", "ip", "ipeffect",
        "chargeabilite", "chargeabiliteapparente", "cargabilidad", "cargabilidadaparente", "cargabilidade",
        "cargabilidadeaparente", "caricabilita", "caricabilitaapparente", "aufladbarkeit", "scheinbareaufladbarkeit",
        "极化率", "视极化率", "поляризуемость", "кажущаясяполяризуемость",
    ),
    "geometric_factor": (
        "k", "geometricfactor", "geometricalfactor", "geometryfactor", "geomfactor", "geofactor", "kfactor", "factork",
        "facteurgeometrique", "coefficientgeometrique", "factorgeometrico", "constantegeometrica", "fatorgeometrico",
        "fattoregeometrico", "geometriefaktor", "konfigurationsfaktor", "装置系数", "коэффициентустановки",
        "geometricconstant", "geometricalconstant", "geometryconstant", "geomconstant", "geometricconst", "geomconst",
        "geometriccoefficient", "constantegeometrique", "coeficientegeometrico", "arrayfactor", "arrayconstant",
        "configurationfactor", "kconstant", "kconst", "kvalue", "kfaktor", "facteurk", "coefficientk", "gf",
        "k值", "k系数", "коэффициентk", "коэффициентк",
    ),
    "resistance": (
        "r", "v/i", "dv/i", "deltav/i", "u/i", "resistance", "resistencia", "resistenza", "widerstand",
        "rvi", "电阻", "сопротивление",
    ),
    "voltage": (
        "v", "dv", "deltav", "u", "du", "deltau", "voltage", "potential", "potentialdifference", "potdifference", "pd",
        "vmn", "differencedepotentiel", "tension", "voltaje", "voltagem", "tensione", "spannung",
        "电位差", "напряжение",
    ),
    "current": (
        "i", "iab", "current", "courant", "intensite", "corriente", "corrente", "strom", "stromstarke",
        "电流", "供电电流", "ток",
    ),
    "period": ("period", "t", "per", "periode", "periodendauer", "periodo", "周期", "период"),
    "frequency": (
        "frequency", "freq", "f", "frequenz", "frequence", "frecuencia", "frequencia", "frequenza", "频率", "частота",
    ),
    "phase": ("phase", "phi", "phs", "pha", "相位"),
    "sounding": (
        "sounding", "soundingno", "soundingid", "soundingname", "ves", "vesno", "vesid", "vesname", "vesstation",
        "station", "site", "point", "sev", "sondage", "sondeo", "sondagem", "sondaggio",
        "测点", "点号", "вэз",
    ),
    "name": ("name",),
    "line": ("line", "profile", "线号"),
    "x": ("x", "easting", "east"),
    "y": ("y", "northing", "north"),
    "elevation": ("elevation", "elev", "altitude"),
    "array": (
        "array", "arraytype", "electrodearray", "configuration", "electrodeconfiguration", "arrayconfiguration",
        "dispositif", "dispositivo", "arreglo", "arranjo", "anordnung", "装置", "装置类型",
    ),
    "used": (
        "used", "use", "keep", "kept", "valid", "accept", "accepted", "utilise", "utilisee", "valide", "verwendet",
        "benutzt", "gultig", "usado", "usada", "utilizado", "utilizada", "valido", "valida", "usato", "usata",
        "采用", "是否采用", "使用", "是否使用", "использовать", "использовано",
    ),
    "masked": (
        "masked", "mask", "rejected", "reject", "bad", "exclude", "excluded", "outlier", "outliers", "discard",
        "discarded", "skip", "skipped", "ignore", "ignored", "verworfen", "rejete", "rejetee", "exclu", "descartado",
        "descartada", "scartato", "剔除", "是否剔除",
    ),
    "judged": ("qc", "status", "flag", "quality", "qualite", "qualitat", "calidad", "qualidade", "质量"),
    "height": ("height",),
    **velocities.SPELLINGS,
}  # fmt: skip

# Spellings that mean a quantity only beside its unit.
BY_UNIT = {
    "ohm m": {name: "apparent_resistivity" for name in ("r", "pa", "ps", "pk", "res", "scheinbarerwiderstand")},
    "ohm": {name: "resistance" for name in ("res", "resist")},
    **velocities.BY_UNIT,
    "mV/V": {name: "apparent_chargeability" for name in ("m", "ma")},
}

# Spacings of which a header leaves open whether they are full or half.
OPEN = ("spacing", "potential_spacing")
# What the apparent resistivity is computed from, and compared with where it is given itself.
INGREDIENTS = ("geometric_factor", "resistance", "voltage", "current")
# What may be measured several times in a row of a sheet.
REPEATABLE = ("apparent_resistivity", "resistance", "voltage", "current")

# Words that may stand beside the symbol of a spacing, as in ``Half current electrode spacing (AB/2)``.
HALF = {"half", "semi", "demi", "halber", "halbe", "1/2", "media", "meia", "mezza", "半"}
CURRENT = {"current", "courant", "corriente", "corrente", "供电"}
POTENTIAL = {"potential", "potentiel", "potencial", "potenziale", "测量"}
SPACING = {
    "spacing", "spacings", "separation", "distance", "dist", "espacement", "ecartement", "separacion", "distancia",
    "espaciamiento", "espacamento", "distanza", "abstand", "elektrodenabstand", "极距", "供电极距",
    "供电电极距", "供电半极距", "测量极距", "测量电极距", "测量半极距", "разнос",
}  # fmt: skip
ELECTRODE = {
    "electrode", "electrodes", "electrodos", "electrodo", "eletrodos", "eletrodo", "elettrodi", "elektroden", "wenner",
    "schlumberger", "of", "in", "the", "between", "de", "des", "entre", "l", "s",
}  # fmt: skip

# Headers that count the readings.
COUNTERS = {
    "no", "n", "nr", "num", "number", "sn", "sno", "slno", "srno", "serial", "serialno", "ndeg", "id", "index", "idx",
    "reading", "readings", "readingno", "pointno", "row", "count", "lfdnr", "item", "序号", "编号", "пп", "",
}  # fmt: skip
# Words in headers of what was written down beside the readings.
REMARKS = {
    "remark", "remarks", "note", "notes", "comment", "comments", "remarque", "remarques", "commentaire",
    "commentaires", "bemerkung", "bemerkungen", "observaciones", "observacoes", "comentario", "comentarios", "nota",
    "notas", "备注", "примечание", "примечания",
}  # fmt: skip
# Words in headers of numbers that are no apparent resistivity.
OTHERS = REMARKS | {
    "sp", "ip", "time", "date", "depth", "pseudodepth", "temp", "temperature", "stack", "stacks", "dev", "deviation",
    "q", "rms", "error", "e", "lat", "lon", "long", "latitude", "longitude", "conductivity", "chargeability",
    "azimuth", "mn", "mn/2", "mn2", "calc", "calculated", "model", "modelled", "fit", "fitted", "thickness",
    "battery", "gain", "zone", "year", "month", "day", "hour", "datum", "value", "values", "data", "result", "factor",
    "facteur", "faktor", "fator", "fattore", "const", "constant", "constante", "costante", "konstante", "coefficient",
    "coeff", "coef", "coeficiente", "coefficiente", "koeffizient", "系数", "коэффициент", "cycle", "cycles",
    "amplitude", "layer", "layers", "code", "sum", "total", "average", "avg", "mean", "median", "moyenne", "promedio",
    "mittelwert", "self", "spontaneous", "noise", "contact",
}  # fmt: skip

# Spelling -> (unit, factor that leads to it).
UNITS = {
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres", "mts", "mtrs", "metros", "м", "米"), ("m", 1.0)),
    **dict.fromkeys(("ft", "feet", "foot"), ("m", 0.3048)),
    **dict.fromkeys(("in", "inch", "inches"), ("m", 0.0254)),
    **dict.fromkeys(("yd", "yard", "yards"), ("m", 0.9144)),
    **dict.fromkeys(("mm", "мм", "毫米"), ("m", 0.001)),
    **dict.fromkeys(("cm", "см", "厘米"), ("m", 0.01)),
    **dict.fromkeys(("km", "км"), ("m", 1000.0)),
    **dict.fromkeys(
        ("ohmm", "ohmsm", "ohmmeter", "ohmmetre", "ohmmeters", "ohmmetres", "ohmsmeter", "ohmsmetre", "ohmmt", "ohmmts",
         "омм", "ohmм", "欧姆米", "欧米", "ohm米"),
        ("ohm m", 1.0),
    ),
    **dict.fromkeys(("ohmft", "ohmsft", "ohmfeet", "ohmsfeet", "ohmfoot"), ("ohm m", 0.3048)),
    **dict.fromkeys(("ohmcm", "ohmscm", "омсм"), ("ohm m", 0.01)),
    **dict.fromkeys(("kohmm", "kohmsm", "kohmmeter", "kohmmetre", "kiloohmm"), ("ohm m", 1000.0)),
    **dict.fromkeys(("ohm", "ohms", "ом", "欧姆", "mv/ma", "v/a"), ("ohm", 1.0)),
    **dict.fromkeys(("mohm", "mohms", "milliohm", "milliohms", "mv/a"), ("ohm", 1e-3)),
    **dict.fromkeys(("kohm", "kohms", "kiloohm", "v/ma"), ("ohm", 1e3)),
    **dict.fromkeys(("v", "volt", "volts"), ("V", 1.0)),
    **dict.fromkeys(("mv", "millivolt", "millivolts", "мв", "毫伏"), ("V", 1e-3)),
    # The micro sign is folded to the Greek letter.
    **dict.fromkeys(("uv", "\u03bcv", "microvolt", "microvolts"), ("V", 1e-6)),
    **dict.fromkeys(("a", "amp", "amps", "ampere", "amperes"), ("A", 1.0)),
    **dict.fromkeys(("ma", "milliamp", "milliamps", "milliampere", "мa", "毫安"), ("A", 1e-3)),
    **dict.fromkeys(("ua", "\u03bca", "microamp", "microamps", "microampere"), ("A", 1e-6)),
    **dict.fromkeys(("s", "sec", "second", "seconds"), ("s", 1.0)),
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), ("s", 1e-3)),
    **dict.fromkeys(("m/s", "m/sec", "mps", "meter/second", "meters/second", "米/秒", "м/с"), ("m/s", 1.0)),
    **dict.fromkeys(("km/s", "km/sec", "kmps", "kps", "км/с"), ("m/s", 1e3)),
    **dict.fromkeys(("s/m", "sec/m"), ("s/m", 1.0)),
    **dict.fromkeys(("s/km", "sec/km"), ("s/m", 1e-3)),
    "ms/m": ("s/m", 1e-3),
    "hz": ("Hz", 1.0),
    "khz": ("Hz", 1000.0),
    **dict.fromkeys(("deg", "degree", "degrees"), ("degree", 1.0)),
    "rad": ("degree", 57.29577951308232),
    "mrad": ("degree", 0.05729577951308232),
    "mv/v": ("mV/V", 1.0),
    "v/v": ("mV/V", 1000.0),
    **dict.fromkeys(("%", "percent", "pct"), ("relative", 0.01)),
    **dict.fromkeys(("relative", "rel", "fraction"), ("relative", 1.0)),
}  # fmt: skip
# Units of one letter that is a symbol as well: units only after this quantity.
SYMBOLS = {"a": "current", "v": "voltage"}

# Header's word -> base of the logarithm; None where it leaves that open.
LOGARITHMS = {"log10": 10.0, "lg": 10.0, "ln": math.e, "log": None}

ERROR_WORDS = {
    "std", "stdev", "stddev", "sd", "sigma", "err", "error", "errors", "uncertainty", "erreur", "fehler", "erro",
    "误差",
}  # fmt: skip
STANDARD_DEVIATION = {"std", "stdev", "stddev", "sd", "sigma"}
# That a quantity was measured says nothing new of it.
MEASURED = {"measured", "observed", "obs", "field"}
FILLERS = {"in", "of", "on"}
# Words beside a quantity on how its values were had, without accents: of several, of one of them, or their limits.
MEANS = {
    "mean", "average", "averaged", "avg", "aver", "ave", "moyenne", "moyen", "moy", "mittel", "mittelwert", "mittlerer",
    "media", "medio", "promedio", "medie", "平均", "平均值", "среднее", "средняя", "средн",
}  # fmt: skip
# What heads a row below the readings that is computed from them.
SUMMARIES = MEANS | {
    "sum", "total", "totals", "median", "count", "std", "stdev", "sd", "min", "max", "minimum", "maximum", "summe",
    "gesamt", "somme", "ecart", "suma", "soma", "somma", "desviacion", "итого", "合计", "总计",
}  # fmt: skip
BOUNDS = {"min", "max", "minimum", "maximum", "lower", "upper", "最小", "最大", "最小值", "最大值", "мин", "макс"}
QUALIFIERS = {
    "forward", "reverse", "backward", "fwd", "rev", "normal", "reciprocal", "direct", "inverse", "directo", "inverso",
    "ida", "vuelta", "volta", "aller", "retour", "hin", "ruck", "vorwarts", "ruckwarts", "raw", "original", "brut",
    "brute", "bruto", "bruta", "crudo", "cruda", "roh", "corrected", "uncorrected", "corr", "corrige", "corrigee",
    "corregido", "corregida", "corrigido", "corrigida", "corretto", "corretta", "korrigiert", "korrigierter",
    "smoothed", "smooth", "lisse", "lissee", "suavizado", "suavizada", "geglattet", "geglatteter", "filtered",
    "edited", "final", "old", "new", "before", "after", "正向", "反向", "校正", "改正", "原始", "平滑",
}  # fmt: skip
