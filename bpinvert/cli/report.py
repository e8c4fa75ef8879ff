"""Results as a workbook: layers, soundings and readings as tables that can be pasted into a report."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import numpy as np
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from bpinvert.cli.layers import (
    DERIVED,
    ENDS,
    combined,
    cover,
    derived,
    flags,
    intervals,
    layer_units,
    layers,
    sampling,
    velocities,
)
from bpinvert.results import sounding_name
from bpinvert.storage import replacing
from bpinvert.wording import SYMBOLS, UNITS

_UNITS = UNITS | {"ohm m2": "Ω·m²"}
_NAMES = {
    "resistivity": "ρ", "thickness": "h", "depth": "depth to the bottom", "elevation_top": "elevation of the top",
    "elevation_bottom": "elevation of the bottom", "longitudinal_conductance": "S = h/ρ",
    "transverse_resistance": "T = h·ρ", "ab2": "AB/2", "mn2": "MN/2", "vs": "Vs", "vp": "Vp",
    "chargeability": "m", **SYMBOLS,
}  # fmt: skip
# How a column is shown, else a number format of Excel; the file holds all digits.
_THREE_DIGITS, _AS_GIVEN, _TEXT, _PARAGRAPH = "three digits", "as given", "text", "paragraph"
_WIDEST_HEADER, _WIDEST, _WIDEST_PARAGRAPH = 16, 60, 90
# As many characters of a number are shown as given; of a longer one five digits, e.g. of a period 1/30 Hz.
_LONGEST_NUMBER = 12
# Columns are {name: (header, how it is shown)}; these come first in every worksheet.
_WHERE = {"sheet": ("sheet", _TEXT), "sounding": ("sounding", _TEXT)}
_BOLD, _LINE = Font(bold=True), Border(bottom=Side("thin"))
_TOP, _WRAPPED = Alignment(vertical="top"), Alignment(vertical="top", wrap_text=True)
_FLAGGED = PatternFill("solid", start_color="FFF2B8A0", end_color="FFF2B8A0")


@dataclass(frozen=True)
class Row:
    """Values by the name of their column; a total is set off from the rows above it."""

    values: dict
    flagged: bool = False
    total: bool = False


def write_workbook(results: list, path) -> None:
    """The worksheets "models", "soundings" and "readings" of all results, complete or not at all.

    Numbers are numbers; what is infinite or not known is an empty cell, so that every column can be calculated with.
    Flagged soundings are coloured in the first two.
    """
    places = [(result, k) for result in results for k in range(result.sizes["sounding"])]
    book = Workbook()
    book.remove(book.active)
    legend = _legend(results)
    for title, describe, columns, note in (
        ("models", _models, _model_columns(results), legend),
        ("soundings", _sounding, _SOUNDING, legend),
        ("readings", _readings, _reading_columns(results), None),
    ):
        rows = [row for result, k in places for row in describe(result, k)]
        _write(book.create_sheet(title), columns, rows, note)
    with replacing(path) as temporary:
        book.save(temporary)


def _place(result, k):
    return {"sheet": str(result["sheet"].values[k]), "sounding": sounding_name(result, k)}


def _label(name, units, of=""):
    name, unit = _NAMES.get(name, name.replace("_", " ")) + of, _UNITS.get(units, units)
    return f"{name} ({unit})" if unit else name


def _model_columns(results):
    columns = _WHERE | {"layer": ("layer", _TEXT)}
    for name, units in (layer_units(results) | DERIVED).items():
        columns[name] = (_label(name, units), "0.00" if name.startswith("elevation") else _THREE_DIGITS)
        for end, level in ENDS.items():
            columns[f"{name}_{end}"] = (_label(name, units, f" {100 * level:.0f} %"), _THREE_DIGITS)
    return columns


def _models(result, k):
    """A row for each layer, and the total of those above the half-space."""
    columns = layers(result, k) | derived(result, k)
    for name, pairs in intervals(result, k).items():
        columns |= {f"{name}_{end}": column for end, column in zip(ENDS, zip(*pairs, strict=True), strict=True)}
    n, flagged = len(columns["depth"]), bool(flags(result, k))
    for i in range(n):
        layer = i + 1 if i < n - 1 else f"{n} (half-space)"
        yield Row(_place(result, k) | {"layer": layer} | {name: c[i] for name, c in columns.items()}, flagged)
    if n > 1:
        yield Row(_place(result, k) | {"layer": "total above half-space"} | cover(result, k), flagged, total=True)
    if not n:
        yield Row(_place(result, k) | {"layer": "not inverted"}, flagged)


_SOUNDING = {
    **_WHERE,
    "line": ("line", _TEXT),
    "x": ("x (m)", _AS_GIVEN),
    "y": ("y (m)", _AS_GIVEN),
    "elevation": ("elevation (m)", _AS_GIVEN),
    "height": ("height (m)", _AS_GIVEN),
    "used": ("readings used", "0"),
    "read": ("readings read", "0"),
    "n_layers": ("layers", "0"),
    "layer_probability": ("probability of so many layers (%)", _THREE_DIGITS),
    "thickness": ("h above the half-space (m)", _THREE_DIGITS),
    "longitudinal_conductance": ("S above the half-space (S)", _THREE_DIGITS),
    "conductance_q05": ("S 5 % (S)", _THREE_DIGITS),
    "conductance_q95": ("S 95 % (S)", _THREE_DIGITS),
    "transverse_resistance": ("T above the half-space (Ω·m²)", _THREE_DIGITS),
    "transverse_resistance_q05": ("T 5 % (Ω·m²)", _THREE_DIGITS),
    "transverse_resistance_q95": ("T 95 % (Ω·m²)", _THREE_DIGITS),
    "vs30": ("Vs30 (m/s)", _THREE_DIGITS),
    "vs30_q05": ("Vs30 5 % (m/s)", _THREE_DIGITS),
    "vs30_q95": ("Vs30 95 % (m/s)", _THREE_DIGITS),
    "half_wavelength": ("half the longest wavelength (m)", _THREE_DIGITS),
    "chi2": ("chi²/N", _THREE_DIGITS),
    "rrms": ("rrms (%)", _THREE_DIGITS),
    "noise_estimate": ("noise estimate (%)", _THREE_DIGITS),
    "flagged": ("flagged", _TEXT),
    "checks": ("by the checks", _TEXT),
    "p_joint": ("p, all checks", _THREE_DIGITS),
    "ess": ("effective sample size", "0"),
    "pareto_k": ("Pareto k̂", "0.00"),
    "picture": ("picture", _TEXT),
    "explanation": ("explanation", _PARAGRAPH),
}


def _sounding(result, k):
    """The one row of a sounding."""
    one, checks = result.isel(sounding=k), flags(result, k)
    measured = [*json.loads(result.attrs["quantities"]), *_coordinates(result)]
    values = {
        name: one[name].item()
        for name in ("line", "x", "y", "elevation", "height", "n_layers", "picture", "explanation")
        if name in one
    }
    values |= {name: float(one[name]) for name in ("chi2", "rrms", "p_joint")}
    values |= sampling(result, k) | velocities(result, k)
    if "layer_probability" in values:
        values["layer_probability"] *= 100
    for name, ends in combined(result, k).items():
        values |= {f"{name}_{end}": value for end, value in zip(ENDS, ends, strict=True)}
    values["noise_estimate"] = 100 * float(one["noise_estimate"])
    values["used"] = int(one["used"].sum())
    values["read"] = int(np.any([_is_there(one[name].values) for name in measured], axis=0).sum())
    values |= {"flagged": "yes" if checks else "no", "checks": ", ".join(checks)}
    return [Row(_place(result, k) | cover(result, k) | values, bool(checks))]


def _coordinates(result):
    """Names of what tells the readings of a result apart, such as ab2 and mn2."""
    quantities = json.loads(result.attrs["quantities"])
    other = {"used", "reading_outside", "segment_shift"}
    other |= {pattern.format(q) for q in quantities for pattern in ("{}", "{}_std", "predicted_{}", "residual_{}")}
    return [
        str(name) for name in result.data_vars if result[name].dims == ("sounding", "reading") and name not in other
    ]


def _reading_columns(results):
    columns = dict(_WHERE)
    for result in results:
        columns |= {name: (_label(name, result[name].attrs["units"]), _AS_GIVEN) for name in _coordinates(result)}
    for result in results:
        for quantity in json.loads(result.attrs["quantities"]):
            units = result[quantity].attrs["units"]
            label = _NAMES.get(quantity, quantity.replace("_", " "))
            columns[quantity] = (_label(f"{label} observed", units), _AS_GIVEN)
            columns[f"predicted_{quantity}"] = (_label(f"{label} predicted", units), _THREE_DIGITS)
            columns[f"residual_{quantity}"] = (f"{label} residual (σ)", "0.00")
    return columns | {"used": ("used", _TEXT), "segment_shift": ("segment shift (factor)", "0.000")}


def _readings(result, k):
    """A row for each reading; in a padded one nothing was measured."""
    one, names = result.isel(sounding=k), _coordinates(result)
    quantities = json.loads(result.attrs["quantities"])
    measured = [*names, *quantities]
    names += [pattern.format(q) for q in quantities for pattern in ("{}", "predicted_{}", "residual_{}")]
    names += ["segment_shift"] * ("segment_shift" in one)
    arrays = {name: one[name].values for name in names}
    there = np.any([_is_there(arrays[name]) for name in measured], axis=0)
    for i in np.flatnonzero(there):
        used = "yes" if bool(one["used"].values[i]) else "no"
        values = {name: float(a[i]) if a.dtype.kind == "f" else str(a[i]) for name, a in arrays.items()}
        yield Row(_place(result, k) | values | {"used": used})


def _is_there(values):
    """Where a number or a word is given."""
    return np.isfinite(values) if values.dtype.kind == "f" else np.array([bool(value) for value in values])


def _legend(results):
    if not any(flags(result, k) for result in results for k in range(result.sizes["sounding"])):
        return None
    rate = max(result.attrs["false_alarm_rate"] for result in results)
    return f"coloured: flagged; fewer than {100 * rate:g} in 100 soundings drawn from the prior look as strange"


def _write(sheet, columns, rows, note):
    """Header and rows, without the columns that no row has; below them the note, if any."""
    columns = {name: column for name, column in columns.items() if any(name in row.values for row in rows)}
    paragraphs = any(kind == _PARAGRAPH for _, kind in columns.values())
    sheet.freeze_panes = "A2"
    for j, (name, (header, kind)) in enumerate(columns.items(), 1):
        _put(sheet.cell(1, j), header).font = _BOLD
        sheet.cell(1, j).alignment = _WRAPPED
        width = min(len(header), _WIDEST_HEADER)
        for i, row in enumerate(rows, 2):
            cell = _put(sheet.cell(i, j), row.values.get(name))
            width = max(width, _shown(cell, kind))
            if paragraphs:
                cell.alignment = _WRAPPED if kind == _PARAGRAPH else _TOP
            if row.flagged:
                cell.fill = _FLAGGED
            if row.total:
                cell.font, cell.border = _BOLD, _LINE
        widest = _WIDEST_PARAGRAPH if kind == _PARAGRAPH else _WIDEST
        sheet.column_dimensions[get_column_letter(j)].width = min(width + 2, widest)
    if note:
        _put(sheet.cell(len(rows) + 3, 1), note).fill = _FLAGGED


def _put(cell, value):
    """The cell with a number, a text that is never taken for a formula, or nothing."""
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value) or None
        if cell.value:
            cell.data_type = "s"
    elif value is not None and math.isfinite(value):
        cell.value = value
    return cell


def _shown(cell, kind):
    """Give a number its format; how many characters the cell then shows."""
    if not isinstance(cell.value, int | float):
        return len(cell.value or "")
    given = f"{cell.value:.15g}"
    if kind == _TEXT or (kind == _AS_GIVEN and len(given) <= _LONGEST_NUMBER):
        return len(given)
    if kind in (_THREE_DIGITS, _AS_GIVEN):
        kind = number_format(cell.value, 3 if kind == _THREE_DIGITS else 5)
    cell.number_format = kind
    return len(f"{cell.value:.0f}") + len(kind) - 1


def number_format(value: float, n: int) -> str:
    """The format of Excel that shows `n` digits, and all of those before the point."""
    decimals = n - 1 - math.floor(math.log10(abs(value))) if value else 0
    if decimals > n + 3:
        return f"0.{'0' * (n - 1)}E+00"
    return "0." + "0" * decimals if decimals > 0 else "0"
