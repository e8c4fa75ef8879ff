"""The layers of results as columns, and as a table for other programs."""

from __future__ import annotations

import csv

import numpy as np

from bpinvert.results import sounding_name
from bpinvert.storage import replacing

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
    one = result.isel(sounding=sounding)
    n = int(one["n_layers"])
    properties = [name for name in result.data_vars if result[name].dims == ("sounding", "layer")]
    columns = {name: one[name].values[:n].tolist() for name in properties if not name.endswith("_best")}
    for name in ("thickness", "depth"):
        columns[name] = [*one[name].values[: max(n - 1, 0)].tolist(), np.inf][:n]
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


def cover(result, sounding: int) -> dict[str, float]:
    """Thickness, S and T of all layers above the half-space together, of a sounding that was inverted."""
    columns = layers(result, sounding) | derived(result, sounding)
    totals = ("thickness", "longitudinal_conductance", "transverse_resistance")
    return {name: sum(columns[name][:-1]) for name in totals if columns.get(name)}


def write_models(results: list, path) -> None:
    """One row for each layer of all soundings, as csv for other programs; what is infinite or not known is empty."""
    own = layer_units(results)
    headers = [f"{name} ({unit})" for name, unit in own.items()]
    more = [f"{name} ({unit})" for name, unit in DERIVED.items()]
    # The signature lets Excel know that the text is UTF-8.
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["sheet", "sounding", "layer", *headers, "chi2", "rrms (%)", "flag", *more, "picture"])
        for result in results:
            for k in range(result.sizes["sounding"]):
                place = [str(result["sheet"].values[k]), sounding_name(result, k)]
                picture = str(result["picture"].values[k])
                fit = [_cell(float(result[name][k])) for name in ("chi2", "rrms")]
                columns = layers(result, k) | derived(result, k)
                if not columns["depth"]:
                    writer.writerow(
                        [*place, "", *("" for _ in own), *fit, "not inverted", *("" for _ in DERIVED), picture]
                    )
                for i in range(len(columns["depth"])):
                    before, after = (
                        [_cell(columns[name][i]) if name in columns else "" for name in names]
                        for names in (own, DERIVED)
                    )
                    writer.writerow([*place, i + 1, *before, *fit, " ".join(flags(result, k)), *after, picture])


def _cell(value):
    return f"{value:.6g}" if np.isfinite(value) else ""
