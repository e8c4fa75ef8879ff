"""How an inverter's networks learned, and whether more samples would have helped."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bpinvert.network.learning import in_nats, judge, verdict


def learning_curve(inverter) -> xr.Dataset:
    """See `Inverter.learning_curve`."""
    counts, members = [], []
    for count, branch in inverter.solver.branches.items():
        network = getattr(branch.network, "networks_", [branch.network])[0]
        if not hasattr(network, "validation_curve_"):
            raise ValueError(
                f"the network is a {type(network).__name__}, which keeps no curves of its loss. Train with BPRegressor."
            )
        counts.append(count)
        members.append(network)
    width = max(network.n_epochs_ for network in members)
    identity = inverter.identity
    gains, sentences = [], []
    for network in members:
        gain = 0.0 if identity["stream"] else judge(network)
        gains.append(gain)
        if identity["stream"]:
            sentences.append(
                f"more samples come with more epochs: each of the {network.n_epochs_} had {identity['n_samples']} "
                "fresh ones"
            )
        else:
            sentences.append(verdict(gain, identity["n_samples"], in_nats(network)))

    def padded(name):
        rows = np.full((len(members), width), np.nan)
        for row, network in zip(rows, members, strict=True):
            row[: network.n_epochs_] = getattr(network, name)[: network.n_epochs_]
        return ("layer_count", "epoch"), rows

    dataset = xr.Dataset(
        {
            "training_loss": padded("loss_curve_"),
            "validation_loss": padded("validation_curve_"),
            "gain": ("layer_count", np.array(gains)),
            "verdict": ("layer_count", np.array(sentences)),
        },
        coords={"layer_count": counts, "epoch": np.arange(1, width + 1)},
    )
    nats = in_nats(members[0])
    loss, by = ("−ln p(z)", "nats") if nats else ("½Σ(o − u)²", "share")
    names = {
        "training_loss": f"mean of {loss} over the epoch's samples",
        "validation_loss": f"mean of {loss} over held-out samples",
        "gain": f"{by} by which twice the samples would lower the validation loss",
        "verdict": "whether more samples would help",
        "layer_count": "number of layers, 0 without layers",
        "epoch": "pass over the samples",
    }
    for name, long_name in names.items():
        dataset[name].attrs |= {"long_name": long_name, "units": "1"}
    return dataset
