"""How the oracle files hold models of different layer counts: rows padded with NaN."""

import numpy as np


def padded(thickness, resistivity):
    """Arrays of an oracle file, as wide as the model with the most layers, from lists of models."""
    n_layers = np.array([len(rho) for rho in resistivity])
    arrays = {
        "n_layers": n_layers,
        "thickness": np.full((len(n_layers), n_layers.max() - 1), np.nan),
        "resistivity": np.full((len(n_layers), n_layers.max()), np.nan),
    }
    for i, (h, rho) in enumerate(zip(thickness, resistivity, strict=True)):
        arrays["thickness"][i, : len(h)] = h
        arrays["resistivity"][i, : len(rho)] = rho
    return arrays


def simulate(survey, oracle):
    """The survey's data for the models of an oracle file, each computed with its own number of layers."""
    data = np.empty((len(oracle["n_layers"]), len(survey.channels)))
    for n in np.unique(oracle["n_layers"]):
        rows = oracle["n_layers"] == n
        data[rows] = survey(oracle["thickness"][rows, : n - 1], resistivity=oracle["resistivity"][rows, :n])
    return data
