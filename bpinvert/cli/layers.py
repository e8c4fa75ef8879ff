"""The layers of results as columns, and as a table for other programs."""

from __future__ import annotations

import csv

import numpy as np

from bpinvert.results import layer_shares, sounding_name
from bpinvert.storage import replacing

# Of 90 % intervals, by what follows the name of a quantity in a table.
ENDS = {"q05": 0.05, "q95": 0.95}
COMBINED = {"conductance": "S", "transverse_resistance": "ohm m2"}
SAMPLING = ("layer_probability", "ess", "pareto_k")
# What surface waves tell of a sounding as a whole.
VELOCITIES = {"vs30": "m/s", "half_wavelength": "m"}
DERIVED = {
    "elevation_top": "m",
    "elevation_bottom": "m",
    "longitudinal_conductance": "S",
    "transverse_resistance": "ohm m2",
}


def flags(result, sounding: int) -> list[str]:
    """Names of the checks that make a sounding a stranger."""
    return [str(name) for name in result["check"].values if bool(result["outside"][sounding].sel(check=name))]


def layers(result, sounding: int) -> dict[str, list[float]]:
    """Each property, the thickness and the depth of the recommended model's layers; infinite for the half-space."""
    # Of Variables, not of DataArrays, whose making takes a hundred times as long: an airborne line has a thousand rows.
    one = {name: variable for name, variable in result.variables.items() if variable.dims[:1] == ("sounding",)}
    n = int(one["n_layers"].values[sounding])
    properties = [str(name) for name in result.data_vars if result.variables[name].dims == ("sounding", "layer")]
    columns = {
        name: one[name].values[sounding, :n].tolist() for name in properties if not name.endswith(("_best", "_mean"))
    }
    for name in ("thickness", "depth"):
        columns[name] = [*one[name].values[sounding, : max(n - 1, 0)].tolist(), np.inf][:n]
    return columns


def layer_units(results: list) -> dict[str, str]:
    """The columns of :func:`layers` over all results, and their units."""
    return {name: result[name].attrs["units"] for result in results for name in layers(result, 0)}


def derived(result, sounding: int) -> dict[str, list[float]]:
    """What follows from the layers: the parameters of Dar Zarrouk and, where the ground's is known, elevations in m.

    The longitudinal conductance S = h/ρ (S) and the transverse resistance T = h·ρ (Ω·m²) are what a curve tells of a
    layer that is too thin to be resolved: R. Maillet (1947), The fundamental equations of electrical prospecting,
    Geophysics 12(4), 529–556, doi:10.1190/1.1437342. Infinite for the half-space, like its bottom.
    """
    columns, found = layers(result, sounding), {}
    thickness, bottom = np.array(columns["thickness"]), np.array(columns["depth"])
    if "resistivity" in columns:
        resistivity = np.array(columns["resistivity"])
        found["longitudinal_conductance"] = (thickness / resistivity).tolist()
        found["transverse_resistance"] = (thickness * resistivity).tolist()
    ground = float(result["elevation"][sounding]) if "elevation" in result else np.nan
    if np.isfinite(ground):
        found["elevation_top"] = (ground - np.append(0.0, bottom)[: len(bottom)]).tolist()
        found["elevation_bottom"] = (ground - bottom).tolist()
    return found


def intervals(result, sounding: int) -> dict[str, list[tuple[float, float]]]:
    """The 5 and 95 % quantiles of the columns of :func:`layers` where there is a posterior, else nothing.

    NaN where a layer has none, as the half-space has no thickness.
    """
    found, n = {}, int(result["n_layers"][sounding])
    for name in layers(result, sounding):
        ends = _ends(result, name, sounding)
        if ends is not None and n:
            padded = np.vstack([ends.reshape(-1, 2), np.full((n, 2), np.nan)])
            found[name] = [tuple(pair) for pair in padded[:n].tolist()]
    return found


def combined(result, sounding: int) -> dict[str, tuple[float, float]]:
    """The 5 and 95 % quantiles of `COMBINED` where there is a posterior, else nothing."""
    ends = {name: _ends(result, name, sounding) for name in COMBINED}
    return {name: tuple(pair.tolist()) for name, pair in ends.items() if pair is not None}


def velocities(result, sounding: int) -> dict[str, float]:
    """Vs30, its 5 and 95 % quantiles where there is a posterior, and half the longest wavelength; of surface waves."""
    found = {name: float(result[name][sounding]) for name in VELOCITIES if name in result}
    ends = _ends(result, "vs30", sounding)
    if ends is not None:
        found |= {f"vs30_{end}": float(value) for end, value in zip(ENDS, ends, strict=True)}
    return {name: value for name, value in found.items() if np.isfinite(value)}


def sampling(result, sounding: int) -> dict[str, float]:
    """Probability of the recommended number of layers and how well the posterior was sampled, where it was."""
    one = result.isel(sounding=sounding)
    found = {name: float(one[name]) for name in SAMPLING if name in one and one[name].ndim == 0}
    if "layer_probability" in one:
        found["layer_probability"] = layer_shares(one).get(int(one["n_layers"]), np.nan)
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _ends(result, name, sounding):
    """Lowest and highest end of the 90 % intervals, (..., 2), or None."""
    if f"{name}_quantile" not in result:
        return None
    ends = result[f"{name}_quantile"].isel(sounding=sounding).sel(quantile=list(ENDS.values())).values.T
    return ends if np.isfinite(ends).any() else None


def cover(result, sounding: int) -> dict[str, float]:
    """Thickness, S and T of all layers above the half-space together, of a sounding that was inverted."""
    columns = layers(result, sounding) | derived(result, sounding)
    totals = ("thickness", "longitudinal_conductance", "transverse_resistance")
    return {name: sum(columns[name][:-1]) for name in totals if columns.get(name)}


def write_models(results: list, path) -> None:
    """One row for each layer of all soundings, as csv for other programs; what is infinite or not known is empty."""
    own = layer_units(results)
    headers = [f"{name} ({unit})" for name, unit in own.items()]
    # Surface waves know no resistivity.
    names = [name for name in DERIVED if "resistivity" in own or name.startswith("elevation")]
    more = [f"{name} ({DERIVED[name]})" for name in names]
    uncertain = posterior_columns(results)
    # The signature lets Excel know that the text is UTF-8.
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["sheet", "sounding", "layer", *headers, "chi2", "rrms (%)", "flag", *more, "picture", *uncertain]
        )
        for result in results:
            for k in range(result.sizes["sounding"]):
                place = [str(result["sheet"].values[k]), sounding_name(result, k)]
                picture = str(result["picture"].values[k])
                fit = [_cell(float(result[name][k])) for name in ("chi2", "rrms")]
                columns = layers(result, k) | derived(result, k)
                if not columns["depth"]:
                    writer.writerow(
                        [
                            *place,
                            "",
                            *("" for _ in own),
                            *fit,
                            "not inverted",
                            *("" for _ in names),
                            picture,
                            *("" for _ in uncertain),
                        ]
                    )
                posterior = _posterior_cells(result, k)
                for i in range(len(columns["depth"])):
                    before, after = (
                        [_cell(columns[name][i]) if name in columns else "" for name in some] for some in (own, names)
                    )
                    last = [_cell(posterior[i].get(name, np.nan)) for name in uncertain.values()]
                    writer.writerow([*place, i + 1, *before, *fit, " ".join(flags(result, k)), *after, picture, *last])


def posterior_columns(results: list) -> dict:
    """{header: name, or (name, end)} of what posteriors and surface waves add to the table."""
    names = {name for result in results for name in result.data_vars}
    units = {name: unit for name, unit in layer_units(results).items() if f"{name}_quantile" in names}
    if "layer_probability" in names:
        units |= {f"total_{name}": unit for name, unit in COMBINED.items() if f"{name}_quantile" in names}
    columns = {f"{name}_{end} ({unit})": (name, end) for name, unit in units.items() for end in ENDS}
    for name, unit in VELOCITIES.items():
        own = [name, *(f"{name}_{end}" for end in ENDS if f"{name}_quantile" in names)] if name in names else []
        columns |= {f"{column} ({unit})": column for column in own}
    return columns | {name: name for name in SAMPLING if name in names}


def _posterior_cells(result, sounding):
    """What :func:`posterior_columns` names, a dict for each layer."""
    whole = sampling(result, sounding) | velocities(result, sounding)
    for name, ends in combined(result, sounding).items():
        whole |= {(f"total_{name}", end): value for end, value in zip(ENDS, ends, strict=True)}
    rows = [dict(whole) for _ in layers(result, sounding)["depth"]]
    for name, ends in intervals(result, sounding).items():
        for row, pair in zip(rows, ends, strict=True):
            row |= {(name, end): value for end, value in zip(ENDS, pair, strict=True)}
    return rows


def _cell(value):
    return f"{value:.6g}" if np.isfinite(value) else ""
