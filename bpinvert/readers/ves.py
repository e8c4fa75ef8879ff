"""Resistivity soundings from a table: AB/2 (or Wenner's a), MN/2 where given, apparent resistivity, error."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bpinvert.readers.arrays import refuse_dipoles, refuse_named_arrays, refuse_other_lengths
from bpinvert.readers.by_column import one_row_per_reading
from bpinvert.readers.by_mn import one_row_per_mn
from bpinvert.readers.contradictions import find_contradictions
from bpinvert.readers.electrodes import refuse_geometric_factors
from bpinvert.readers.headers import unit_of
from bpinvert.readers.jumps import report_jumps
from bpinvert.readers.masks import mask_rows
from bpinvert.readers.observed import observed
from bpinvert.readers.preamble import mn_said
from bpinvert.readers.qualifiers import without_qualifiers
from bpinvert.readers.quantities import SPACINGS
from bpinvert.readers.resistance import apparent_resistivity
from bpinvert.readers.restarts import split_restarts
from bpinvert.readers.sheet import Sheet
from bpinvert.readers.spellings import INGREDIENTS, OPEN
from bpinvert.readers.table import Table
from bpinvert.readers.thousands import doubt_thousands

WANTED = (*SPACINGS, "apparent_resistivity", *INGREDIENTS, *OPEN)
# mV/V; in V/V nearly all soundings stay below the first, and over a layered earth none reaches the second.
_SMALL, _WHOLE = 0.5, 1000.0


def read(table: Table, method: str = "ves") -> xr.Dataset:
    """The soundings in `table`; readings that repeat an AB/2 with another MN are all kept.

    With method "ip" the sheet has the apparent chargeability as well.
    """
    wanted = (*WANTED, "apparent_chargeability") if method == "ip" else WANTED
    sheet = Sheet(one_row_per_reading(one_row_per_mn(without_qualifiers(table))), wanted)
    _refuse_open_spacings(sheet)
    refuse_dipoles(sheet)
    refuse_other_lengths(sheet)
    sheet.require("a resistivity sounding", ("ab2", "ab", "a"), ("apparent_resistivity", "resistance", "voltage"))
    if method == "ip":
        _require_chargeability(sheet)
    coordinates = _schlumberger(sheet) if "ab2" in sheet or "ab" in sheet else {"a": sheet.values("a")}
    refuse_named_arrays(sheet, coordinates)
    split_restarts(sheet, coordinates)
    mask_rows(sheet)
    data = {"apparent_resistivity": apparent_resistivity(sheet, coordinates)}
    doubt_thousands(sheet)
    find_contradictions(sheet, coordinates, data["apparent_resistivity"])
    refuse_geometric_factors(sheet, coordinates, data["apparent_resistivity"])
    report_jumps(sheet, coordinates, data["apparent_resistivity"])
    if method == "ip":
        data["apparent_chargeability"] = sheet.values("apparent_chargeability")
        _doubt_chargeability(sheet, data["apparent_chargeability"])
    return observed(sheet, method, coordinates, data, positive=("apparent_resistivity",))


def _require_chargeability(sheet):
    """Raise where it is missing, or its unit is not stated: between mV/V, % and V/V lie factors of 10 and 100."""
    sheet.require("an IP sounding", ("apparent_chargeability",))
    column = sheet.columns("apparent_chargeability")[0]
    if column.unit == "s":
        raise ValueError(
            f"{sheet.table.place}, column {column.header!r} is an integral over the decay, in s or ms; apparent "
            "chargeability must be in mV/V, V/V or %. Divide the column by the length of the window, as ms by s gives "
            "mV/V, and correct the header."
        )
    if not column.unit:
        raise ValueError(
            f"{sheet.table.place}, column {column.header!r} gives no unit of the apparent chargeability; write (mV/V), "
            f"(V/V) or (%) in the header, or say it with columns={{{column.header!r}: 'chargeability (mV/V)'}}."
        )


def _doubt_chargeability(sheet, chargeability):
    """Doubt soundings whose chargeabilities are all as small as in V/V, or larger than those of any ground."""
    for name in dict.fromkeys(sheet.soundings.tolist()):
        known = chargeability[(sheet.soundings == name) & np.isfinite(chargeability)]
        if known.size and known.any() and np.abs(known).max() < _SMALL:
            mistake = f"All its apparent chargeability is below {_SMALL:g} mV/V, as where V/V stand under another unit."
        elif known.size and known.max() >= _WHOLE:
            mistake = f"Its apparent chargeability reaches {known.max():g} mV/V; of any ground it is below {_WHOLE:g}."
        else:
            continue
        sheet.doubt(name, mistake)
        sheet.report.append(f"{name}: {mistake} Nothing was changed.")


def _refuse_open_spacings(sheet):
    """Raise where a needed spacing may be the full or the half one: a factor of two is not guessed."""
    for name, spacings, choice in (
        ("spacing", ("ab2", "ab", "a"), "AB/2, AB or Wenner's a"),
        ("potential_spacing", ("mn2", "mn", "a"), "MN/2 or MN"),
    ):
        if name in sheet and not any(spacing in sheet for spacing in spacings):
            header = sheet.columns(name)[0].header
            raise ValueError(
                f"{sheet.table.place}, column {header!r} does not say whether it holds {choice}; write that in the "
                f"header, or say it with columns={{{header!r}: '{choice.split(',')[0].split(' or')[0]} (m)'}}."
            )


def _schlumberger(sheet):
    ab_name, ab2 = _half(sheet, "ab2", "ab")
    mn_name, mn2 = _half(sheet, "mn2", "mn")
    where = sheet.table.place
    if mn2 is None:
        where, mn2 = _mn_said(sheet, ab_name)
    if mn2 is None:
        sheet.report.append("MN is not given; the potential electrodes count as a point.")
        return {"ab2": ab2}
    if np.isnan(mn2).all() and not sheet.faults:
        sheet.report.append("The column of MN is empty; the potential electrodes count as a point.")
        return {"ab2": ab2}
    mn2 = _continued(sheet, mn2)
    for row in np.flatnonzero((mn2 >= ab2) & (ab2 > 0)):
        sheet.faults.setdefault(
            int(row),
            f"{sheet.where(row, mn_name) if mn_name else where} gives MN/2 = {mn2[row]:g} m at AB/2 = {ab2[row]:g} m; "
            f"MN must be smaller than AB. Correct the cell, or the header where the column holds "
            f"{'MN/2' if mn_name == 'mn' else 'MN'} or its neighbour {'AB/2' if ab_name == 'ab' else 'AB'}.",
        )
    return {"ab2": ab2, "mn2": mn2}


def _mn_said(sheet, ab_name):
    """(Where, MN/2 of every reading) of an MN that a title gives, in its unit or else that of AB; None without."""
    said = {where: found for where, text in sheet.table.said if (found := mn_said(text))}
    if len(set(said.values())) != 1:
        return "", None
    where, (mn2, unit) = next(iter(said.items()))
    factor = unit_of(unit)[1] if unit else sheet.columns(ab_name)[0].factor
    sheet.report.append(f"MN/2 = {mn2 * factor:g} m was taken for all readings, as {where} says.")
    return f"{sheet.table.place}, {where}", np.full(len(sheet), mn2 * factor)


def _continued(sheet, mn2):
    """MN/2 where a sheet writes it once for several readings: empty cells hold what stands above them."""
    key = next((key for key in ("sounding", "name") if key in sheet), None)
    names = sheet.texts(key) if key else [""] * len(mn2)
    filled, n = mn2.copy(), 0
    for row in range(1, len(mn2)):
        same = names[row] in ("", names[row - 1])
        if same and np.isnan(mn2[row]) and row not in sheet.faults and np.isfinite(filled[row - 1]):
            filled[row] = filled[row - 1]
            n += 1
    if n:
        sheet.report.append(f"MN is empty for {n} readings; they were taken with the MN of the reading above.")
    return filled


def _half(sheet, half, full):
    """Which of the two headers there is, and the half spacing."""
    if half in sheet:
        return half, sheet.values(half)
    if full in sheet:
        values = sheet.values(full) / 2
        sheet.report.append(f"{full.upper()} is the full spacing; it was halved to {full.upper()}/2.")
        return full, values
    return None, None
