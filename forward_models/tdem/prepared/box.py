"""The range of models that weights were trained on and hold for."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class Box:
    """Ranges that every layer of a model lies in.

    Parameters
    ----------
    n_layers : int
        The most that differ; copies of the half-space below do not count.
    resistivity, thickness : (low, high), Ω·m, m
    height : (low, high), m, or None
    """

    n_layers: int
    resistivity: tuple[float, float]
    thickness: tuple[float, float]
    height: tuple[float, float] | None

    @classmethod
    def around(cls, models) -> Box:
        """The least one that holds `models`, arrays with the models in the last axis."""
        resistivity = models["resistivity"]
        thickness = models["thickness"][_interfaces(resistivity)]
        return cls(
            n_layers=len(resistivity),
            resistivity=_range(resistivity),
            thickness=_range(thickness) if thickness.size else (1.0, 1.0),
            height=_range(models["height"]) if "height" in models else None,
        )

    def widened(self, share) -> Box:
        """Longer by `share` of the (logarithmic) ranges at either end, and by some at least."""
        factor = lambda low, high: max((high / low) ** share, 1 + share)  # noqa: E731
        wider = {
            name: (low / factor(low, high), high * factor(low, high))
            for name, (low, high) in [("resistivity", self.resistivity), ("thickness", self.thickness)]
        }
        height = self.height
        if height is not None:
            more = share * max(height[1] - height[0], 1.0)
            height = (max(height[0] - more, min(height[0], 0.0)), height[1] + more)
        return Box(self.n_layers, height=height, **wider)

    def draw(self, n, rng) -> dict[str, np.ndarray]:
        """n models from anywhere in the box, in the last axis; half of them with fewer layers."""
        spread = lambda low, high, *shape: low * (high / low) ** rng.random(shape)  # noqa: E731
        resistivity = spread(*self.resistivity, self.n_layers, n)
        last = rng.integers(0, 2 * self.n_layers, n)
        place = np.minimum(np.arange(self.n_layers)[:, None], last)
        models = {
            "thickness": spread(*self.thickness, self.n_layers - 1, n),
            "resistivity": np.take_along_axis(resistivity, place, axis=0),
        }
        return models if self.height is None else models | {"height": rng.uniform(*self.height, n)}

    def holds(self, thickness, resistivity, height=None) -> np.ndarray:
        """Whether models (n_layers-1, b), (n_layers, b), (b,) are inside, (b,)."""
        inside = _within(resistivity, self.resistivity).all(axis=0)
        if height is not None:
            inside &= _within(height, self.height)
        thick = _within(thickness, self.thickness)
        if len(resistivity) > self.n_layers or not thick.all():
            used = _interfaces(resistivity)
            inside &= (thick | ~used).all(axis=0) & (used.sum(axis=0) < self.n_layers)
        return inside

    def to_dict(self) -> dict:
        """JSON-able description."""
        return asdict(self)


def _interfaces(resistivity):
    """Which interfaces (n_layers-1, b) have other resistivities anywhere below."""
    changes = resistivity[1:] != resistivity[:-1]
    return np.logical_or.accumulate(changes[::-1], axis=0)[::-1]


def _within(values, limits):
    return (values >= limits[0]) & (values <= limits[1])


def _range(values):
    return float(values.min()), float(values.max())
