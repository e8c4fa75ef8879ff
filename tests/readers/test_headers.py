"""Headers as users spell them."""

import pytest

from bpinvert.readers.headers import other_quantity, read_header, sounding_label
from bpinvert.readers.spellings import UNITS


@pytest.mark.parametrize(
    "header, name, unit",
    [
        ("AB/2", "ab2", ""),
        ("ab2_m", "ab2", "m"),
        ("L/2 (m)", "ab2", "m"),
        ("AB", "ab", ""),
        ("MN [m]", "mn", "m"),
        ("MN/2", "mn2", ""),
        ("ρa", "apparent_resistivity", ""),
        ("ρₐ (Ω·m)", "apparent_resistivity", "ohm m"),
        ("rhoa_ohmm", "apparent_resistivity", "ohm m"),
        ("rho_a", "apparent_resistivity", ""),
        ("App. Res. (Ohm m)", "apparent_resistivity", "ohm m"),
        ("period_s", "period", "s"),
        ("Apparent resistivity (ohm-m)", "apparent_resistivity", "ohm m"),
        ("Frequency (Hz)", "frequency", "Hz"),
        ("phase_deg", "phase", "degree"),
        ("VES No", "sounding", ""),
        ("AB / 2 (m)", "ab2", "m"),
        ("½ AB", "ab2", ""),
        ("AB/2[cm]", "ab2", "cm"),
        ("AB/2 (km)", "ab2", "km"),
        ("AB/2 (ft)", "ab2", "ft"),
        ("AB/2 (in)", "ab2", "in"),
        ("Half current electrode spacing, AB/2 (m)", "ab2", "m"),
        ("Half electrode spacing (m)", "ab2", "m"),
        ("Current electrode separation AB (m)", "ab", "m"),
        ("Potential electrode distance (MN)", "mn", ""),
        ("Electrode spacing a (m)", "a", "m"),
        ("Electrode spacing (m)", "spacing", "m"),
        ("L", "spacing", ""),
        ("供电极距 AB/2(m)", "ab2", "m"),
        ("供电极距(米)", "spacing", "m"),
        ("测量极距", "potential_spacing", ""),
        ("ρs(Ω·m)", "apparent_resistivity", "ohm m"),
        ("ρк, Ом·м", "apparent_resistivity", "ohm m"),
        ("ρk", "apparent_resistivity", ""),
        ("Apparent resistivity ρa [Ωm]", "apparent_resistivity", "ohm m"),
        ("rhoa ohm.m", "apparent_resistivity", "ohm m"),
        ("Pa (Ω-m)", "apparent_resistivity", "ohm m"),
        ("R (ohm m)", "apparent_resistivity", "ohm m"),
        ("Résistivité apparente (Ohm.m)", "apparent_resistivity", "ohm m"),
        ("Resistividad aparente", "apparent_resistivity", ""),
        ("Field apparent resistivity (ohm-m)", "apparent_resistivity", "ohm m"),
        ("rhoa (measured)", "apparent_resistivity", ""),
        ("Resistividade Aparente (ohm.m)", "apparent_resistivity", "ohm m"),
        ("Resistività apparente", "apparent_resistivity", ""),
        ("Scheinbarer spez. Widerstand [Ωm]", "apparent_resistivity", "ohm m"),
        ("视电阻率(Ω·m)", "apparent_resistivity", "ohm m"),
        ("Кажущееся сопротивление, Ом·м", "apparent_resistivity", "ohm m"),
        ("K", "geometric_factor", ""),
        ("Geometric factor K (m)", "geometric_factor", "m"),
        ("Geometric constant", "geometric_factor", ""),
        ("Geom. const. (m)", "geometric_factor", "m"),
        ("G.F.", "geometric_factor", ""),
        ("K值", "geometric_factor", ""),
        ("ΔV (mV)", "voltage", "mV"),
        ("V (V)", "voltage", "V"),
        ("U", "voltage", ""),
        ("I (mA)", "current", "mA"),
        ("I (A)", "current", "A"),
        ("V/I", "resistance", ""),
        ("V/I (mV/A)", "resistance", "mv/a"),
        ("R (Ω)", "resistance", "ohm"),
        ("R (kΩ)", "resistance", "kohm"),
        ("R (mohm)", "resistance", "mohm"),
        ("AB/2 / m", "ab2", "m"),
        ("ρs/Ωm", "apparent_resistivity", "ohm m"),
        ("U/mV", "voltage", "mV"),
        ("I/A", "current", "A"),
    ],
)
def test_headers_in_users_spelling_are_understood(header, name, unit):
    column = read_header(header)
    assert (column.name, (column.unit, column.factor)) == (name, UNITS.get(unit.lower().replace(" ", ""), ("", 1.0)))
    assert (column.log, column.error, column.number) == ("", False, None)


@pytest.mark.parametrize(
    "header",
    ["AB/2 (rod)", "rhoa calc", "R (MΩ)", "mV", "No", "VES 1", "true resistivity", "pa"],
)
def test_headers_of_other_things_are_not_taken_for_a_quantity(header):
    assert read_header(header) is None


def test_a_trailing_number_tells_repeats_apart():
    found = [read_header(header) for header in ("R1", "R_2 (ohm)", "R.3", "rhoa 4 (ohm m)", "V12 (mV)")]
    assert [column.number for column in found] == [1, 2, 3, 4, 12]
    assert [column.name for column in found] == ["resistance"] * 3 + ["apparent_resistivity", "voltage"]


@pytest.mark.parametrize(
    "header, label",
    [
        ("VES 1 rhoa (ohm m)", "VES 1"),
        ("rhoa_SE3", "SE3"),
        ("App. Res. P12 (ohm m)", "P12"),
        ("VES 2 - log10 rhoa", "VES 2"),
        ("rhoa 2", None),
        ("rhoa MN=0.5", None),
        ("rhoa model 2", None),
        ("VES 1", None),
        ("VES 1 std rhoa", None),
    ],
)
def test_a_header_of_a_soundings_own_resistivity_is_taken_apart(header, label):
    assert (sounding_label(header) or (None,))[0] == label


@pytest.mark.parametrize(
    "header",
    [
        *("No", "#", "S/N", "N°", "№", "Sr. No.", "序号", "Unnamed: 0", "SP (mV)", "depth", "mA", "K", "R (sq)"),
        *("Const.", "Constante", "Facteur", "Coefficient", "系数", "Cycles", "Amplitude", "Layer", "Code", "Sum"),
        *("Average", "Mean", "Factor", "VES1 (yd)", "rejected", "Array"),
    ],
)
def test_counters_and_other_quantities_are_no_soundings(header):
    assert other_quantity(header)


@pytest.mark.parametrize("header", ["SE1", "SE 2 (ohm.m)", "Site A", "S1", "Gbalo", "12"])
def test_names_of_soundings_are_no_other_quantity(header):
    assert not other_quantity(header)


def test_long_sentences_are_no_headers_and_cost_no_time():
    assert read_header("rho " * 5000) is None
