"""The answers of one `invert` call as plain arrays, before they get names."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bpinvert import checks


@dataclass
class Answer:
    """Arrays of one `invert` call over all soundings, before they get names; NaN where there is no answer.

    Attributes
    ----------
    models, best : dict of (n, k) or (n,) arrays in physical units, NaN beyond the layer count
        The recommended and the best-fitting models.
    n_layers, freedom : (n,) int arrays, 0 where not inverted
    predicted, residual : dict of (n, n_readings) arrays by quantity
    sigma : dict of (n, n_readings) arrays by quantity, in physical units, what the residuals were divided by
    shift : (n, n_readings) array, factor by which the reading's MN segment is displaced
    used, reading_outside : (n, n_readings) bool arrays
    chi2, rrms, noise_estimate : (n,) arrays
    scores : (n, n_checks) array
    strata : (n, 5) array
    status : (n,) int array
    summary : dict, name -> (dims, array), what is known of posteriors
    """

    models: dict = field(default_factory=dict)
    best: dict = field(default_factory=dict)
    n_layers: np.ndarray | None = None
    freedom: np.ndarray | None = None
    predicted: dict = field(default_factory=dict)
    residual: dict = field(default_factory=dict)
    sigma: dict = field(default_factory=dict)
    shift: np.ndarray | None = None
    used: np.ndarray | None = None
    reading_outside: np.ndarray | None = None
    chi2: np.ndarray | None = None
    rrms: np.ndarray | None = None
    noise_estimate: np.ndarray | None = None
    scores: np.ndarray | None = None
    strata: np.ndarray | None = None
    status: np.ndarray | None = None
    summary: dict = field(default_factory=dict)

    @classmethod
    def empty(cls, n, n_readings, quantities, shapes) -> Answer:
        """Nothing answered yet; `shapes` is {name: number of layers or interfaces, or None for a scalar}."""
        rows, table = (n,), (n, n_readings)
        return cls(
            **{
                part: {name: np.full(rows if k is None else (n, k), np.nan) for name, k in shapes.items()}
                for part in ("models", "best")
            },
            n_layers=np.zeros(rows, dtype=np.int32),
            freedom=np.zeros(rows, dtype=np.int32),
            predicted={q: np.full(table, np.nan) for q in quantities},
            residual={q: np.full(table, np.nan) for q in quantities},
            sigma={q: np.full(table, np.nan) for q in quantities},
            shift=np.full(table, np.nan),
            used=np.zeros(table, dtype=bool),
            reading_outside=np.zeros(table, dtype=bool),
            chi2=np.full(rows, np.nan),
            rrms=np.full(rows, np.nan),
            noise_estimate=np.full(rows, np.nan),
            scores=np.full((n, len(checks.NAMES)), np.nan),
            strata=np.zeros((n, 5)),
            status=np.zeros(rows, dtype=np.int32),
        )

    def put_summary(self, rows, summary) -> None:
        """Fill in what is known of the posteriors of some soundings, {name: (dims, array)}."""
        n = len(self.status)
        for name, (dims, values) in summary.items():
            axis = dims.index("sounding")
            shape = [n if k == axis else size for k, size in enumerate(values.shape)]
            if dims[-1] in ("layer", "interface"):
                shape[-1] = self.models["thickness" if dims[-1] == "interface" else self._layered()].shape[1]
            if name not in self.summary:
                self.summary[name] = (dims, np.full(shape, np.nan))
            place = [slice(None)] * values.ndim
            place[axis] = rows
            if dims[-1] in ("layer", "interface"):
                place[-1] = slice(values.shape[-1])
            self.summary[name][1][tuple(place)] = values

    def _layered(self):
        return next(name for name in self.models if name != "thickness")
