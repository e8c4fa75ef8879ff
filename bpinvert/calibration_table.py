"""A calibration report as a Dataset: what `Inverter.calibrate` hands to users and `plots.calibration` draws."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr

from bpinvert.calibration.bands import N_PARTS
from bpinvert.calibration.sections import GRID, N_BINS
from bpinvert.results import versions


def to_dataset(report) -> xr.Dataset:
    """All figures of a `CalibrationReport`, on (layer_count, parameter, …).

    Parameters of all layer counts share one dimension; what a count does not have is NaN.

    Returns
    -------
    Dataset with ``coverage`` and ``coverage_error`` at each ``nominal`` level, ``expected_calibration_error``,
    ``crps``, ``crps_skill``, ``resolution``, ``sbc_inside``, ``rank_difference`` with its band at each ``rank``,
    ``rank_histogram``; with several layer counts also ``confusion``, ``stated_probability``, ``observed_share`` and
    ``layer_count_calibration_error``.
    """
    # The count with most parameters has them in the order that all shall have.
    longest = sorted(report.sections.values(), key=lambda section: -len(section.parameters))
    names = list(dict.fromkeys(name for section in longest for name in section.parameters))
    low, high = np.stack([section.rank_band for section in report.sections.values()], axis=1)
    rank = np.arange(1, N_PARTS) / N_PARTS
    shape = ("layer_count", "parameter")
    each = {
        "coverage": ("nominal", lambda s: s.coverage(GRID), "share of truths inside central intervals"),
        "expected_calibration_error": (None, lambda s: s.expected_calibration_error, "mean |coverage - nominal|"),
        "crps": (None, lambda s: s.crps, "mean continuous ranked probability score, in units of the prior's CDF"),
        "crps_skill": (None, lambda s: s.crps_skill, "share of the prior's CRPS that the data take away"),
        "resolution": (None, lambda s: s.resolution, "mean width of 90 % intervals as a multiple of the prior's"),
        "sbc_inside": (None, lambda s: s.sbc_inside, "whether ranks stay in their simultaneous 99 % band (1) or not"),
        "rank_difference": ("rank", lambda s: s.rank_difference, "share of truths up to this rank, less that rank"),
        "rank_histogram": ("rank_bin", lambda s: s.rank_histogram, "number of truths in equal parts of the posterior"),
    }
    variables = {}
    for name, (dimension, figures, label) in each.items():
        values = [_placed(figures(section), section.parameters, names) for section in report.sections.values()]
        dims = shape if dimension is None else (*shape, dimension)
        variables[name] = _variable(dims, np.stack(values), label)
    errors = np.stack([section.coverage_error(GRID) for section in report.sections.values()])
    sizes = [[getattr(section, name) for section in report.sections.values()] for name in ("n", "n_unanswered")]
    variables |= {
        "coverage_error": _variable(("layer_count", "nominal"), errors, "standard error of coverage by chance"),
        "rank_low": _variable(("layer_count", "rank"), low, "lower edge of the simultaneous 99 % band"),
        "rank_high": _variable(("layer_count", "rank"), high, "upper edge of the simultaneous 99 % band"),
        "n_simulations": _variable(("layer_count",), sizes[0], "number of simulations"),
        "n_unanswered": _variable(("layer_count",), sizes[1], "simulations without a posterior, left out"),
    }
    coordinates = {
        "layer_count": _variable(("layer_count",), list(report.sections), "number of layers, 0: not layered"),
        "parameter": (("parameter",), names),
        "nominal": _variable(("nominal",), GRID, "stated probability of the central interval"),
        "rank": _variable(("rank",), rank, "share of the posterior below the truth"),
        "rank_bin": _variable(("rank_bin",), (np.arange(N_BINS) + 0.5) / N_BINS, "middle of a part of the posterior"),
    }
    dataset = xr.Dataset(variables, coordinates, {"level": report.level, "versions": json.dumps(versions())})
    return dataset if report.layer_counts is None else dataset.merge(_layers(report.layer_counts))


def _layers(layers):
    stated, observed, chance = layers.reliability
    curve = ("true_count", "probability_bin")
    return xr.Dataset(
        {
            "stated_probability": _variable(curve, stated, "mean stated probability of this layer count"),
            "observed_share": _variable(curve, observed, "share of soundings with this layer count"),
            "observed_error": _variable(curve, chance, "standard error of observed_share where the stated is true"),
            "layer_count_calibration_error": _variable(
                ("true_count",), layers.expected_calibration_error, "mean |observed - stated| over the bins"
            ),
            "log_score": (
                (),
                layers.log_score,
                {"units": "nat", "long_name": "mean -ln(probability of the true count)"},
            ),
            "confusion": _variable(
                ("true_count", "most_probable"), layers.confusion, "simulations by true and most probable count"
            ),
        },
        {
            "true_count": _variable(("true_count",), layers.counts, "number of layers"),
            "most_probable": _variable(("most_probable",), layers.counts, "number of layers with most probability"),
        },
    )


def _placed(figures, parameters, names):
    """Rows of `figures` where their parameter stands among `names`, NaN elsewhere."""
    placed = np.full((len(names), *figures.shape[1:]), np.nan)
    placed[[names.index(name) for name in parameters]] = figures
    return placed


def _variable(dims, values, label):
    return (dims, np.asarray(values), {"units": "1", "long_name": label})
