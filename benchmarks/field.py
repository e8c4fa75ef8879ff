"""Task FIELD: synthetic field sheets through the inverter that comes with the package.

Run ``python -m benchmarks.field``; set OMP_NUM_THREADS=1 for the times of one core. It prints

- the share of soundings that fit (chi²/N < 1.5 with the *true* errors), beside that of scipy's bounded least squares
  started at the true model and the true displacements;
- how well noise, displacements and layer counts are found, and the time of a sounding;
- flagged soundings by stratum: here, and for fresh soundings of the kind that the flags are calibrated on;
- the errors of the network's own answers beside a network trained for each geometry.
"""

from __future__ import annotations

import argparse
import os
import time

import numpy as np
import xarray as xr
from scipy.optimize import least_squares

from benchmarks.tasks import FIELD_NOISE, FIELD_PRIOR, TEST_SEED, field_sheets
from bpinvert import Inverter, Sheets, load_inverter
from bpinvert.geometry import as_observed, groups, mn_segments
from bpinvert.inverter import answering, fitting
from bpinvert.inverter.unaided import shipped
from forward_models import Schlumberger

# The optimiser that starts at the truth knows the spread that displacements really have.
_SHIFT = 0.2


def observed(sheet):
    """A sheet as `read_soundings` would give it."""
    table, shape = ("sounding", "reading"), sheet.data.shape
    variables = {"apparent_resistivity": (table, sheet.data), "ab2": (table, np.tile(sheet.survey.ab2, (shape[0], 1)))}
    if sheet.survey.mn2 is not None:
        variables["mn2"] = (table, np.tile(sheet.survey.mn2, (shape[0], 1)))
    return xr.Dataset(variables, attrs={"method": "ves", "array": "Schlumberger"})


def chi2_from_truth(sheet, k):
    """chi²/N with the true errors of least squares started at the truth of sounding `k`."""
    n_layers = int(sheet.models.n_layers[k])
    prior = FIELD_PRIOR.fixed(n_layers)
    truth = sheet.models.take([k])
    start = prior.encode(
        {"thickness": truth["thickness"][:, : n_layers - 1], "resistivity": truth["resistivity"][:, :n_layers]}
    )
    segments = mn_segments(sheet.survey.channels).astype(float)
    shifts = np.array([sheet.shift[k][segment > 0][0] for segment in segments])
    scaled = np.log(sheet.data[k])
    n = start.size

    def residuals(x):
        fit = np.log(sheet.survey(**prior.decode(x[None, :n]))[0]) + x[n:] @ segments
        return np.concatenate([(scaled - fit) / sheet.level[k], x[n:] / _SHIFT])

    x = np.concatenate([np.clip(start[0], 1e-9, 1 - 1e-9), shifts])
    ends = (
        np.concatenate([np.zeros(n), np.full(len(shifts), -3.0)]),
        np.concatenate([np.ones(n), np.full(len(shifts), 3.0)]),
    )
    best = least_squares(residuals, x, bounds=ends, x_scale=1.0, max_nfev=100).x
    return np.mean(np.square(residuals(best)[: len(scaled)]))


def fits(inverter, n_sheets, n_soundings):
    """Print what becomes of the FIELD sheets."""
    own, given, truth, found = [], [], [], []
    seconds = 0.0
    for sheet in field_sheets(n_sheets, n_soundings):
        data = observed(sheet)
        begin = time.perf_counter()
        result = inverter.invert(data)
        seconds += time.perf_counter() - begin
        ratio = result["noise_estimate"].values / sheet.level
        own.append(result["chi2"].values * ratio**2)
        stated = {"apparent_resistivity_std": (("sounding", "reading"), sheet.data * sheet.level[:, None])}
        given.append(inverter.invert(data.assign(stated))["chi2"].values)
        truth.append([chi2_from_truth(sheet, k) for k in range(min(n_soundings, 4))])
        count = result["n_layers"].values - sheet.models.n_layers
        shift = np.zeros(sheet.data.shape)
        if "segment_shift" in result:
            shift = np.log(result["segment_shift"].values)
        error = np.ptp(shift - sheet.shift, axis=1)
        flagged = result["flag"].values != 0
        n_readings, n_segments = sheet.data.shape[1], len(mn_segments(sheet.survey.channels))
        columns = (n_readings, ratio, count, error, flagged, sheet.level, n_segments)
        found.append(np.stack([np.broadcast_to(column, n_soundings) for column in columns], axis=1))
    own, given, truth, found = (np.concatenate(parts) for parts in (own, given, truth, found))
    pairs = [chi2.reshape(n_sheets, -1)[:, :4].ravel() for chi2 in (own, given)]
    print(f"{n_sheets} sheets of {n_soundings} soundings, {1000 * seconds / len(own):.2f} ms a sounding")
    print(f"chi²/N < 1.5 with the true errors: {(own < 1.5).mean():.2%}; errors given {(given < 1.5).mean():.2%}")
    shares = [f"{(chi2 < 1.5).mean():.2%}" for chi2 in (*pairs, truth)]
    print(f"  of {truth.size}: {shares[0]}; errors given {shares[1]}; optimiser started at the truth {shares[2]}")
    low, middle, high = np.quantile(found[:, 1], [0.05, 0.5, 0.95])
    print(f"noise estimate over true noise: median {middle:.3f}, 5 to 95 %: {low:.2f} to {high:.2f}")
    shares = [(np.sign(found[:, 2]) == sign).mean() for sign in (-1, 0, 1)]
    print("layers found: {:.1%} fewer than true, {:.1%} as many, {:.1%} more".format(*shares))
    print(f"displacements against each other: median error {np.median(found[found[:, 6] > 0, 3]):.1%}")
    return found


def strata(columns, flagged, label):
    """Print the flagged share of each stratum."""
    print(f"{label}: flagged {flagged.mean():.2%} of {len(flagged)}")
    for name, values in columns.items():
        shares = (
            f"{kind}: {flagged[values == kind].mean():.2%} of {(values == kind).sum()}" for kind in np.unique(values)
        )
        print(f"  {name:10}" + "; ".join(shares))


def kinds(readings, position):
    """Words for numbers of readings (-1: all of the inverter's own) and for positions in the range of noise levels."""
    words = np.array(["own", "up to 13", "14-19", "20-25", "26 and more"])
    thirds = np.array(["unknown", "low", "middle", "high"])
    place = np.where(position < 0, 0, 1 + np.minimum(np.floor(3 * position), 2)).astype(int)
    return words[np.digitize(readings, [0, 14, 20, 26])], thirds[place]


def false_alarms(inverter, n):
    """Print flagged shares of fresh soundings like those of the calibration, from another seed."""
    for level in inverter.calibrations:
        parts, truth = [], []
        for group, models in fitting.fresh_groups(inverter, n, TEST_SEED):
            for part in answering.solutions(inverter.solver, group, level):
                parts.append(part)
                truth.append(models.n_layers[part.rows])
        scores, given = (np.concatenate([getattr(part, name) for part in parts]) for name in ("scores", "strata"))
        outside = inverter.calibrations[level].judge(scores, given, inverter.false_alarm_rate)[2]
        readings, errors = kinds(given[:, 0], given[:, 1])
        columns = {
            "readings": readings,
            "errors": errors,
            "layers": given[:, 2].astype(int),
            "segments": np.array(["one", "several MN, still", "several MN, displaced"])[given[:, 3].astype(int)],
            "true": np.concatenate(truth),
        }
        strata(columns, outside.any(axis=1), f"fresh soundings, level {level}")


def networks(inverter, n_geometries, n_soundings, n_layers=3):
    """Print the error of the network's own answers beside that of a network trained for the geometry."""
    rng = np.random.default_rng(TEST_SEED)
    prior = FIELD_PRIOR.fixed(n_layers)
    errors = []
    for sheet in field_sheets(n_geometries, 1, seed=TEST_SEED + 1):
        survey = Schlumberger(np.unique(sheet.survey.ab2))
        special = Inverter(survey, prior, FIELD_NOISE, sheets=Sheets(complete=1.0, errors_given=0.0, shift=0.0))
        special.fit(n_calibration=1000, progress=False)
        models = prior.draw(n_soundings, rng)
        data = FIELD_NOISE.draw(survey(**models), survey.channels, rng, FIELD_NOISE.draw_levels(n_soundings, rng))
        pair = []
        for each in (inverter, special):
            group = next(iter(groups(as_observed(observed_array(survey, data), each.survey), each.survey)))
            answer = each.solver.proposals(group)[n_layers]
            wrong = [np.log10(answer[name] / models[name]) for name in ("thickness", "resistivity")]
            pair.append(np.sqrt(np.mean(np.square(np.hstack(wrong)))))
        errors.append(pair)
        where = f"{len(survey.ab2)} readings, AB/2 {survey.ab2[0]:g}–{survey.ab2[-1]:g} m"
        print(f"  {where}: {pair[0]:.3f}, special {pair[1]:.3f}")
    ratio = np.array(errors)[:, 0] / np.array(errors)[:, 1]
    print(f"log10 RMSE of {n_layers}-layer models, shipped over special network: mean ratio {ratio.mean():.3f}")


def observed_array(survey, data):
    """Soundings of one ideal geometry as a Dataset."""
    table = ("sounding", "reading")
    variables = {"apparent_resistivity": (table, data), "ab2": (table, np.tile(survey.ab2, (len(data), 1)))}
    return xr.Dataset(variables, attrs={"method": "ves", "array": "Schlumberger"})


def main():
    """Print the four parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inverter", help="file of another inverter")
    parser.add_argument("--sheets", type=int, default=200)
    parser.add_argument("--soundings", type=int, default=20, help="on each sheet")
    parser.add_argument("--fresh", type=int, default=60_000, help="soundings for the false alarms")
    parser.add_argument("--geometries", type=int, default=4, help="with a network of their own")
    options = parser.parse_args()
    inverter = load_inverter(options.inverter) if options.inverter else shipped()
    print(f"task FIELD, test seed {TEST_SEED}, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')}")
    found = fits(inverter, options.sheets, options.soundings)
    position = (np.log(found[:, 5]) - np.log(0.01)) / np.log(10)
    readings, errors = kinds(found[:, 0], position)
    segments = np.where(found[:, 6] > 0, "several MN", "one")
    strata({"readings": readings, "true noise": errors, "segments": segments}, found[:, 4] > 0, "FIELD")
    false_alarms(inverter, options.fresh)
    networks(inverter, options.geometries, 2000)


if __name__ == "__main__":
    main()
