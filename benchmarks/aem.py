"""Task AEM: an airborne instrument at many heights, from training to posteriors.

``python -m benchmarks.aem`` fits the default `Inverter` (``--seconds`` limits the training, ``--save`` and
``--inverter`` spare a second one) and prints

- the time of training, flags calibrated as by default (goal: 120 s on two cores), and of many soundings at each level;
- the share that fits, chi²/N < 1.5 of the recommended model in ppm over the stated errors, beside that of scipy's
  bounded least squares started at the true model, on the same soundings;
- the share of truths in central intervals of single parameters, given the number of layers, at the levels "network" and
  "posterior", and of true resistivities at depth in the posterior's intervals over all numbers of layers.

Everything uses as many threads as OMP_NUM_THREADS says.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
import xarray as xr
from scipy.optimize import least_squares

from benchmarks.calibration import report_of
from benchmarks.inverters import add_options, inverter_of
from benchmarks.side_by_side import aligned
from benchmarks.tasks import TASKS, TEST_SEED

TASK = TASKS["AEM"]
FITS = 1.5
FRESH_SEED = TEST_SEED + 5
LEVELS = (0.5, 0.9)
# Where the true resistivity is looked for in the intervals, m.
DEPTHS = (2.0, 5.0, 10.0, 20.0, 40.0, 80.0)


def observed_of(models, data):
    """Soundings as `read_soundings` would give them, on the readings of the task's survey."""
    survey = TASK.survey
    variables = {
        quantity: (("sounding", "reading"), data[:, survey.channels.columns(quantity)])
        for quantity in survey.channels.quantities
    }
    variables |= {name: ("reading", getattr(survey, name)) for name in ("frequency", "offset", "orientation")}
    variables["height"] = ("sounding", models["height"])
    return xr.Dataset(variables, attrs={"method": "fdem", "array": "LoopLoop"})


def chi2_of(result, data):
    """chi²/N of the recommended models in physical units."""
    channels = TASK.survey.channels
    predicted = np.hstack([result[f"predicted_{quantity}"].values for quantity in channels.quantities])
    return np.square((data - predicted) / TASK.noise.sigma(data, channels)).mean(axis=1)


def chi2_from_truth(models, data):
    """The same of bounded least squares with the true number of layers, started at the true model."""
    survey, sigma = TASK.survey, TASK.noise.sigma(data, TASK.survey.channels)
    found = []
    for k, count in enumerate(models.n_layers):
        prior, height = TASK.prior.fixed(int(count)), models["height"][[k]]
        truth = {"thickness": models["thickness"][[k], : count - 1], "resistivity": models["resistivity"][[k], :count]}

        def residuals(u, k=k, prior=prior, height=height):
            return (survey(**prior.decode(u[None]), height=height)[0] - data[k]) / sigma[k]

        def jacobian(u, k=k, prior=prior, height=height):
            predicted, slopes = survey.data_and_jacobian(**prior.decode(u[None]), height=height)
            by_parameter = np.concatenate([slopes["thickness"][0], slopes["resistivity"][0]], axis=1)
            in_ppm = by_parameter / survey.channels.scale_slope(predicted)[0][:, None]
            return in_ppm * prior.log_slope(u[None])[0] / sigma[k][:, None]

        start = np.clip(prior.encode(truth)[0], 1e-9, 1 - 1e-9)
        best = least_squares(residuals, start, jacobian, bounds=(0, 1), x_scale=1.0, max_nfev=200)
        found.append(2 * best.cost / data.shape[1])
    return np.array(found)


def levels(inverter, counts, n_paired, repeats):
    """Lines on time and fit at each level, and the posterior's result with its models."""
    n_paired = min(n_paired, counts["refined"])
    lines = [("", "soundings", "seconds", "ms each", "chi²/N < 1.5", "median", f"first {n_paired}", "flagged")]
    models, data = TASK.soundings(max(counts.values()))
    observed = observed_of(models, data)
    for level, n in counts.items():
        part, times = observed.isel(sounding=slice(0, n)), []
        for _ in range(repeats if level != "posterior" else 1):
            began = time.perf_counter()
            result = inverter.invert(part, level)
            times.append(time.perf_counter() - began)
        chi2, seconds = chi2_of(result, data[:n]), np.median(times)
        paired = f"{(chi2[:n_paired] < FITS).mean():.2%}" if n >= n_paired else ""
        shares = (f"{(chi2 < FITS).mean():.2%}", f"{np.median(chi2):.3g}", paired)
        flagged = f"{(result['flag'].values != 0).mean():.2%}"
        lines.append((level, f"{n}", f"{seconds:.2f}", f"{1e3 * seconds / n:.3g}", *shares, flagged))
    chi2 = chi2_from_truth(models.take(np.arange(n_paired)), data[:n_paired])
    share = f"{(chi2 < FITS).mean():.2%}"
    lines.append(("started at the truth", f"{n_paired}", "", "", share, f"{np.median(chi2):.3g}", share, ""))
    return aligned(lines, left=1), result, models.take(np.arange(result.sizes["sounding"]))


def parameter_coverage(inverter, simulations):
    """Lines on truths in central intervals of parameters, {level: how many simulations}."""
    inverter.sheets = replace(inverter.sheets, complete=1.0)
    sections = {level: report_of(inverter, level, n, FRESH_SEED).sections for level, n in simulations.items()}
    heads = [f"{level} {100 * share:.0f} %" for level in sections for share in LEVELS]
    lines = [("layers", "parameter", *heads)]
    for count in sorted(set.intersection(*(set(section) for section in sections.values()))):
        shares = np.hstack([section[count].coverage(LEVELS) for section in sections.values()])
        for name, row in zip(next(iter(sections.values()))[count].parameters, shares, strict=True):
            lines.append((f"{count}", name, *(f"{share:.1%}" for share in row)))
        errors = np.concatenate([section[count].coverage_error(LEVELS) for section in sections.values()])
        lines.append((f"{count}", "standard error", *(f"{error:.1%}" for error in errors)))
    return aligned(lines, left=2)


def depth_coverage(result, models):
    """Lines on true resistivities at depth in the posterior's intervals over all numbers of layers."""
    profile = result["resistivity_profile_quantile"]
    grid = profile["depth_grid"].values
    bottom = np.cumsum(models["thickness"], axis=1)
    rows = np.arange(len(bottom))
    yield f"{len(rows)} soundings, resistivity at depth in the posterior's intervals, all layer counts"
    for depth in DEPTHS:
        k = int(np.abs(np.log(np.maximum(grid, 1e-3) / depth)).argmin())
        truth = models["resistivity"][rows, (bottom <= grid[k]).sum(axis=1)]
        shares = []
        for level in LEVELS:
            low, high = (
                profile.sel(quantile=end, method="nearest").values for end in ((1 - level) / 2, (1 + level) / 2)
            )
            inside = (low[:, k] <= truth) & (truth <= high[:, k])
            shares.append(f"{100 * level:.0f} %: {inside.mean():.1%} ± {np.sqrt(level * (1 - level) / len(rows)):.1%}")
        yield f"  at {grid[k]:.3g} m  " + ", ".join(shares)


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", type=int, default=100_000, help="soundings timed at this level")
    parser.add_argument("--refined", type=int, default=5000)
    parser.add_argument("--posterior", type=int, default=500)
    parser.add_argument("--paired", type=int, default=500, help="soundings that the optimiser starts at the truth of")
    parser.add_argument("--simulations", type=int, nargs=2, default=(5000, 500), help="of the two coverages")
    parser.add_argument("--repeats", type=int, default=3, help="of what is timed, but for posteriors")
    add_options(parser)
    options = parser.parse_args()
    inverter = inverter_of(TASK, options, n_calibration=50_000)
    counts = {level: getattr(options, level) for level in ("network", "refined", "posterior")}
    text, result, models = levels(inverter, counts, options.paired, options.repeats)
    print(f"test seed {TEST_SEED}\n{text}", flush=True)
    print(*depth_coverage(result, models), sep="\n", flush=True)
    print(parameter_coverage(inverter, dict(zip(("network", "posterior"), options.simulations, strict=True))))


if __name__ == "__main__":
    main()
