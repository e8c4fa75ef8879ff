"""A profile of quadrupoles as soundings: those of one array around one midpoint."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bpinvert.readers.headers import NOT_USED, read_header, unit_of
from bpinvert.readers.observed import FEWEST, LONG_NAME
from bpinvert.readers.quadrupoles import along_line, commonest_array, geometric_factor
from bpinvert.readers.quantities import UNIT, WORD
from bpinvert.readers.table import listed
from bpinvert.readers.unified import Quadrupoles

# Midpoints closer than this share of the shortest spacing are one.
_SAME_MIDDLE = 0.05
_QUANTITIES = {"rhoa": "apparent_resistivity", "r": "resistance", "u": "voltage", "i": "current",
               "k": "geometric_factor", "ip": "apparent_chargeability"}  # fmt: skip


def soundings(found: Quadrupoles, columns: dict[str, str]) -> xr.Dataset:
    """Midpoints × readings with ρa in Ω·m, apparent chargeability in mV/V, and the spacings of their array.

    Parameters
    ----------
    found : Quadrupoles
    columns : dict of str to str
        What tokens of the file mean, or "not used".

    Raises
    ------
    ValueError
        If the chargeability is missing or its unit is not known, nothing gives the apparent resistivity, the
        electrodes lie on no line, or no four of them are an array that is known.
    """
    report = []
    stated = _stated(found, columns)
    line = along_line(found.positions)
    places = np.append(np.inf, line)[found.electrodes]
    array, others = commonest_array(places)
    if array is None:
        raise ValueError(
            f"{found.file} has no four electrodes that are a Wenner, Schlumberger, dipole-dipole, pole-dipole or "
            "pole-pole array; soundings are made of those."
        )
    report.append(
        f"{len(array.chosen)} quadrupoles are of the array {array.name}; those of one midpoint are a sounding."
    )
    if others:
        report.append(
            f"{others} quadrupole{'s' * (others > 1)} of another array {'were' if others > 1 else 'was'} left out."
        )
    columns_of = _measured(found, stated, places, report)
    values = {**array.spacings, **{name: column[array.chosen] for name, column in columns_of.items()}}
    rows = found.rows[array.chosen]
    reasons = _reasons(values, rows, array, found, report)
    return _grouped(found, array, values, reasons, line, report)


def _stated(found, columns):
    """By token: (factor to the quantity's unit, whether it is stated), without those that are not used."""
    keys = {token.lower(): name for name, (token, _) in found.tokens.items()}
    unknown = [key for key in columns if key.lower() not in keys]
    if unknown:
        raise ValueError(
            f"columns names {unknown[0]!r}, but {found.file} has the columns "
            f"{', '.join(repr(token) for token, _ in found.tokens.values())}; write one as it stands in the file."
        )
    meant = {keys[key.lower()]: meaning for key, meaning in columns.items()}
    factors = {}
    for name, (token, unit) in found.tokens.items():
        if meant.get(name) == NOT_USED or name not in _QUANTITIES:
            continue
        wanted = UNIT[_QUANTITIES[name]]
        if name in meant:
            column = read_header(meant[name])
            word = WORD[_QUANTITIES[name]]
            if column is None or column.name != _QUANTITIES[name] or column.error or column.log:
                raise ValueError(
                    f"columns says that {token!r} means {meant[name]!r}, but in this format it is {word}; say its "
                    f"unit, as '{word} ({wanted})', or {NOT_USED!r}."
                )
            unit = wanted if column.unit else ""
            factor = column.factor
        else:
            factor = _factor(found, token, unit, wanted)
        if name == "ip" and not unit:
            raise ValueError(
                f"{found.file}, column {token!r} gives no unit. By the format it would be a phase in mrad, but "
                "time-domain files have mV/V there; say which with "
                f"columns={{{token!r}: 'apparent chargeability (mV/V)'}}, (V/V) or (%)."
            )
        factors[name] = factor
    if "ip" not in factors:
        raise ValueError(
            f"{found.file} has the columns {', '.join(repr(token) for token, _ in found.tokens.values())}; an IP "
            "sounding needs ip, the apparent chargeability. Add that column."
        )
    return factors


def _factor(found, token, unit, wanted):
    if not unit:
        return 1.0
    known = unit_of(unit) or (("ohm m", 1.0) if unit.lower() == "ohmmeter" else ("", 1.0))
    if wanted == "mV/V" and known[0] == "relative":
        known = ("mV/V", 1000 * known[1])
    if known[0] != wanted:
        reason = "; a phase or a frequency effect is no chargeability without the instrument's own factor" * (
            wanted == "mV/V"
        )
        raise ValueError(
            f"{found.file}, column {token!r} is given in {unit}; it must be in {wanted} or a multiple of it{reason}. "
            "Convert the column and correct its name."
        )
    return known[1]


@np.errstate(divide="ignore", invalid="ignore")
def _measured(found, factors, places, report):
    """ρa, apparent chargeability and their errors, each (n,)."""
    own = {name: found.columns[name] * factor for name, factor in factors.items()}
    factor = own.get("k", geometric_factor(places))
    whence = "k of the file" if "k" in own else "the factor of the electrodes over flat ground"
    if "rhoa" in own:
        rhoa = own["rhoa"]
    elif "r" in own or {"u", "i"} <= set(own):
        rhoa = factor * (own["r"] if "r" in own else own["u"] / own["i"])
        report.append(f"The apparent resistivity was computed as K·R, with {whence}.")
    else:
        raise ValueError(
            f"{found.file} has neither rhoa, r nor u and i, which the apparent resistivity could be had from."
        )
    chargeability = own["ip"]
    data = {"apparent_resistivity": rhoa, "apparent_chargeability": chargeability}
    data["apparent_resistivity_std"] = _error(found, "err", rhoa, factor, report)
    data["apparent_chargeability_std"] = np.full(len(rhoa), np.nan)
    if "iperr" in found.columns:
        data["apparent_chargeability_std"] = np.abs(found.columns["iperr"]) * factors["ip"]
        report.append("iperr was read as error of the apparent chargeability, in the unit of ip.")
    else:
        report.append("No errors of the apparent chargeability are given.")
    for name in ("apparent_resistivity_std", "apparent_chargeability_std"):
        data[name] = np.where(data[name] > 0, data[name], np.nan)
    return data


def _error(found, name, rhoa, factor, report):
    if name not in found.columns:
        report.append("No errors of the apparent resistivity are given.")
        return np.full(len(rhoa), np.nan)
    token, unit = found.tokens[name]
    error = found.columns[name]
    if unit.lower() in ("ohm", "ohms"):
        report.append(f"{token} was read as error of the resistance in ohm.")
        return np.abs(factor) * error
    if unit not in ("", "1", "%"):
        raise ValueError(f"{found.file}, column {token!r} is given in {unit}; it must be in 1, % or Ohm. Correct it.")
    if unit != "%" and np.nanmedian(error) > 1:
        raise ValueError(
            f"{found.file}, column {token!r} holds {np.nanmedian(error):g} in the median; by the format it is a "
            "fraction such as 0.03. Write err/% if it is in per cent."
        )
    report.append(f"{token} was read as relative error of the apparent resistivity.")
    return np.abs(rhoa) * error * (0.01 if unit == "%" else 1.0)


def _reasons(values, rows, array, found, report):
    """Which readings cannot be used; the report says why."""
    masked = np.zeros(len(rows), dtype=bool)
    if "valid" in found.columns:
        _say(masked, found.columns["valid"][array.chosen] == 0, rows, "are marked as not valid", report)
    rhoa, chargeability = values["apparent_resistivity"], values["apparent_chargeability"]
    _say(masked, ~(np.isfinite(rhoa) & (rhoa > 0)), rows, "have no positive apparent resistivity", report)
    lacking = ~np.isfinite(chargeability) & ~masked
    if lacking.any():
        report.append(
            f"Rows {listed(rows[lacking].tolist())} have no apparent chargeability; their apparent resistivity is used."
        )
    return masked


def _say(masked, bad, rows, what, report):
    new = bad & ~masked
    if new.any():
        report.append(f"Rows {listed(rows[new].tolist())} {what}; the readings are kept but not used.")
    masked |= new


def _grouped(found, array, values, masked, line, report):
    shortest = min(spacing.min() for name, spacing in array.spacings.items() if name != "n")
    by_middle = np.argsort(array.middle, kind="stable")
    new = np.diff(array.middle[by_middle], prepend=-np.inf) > _SAME_MIDDLE * shortest
    of = np.empty(len(by_middle), dtype=int)
    of[by_middle] = np.cumsum(new) - 1
    order = np.lexsort([*(array.spacings[name] for name in reversed(array.spacings)), of])
    groups = np.split(order, np.flatnonzero(np.diff(of[order])) + 1)
    shape = (len(groups), max(map(len, groups)))
    arrays = {name: np.full(shape, np.nan) for name in values}
    used = np.zeros(shape, dtype=bool)
    for i, group in enumerate(groups):
        for name, column in values.items():
            arrays[name][i, : len(group)] = column[group]
        used[i, : len(group)] = ~masked[group]
    middle = np.array([array.middle[group].mean() for group in groups])
    few = used.sum(axis=1) < FEWEST
    if few.any():
        names = listed([f"{x:g} m" for x in middle[few]])
        report.append(
            f"Of the soundings at {names} none of the readings is used, as fewer than {FEWEST} can be, the least that "
            "an inversion needs."
        )
        used[few] = False
    by_place = np.argsort(line)
    site = {
        axis: np.interp(middle, line[by_place], found.positions[by_place, k])
        for k, axis in enumerate(("x", "y", "elevation"))
        if axis == "x" or found.positions[:, k].any()
    }
    table = ("sounding", "reading")
    variables = {name: (table, column, _attrs(name)) for name, column in arrays.items()}
    if "n" in arrays:
        variables["a"][2]["long_name"] = "length of a dipole"
    variables["used"] = (table, used, _attrs("used"))
    variables["name"] = ("sounding", np.array([f"x = {x:.6g} m" for x in middle]), _attrs("name"))
    variables |= {name: ("sounding", column, _attrs(name)) for name, column in site.items()}
    counts = f"{len(groups)} soundings with up to {shape[1]} readings each, {int(used.sum())} used in all."
    text = "\n".join([found.file, counts, *report])
    return xr.Dataset(variables, attrs={"method": "ves", "array": array.name, "read_report": text})


def _attrs(name):
    quantity = name.removesuffix("_std")
    meaning = LONG_NAME[quantity]
    return {
        "units": UNIT.get(quantity, "1" if name == "used" else ""),
        "long_name": meaning if quantity == name else f"standard deviation of the {meaning}",
    }
