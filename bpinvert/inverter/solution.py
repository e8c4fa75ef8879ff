"""Answers to the soundings of one group, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Solution:
    """Answers to the soundings of one group that have enough readings.

    Attributes
    ----------
    rows : (n,) int array, places within the group
    models : dict of arrays, the recommended ones, NaN beyond the layer count
    best : dict of arrays, the best-fitting ones; empty where none was looked for
    n_layers : (n,) int array
    predicted, residuals, sigma : (n, n_channels) arrays on the group's own channels; σ in physical units
    shift : (n, n_channels) array, displacement of each reading's segment on the scale, 0 where it has none
    used : (n, n_channels) bool array
    beyond : (n, n_channels) bool array, data outside the range of the training data, their displacement taken off
    freedom : (n,) int array, used data beyond the parameters of the model and the displacements
    chi2 : (n,) array, mean squared residual over used readings
    scores : (n, n_checks) array
    strata : (n, 5) array, what the calibration tells apart (see `checks.Calibration`)
    status : (n,) int array
    noise_estimate : (n,) array
    summaries : list of (rows, {name: (dims, array)}), what is known of the posteriors of some; see `summarizing`
    draws : dict, layer count -> (n_draws, n, P) array of u; empty unless posteriors were asked for
    layer_probability : (n, n_counts) array, where sampled
    """

    rows: np.ndarray
    models: dict
    best: dict
    n_layers: np.ndarray
    predicted: np.ndarray
    residuals: np.ndarray
    sigma: np.ndarray
    shift: np.ndarray
    used: np.ndarray
    beyond: np.ndarray
    freedom: np.ndarray
    chi2: np.ndarray
    scores: np.ndarray
    strata: np.ndarray
    status: np.ndarray
    noise_estimate: np.ndarray
    summaries: list = field(default_factory=list)
    draws: dict = field(default_factory=dict)
    layer_probability: np.ndarray | None = None
