"""Real electromagnetic soundings through the public API: ``python -m benchmarks.em_field FOLDER``.

FOLDER has the published files in tdem/ and fdem/ (see each case below); cases whose files are absent are left out. For
each the default `Inverter` is trained for the survey that `read_soundings` found, and one table says what came of it:
chi²/N, share that fits (chi²/N < 1.5), layers, resistivity at some depths and depth of a boundary with 90 % intervals
of the posterior, flags. Errors are those of the file, plus what the case states.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import bpinvert as bp
from benchmarks.side_by_side import machine
from bpinvert.results import FLAG_BITS

FITS = 1.5
# At Bookpurnong: where Heagy et al. (2017), doi:10.1016/j.cageo.2017.06.018, compare both systems.
PUBLISHED = (462_100.0, 6_196_500.0)


@dataclass(frozen=True, eq=False)
class Case:
    """Soundings of one system.

    Attributes
    ----------
    name : str
    files : tuple of str, below FOLDER
    method, system : of `read_soundings`; files of the system are below FOLDER too
    prior : bpinvert.LayeredPrior
    noise : bpinvert.Noise
        That the network is trained with.
    depths : tuple of float
        Where resistivities are stated, m.
    relative, floor : float or array
        Errors, in the data's unit, that are added to those of the file in quadrature.
    known : str
        What is known of the ground.
    one : function of the observed Dataset, giving the sounding whose posterior is taken
    adjusted : function of the observed Dataset and FOLDER, giving the Dataset to be inverted
    """

    name: str
    files: tuple[str, ...]
    method: str
    prior: bp.LayeredPrior
    noise: bp.Noise
    depths: tuple[float, ...]
    known: str
    system: dict | None = None
    relative: object = 0.0
    floor: object = 0.0
    one: Callable = lambda observed: 0
    adjusted: Callable = lambda observed, folder: observed


def nearest(observed):
    """The sounding at `PUBLISHED`."""
    x, y = PUBLISHED
    return int(np.hypot(observed["x"].values - x, observed["y"].values - y).argmin())


def before_noise(observed, folder):
    """Langeoog: without gates 40 to 44, which are negative and as large as what the loop hears on its own."""
    kept = observed.isel(reading=slice(0, 39))
    survey = bp.survey_of(observed)
    survey = survey.at(time=kept["time"].values[0, kept["used"].values[0]])
    return kept.assign_attrs(survey=json.dumps(survey.to_dict()))


def calibrated_by_ert(observed, folder):
    """Boxford: each coil's readings times a factor and plus a constant, so that they are what ERT lets expect.

    As McLachlan, Blanchy and Binley (2021), doi:10.1016/j.cageo.2020.104561, section 3.2. What is left between both is
    the error of the coil.
    """
    path = folder / "fdem" / "emagpy_boxford_ert_ec.csv"
    middle = np.array([float(name[1:]) for name in path.read_text().splitlines()[0].split(",")])
    conductivity = 1e-3 * np.loadtxt(path, delimiter=",", skiprows=1)
    bottom = np.zeros(len(middle) + 1)
    for k, one in enumerate(middle):
        bottom[k + 1] = 2 * one - bottom[k]
    thickness = np.tile(np.diff(bottom)[:-1], (len(conductivity), 1))
    expected = bp.survey_of(observed)(thickness, resistivity=1 / conductivity)
    shown, better, error = observed["quadrature"].values, np.empty(expected.shape), np.empty(expected.shape)
    for k in range(expected.shape[1]):
        slope, constant = np.polyfit(shown[:, k], expected[:, k], 1)
        better[:, k] = slope * shown[:, k] + constant
        error[:, k] = np.std(better[:, k] - expected[:, k])
    table = ("sounding", "reading")
    return observed.assign(quadrature=(table, better), quadrature_std=(table, error))


_HEIGHT = {"height": (20, 80)}
_PPM_RELATIVE = np.where(np.array([382, 1822, 3258, 7970, 35_920, 130_100]) > 3e4, 0.15, 0.1)
_SALINE = bp.LayeredPrior(n_layers=(2, 5), thickness=(1, 60), resistivity=(0.1, 1000), context=_HEIGHT)

CASES = (
    Case(
        "WalkTEM, low and high moment",
        ("tdem/usgs_WalkTEM_LM.tem", "tdem/usgs_WalkTEM_HM.tem"),
        "tdem",
        bp.LayeredPrior(n_layers=(2, 5), thickness=(2, 150), resistivity=(1, 2000)),
        bp.Noise(relative=(0.03, 0.15), floor=1e-10),
        (5.0, 20.0, 50.0, 100.0),
        "one model for both moments",
    ),
    Case(
        "TEM-FAST, Langeoog",
        ("tdem/gimli_TEMfastLangeoog.tem",),
        "tdem",
        bp.LayeredPrior(n_layers=(2, 5), thickness=(2, 80), resistivity=(0.3, 1000)),
        bp.Noise(relative=(0.01, 0.1), floor=1e-9),
        (10.0, 20.0, 60.0),
        "fresh water in sand over salt water, from 25–50 m",
        relative=0.03,
        adjusted=before_noise,
    ),
    Case(
        "RESOLVE, Bookpurnong",
        ("fdem/bookpurnong/resolve_bookpurnong.csv",),
        "fdem",
        _SALINE,
        bp.Noise(relative=0.1, floor=20.0),
        (2.0, 10.0, 20.0),
        "about 0.08 S/m over 2.2 S/m at 10–30 m (Heagy et al.); errors 10 % (15 % above 30 kHz) and 20 ppm",
        relative=_PPM_RELATIVE,
        floor=20.0,
        one=nearest,
    ),
    Case(
        "SkyTEM high moment, Bookpurnong",
        ("tdem/bookpurnong/skytem_bookpurnong_every20th.csv",),
        "tdem",
        _SALINE,
        bp.Noise(relative=0.12, floor=7.5e-12),
        (2.0, 10.0, 20.0),
        "as RESOLVE; errors 12 % and 2.4e-14 V/(A m4), assumed",
        system={
            "files": ["tdem/bookpurnong/skytem_hm.wf", "tdem/bookpurnong/skytem_hm.tc"],
            "radius": 10.0,
            "unit": "V/(A m4)",
        },
        relative=0.12,
        floor=7.5e-12,
        one=nearest,
    ),
    Case(
        "CMD Explorer, Boxford",
        ("fdem/emagpy_boxford_eca_calibration.csv",),
        "fdem",
        bp.LayeredPrior(n_layers=(2, 3), thickness=(0.1, 4), resistivity=(5, 500)),
        bp.Noise(relative=0.05, floor=10.0),
        (0.2, 1.0, 4.0),
        "ERT at the same stations: 34, 113, 170 Ω·m at 0.2, 1.1, 4 m (medians); peat of 0.38–0.93 m, probed",
        system={"scale": "lin"},
        adjusted=calibrated_by_ert,
    ),
    Case(
        "PROTEM, Rankin Inlet",
        ("tdem/gsc_rankin_inlet_2301.csv", "tdem/gsc_rankin_inlet_2304.csv"),
        "tdem",
        bp.LayeredPrior(n_layers=(2, 5), thickness=(3, 200), resistivity=(1, 20_000)),
        bp.Noise(relative=(0.03, 0.3), floor=1e-10),
        (10.0, 50.0, 200.0),
        "permafrost; induced polarization turns late gates negative, which no layered resistivity does",
        system={"side": 100.0, "ramp": 5.1e-6},
        relative=0.05,
    ),
)


def read(case, folder):
    """The soundings with their errors."""
    system = case.system
    if system and "files" in system:
        system = system | {"files": [folder / file for file in system["files"]]}
    observed = bp.read_soundings([folder / file for file in case.files], case.method, system=system)
    observed = case.adjusted(observed, folder)
    for name in bp.survey_of(observed).channels.quantities:
        stated = np.nan_to_num(observed[f"{name}_std"].values)
        more = np.hypot(case.relative * np.abs(observed[name].values), case.floor)
        observed[f"{name}_std"] = (("sounding", "reading"), np.hypot(stated, more))
    return observed


def inverter_of(case, observed, options):
    """The default inverter of the soundings' own survey and readings."""
    inverter = bp.Inverter(
        bp.survey_of(observed), case.prior, case.noise, max_time=options.seconds, sheets=bp.Sheets(complete=1.0)
    )
    return inverter.fit(n_samples=options.samples, n_calibration=options.calibration, progress=False)


def describe(case, result, seconds):
    """Lines on all soundings of a case."""
    chi2 = result["chi2"].values
    used = result["used"].sum("reading").values
    yield f"known: {case.known}"
    yield f"{len(chi2)} soundings, {np.median(used):.0f} readings used (median); refined in {seconds:.1f} s"
    share = f"below {FITS}: {(chi2 < FITS).mean():.1%}"
    yield f"chi²/N median {np.nanmedian(chi2):.2f}, largest {np.nanmax(chi2):.3g}; {share}"
    counts = zip(*np.unique(result["n_layers"].values, return_counts=True), strict=True)
    yield "layers " + ", ".join(f"{count}: {n}" for count, n in counts)
    yield f"flagged {(result['flag'].values != 0).mean():.1%}{_checks(result)}"
    for depth in case.depths:
        low, middle, high = np.nanquantile(_at(result, depth), (0.05, 0.5, 0.95))
        spread = f", of 90 % of the soundings {low:.3g}–{high:.3g}" if len(chi2) > 1 else ""
        yield f"  resistivity at {depth:g} m: {middle:.3g} Ω·m{spread}"


def describe_posterior(case, posterior, seconds):
    """Lines on the posterior of one sounding."""
    yield f"posterior of {posterior['name'].values[0]}, {seconds:.1f} s"
    chances = zip(posterior["layer_count"].values, posterior["layer_probability"].values[0], strict=True)
    yield (
        f"  chi²/N {float(posterior['chi2'][0]):.2f}, k̂ {float(posterior['pareto_k'][0]):.2f}; layers "
        + ", ".join(f"{count}: {100 * chance:.0f} %" for count, chance in chances)
    )
    model = posterior.isel(sounding=0)
    rho = ", ".join(f"{value:.3g}" for value in model["resistivity"].values if np.isfinite(value))
    depth = ", ".join(f"{value:.3g}" for value in model["depth"].values if np.isfinite(value))
    yield f"  recommended: {rho} Ω·m, boundaries at {depth} m"
    for name, unit in (("depth", "m"), ("resistivity", "Ω·m")):
        low, high = (model[f"{name}_quantile"].sel(quantile=end).values for end in (0.05, 0.95))
        parts = [f"{a:.3g}–{b:.3g}" for a, b in zip(low, high, strict=True) if np.isfinite(a)]
        yield f"  {name} within 90 %: {', '.join(parts)} {unit}"
    for at in case.depths:
        low, middle, high = _interval(model, at)
        yield f"  resistivity at {at:g} m: {middle:.3g} Ω·m, 90 % {low:.3g}–{high:.3g}"
    yield f"  {bp.explain(posterior, 0)}"


def _interval(model, depth):
    """5, 50 and 95 % quantiles of the resistivity there, over all layer counts."""
    profile = model["resistivity_profile_quantile"].sel(quantile=[0.05, 0.5, 0.95])
    return profile.interp(depth_grid=depth).values


def _at(result, depth):
    """Resistivity of the recommended models there, Ω·m."""
    bottom = np.nan_to_num(result["depth"].values, nan=np.inf)
    layer = np.minimum((bottom <= depth).sum(axis=1), np.maximum(result["n_layers"].values - 1, 0))
    return result["resistivity"].values[np.arange(len(layer)), layer]


def _checks(result):
    shares = {name: (result["flag"].values & bit != 0).mean() for name, bit in FLAG_BITS.items()}
    said = ", ".join(f"{name} {share:.1%}" for name, share in shares.items() if share)
    return f" ({said})" if said else ""


def same_place(models):
    """Line on whether the intervals of two systems at one place overlap, {case: posterior}."""
    (first, one), (second, other) = models.items()
    yield f"{first.name} and {second.name} at the published place, 90 % of resistivity"
    for depth in first.depths:
        a, b = _interval(one.isel(sounding=0), depth), _interval(other.isel(sounding=0), depth)
        together = "overlap" if max(a[0], b[0]) <= min(a[2], b[2]) else "do not overlap"
        yield f"  at {depth:g} m {a[0]:.3g}–{a[2]:.3g} and {b[0]:.3g}–{b[2]:.3g} Ω·m: they {together}"


def main():
    """Print what came of every case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", nargs="+", help="parts of their names, e.g. WalkTEM; default: all")
    parser.add_argument("--samples", type=int, default=20_000, help="models that each network is trained on")
    parser.add_argument("--seconds", type=float, default=20.0, help="of training for each network")
    parser.add_argument("--calibration", type=int, default=2000, help="simulations that the flags are calibrated on")
    options = parser.parse_args()
    published = {}
    for case in CASES:
        if options.cases and not any(part.lower() in case.name.lower() for part in options.cases):
            continue
        absent = [file for file in case.files if not (options.folder / file).exists()]
        if absent:
            print(f"\n{case.name}: {', '.join(absent)} not there")
            continue
        began = time.perf_counter()
        observed = read(case, options.folder)
        inverter = inverter_of(case, observed, options)
        trained = time.perf_counter()
        print(f"\n{case.name}: trained in {trained - began:.0f} s", flush=True)
        result = inverter.invert(observed)
        refined = time.perf_counter()
        print(*describe(case, result, refined - trained), sep="\n", flush=True)
        posterior = inverter.invert(observed.isel(sounding=[case.one(observed)]), "posterior")
        print(*describe_posterior(case, posterior, time.perf_counter() - refined), sep="\n", flush=True)
        if case.one is nearest:
            published[case] = posterior
    if len(published) == 2:
        print("", *same_place(published), sep="\n")
    print("", *machine(("numpy", "scipy")), sep="\n")


if __name__ == "__main__":
    main()
