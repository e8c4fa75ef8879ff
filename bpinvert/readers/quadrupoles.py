"""Four electrodes in line: which array they are, its spacings and its middle."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

# Share of a spacing by which electrodes may miss the array.
_TOLERANCE = 1e-3
# Share of the median spacing by which electrodes may miss the straight line.
_OFF_LINE = 0.2
_DIGITS = 6


@dataclass(frozen=True)
class Array:
    """Quadrupoles of one array.

    Attributes
    ----------
    name : str
        Of its survey in forward_models.
    chosen : (n_chosen,) array
        Which of the quadrupoles they are.
    spacings : dict of str to (n_chosen,) array
    middle : (n_chosen,) array
        On the line, in m.
    """

    name: str
    chosen: np.ndarray
    spacings: dict[str, np.ndarray]
    middle: np.ndarray


def along_line(positions: np.ndarray) -> np.ndarray:
    """Each electrode's place in m on the line that they lie on, (n,); their x where the line runs along x.

    Raises
    ------
    ValueError
        If they lie on no straight line.
    """
    flat = positions[:, :2]
    if not flat[:, 1].any():
        return flat[:, 0]
    centred = flat - flat.mean(axis=0)
    direction = np.linalg.svd(centred, full_matrices=False)[2][0]
    direction = direction * np.sign(direction[np.argmax(np.abs(direction))])
    place = centred @ direction
    off = np.abs(centred - np.outer(place, direction)).max()
    if off > _OFF_LINE * np.median(np.diff(np.sort(place))):
        raise ValueError(
            f"the electrodes lie up to {off:.3g} m beside a straight line; soundings are taken from straight lines "
            "only. Give their distances along the line as x."
        )
    return place - place[0]


def geometric_factor(places: np.ndarray) -> np.ndarray:
    """K in m over flat ground, (n,): 2π/(1/AM - 1/AN - 1/BM + 1/BN); an electrode at infinity counts nothing."""
    a, b, m, n = places.T
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = [_inverse(one, other) for one, other in ((a, m), (a, n), (b, m), (b, n))]
        return 2 * np.pi / (terms[0] - terms[1] - terms[2] + terms[3])


@np.errstate(invalid="ignore", divide="ignore")
def commonest_array(places: np.ndarray) -> tuple[Array | None, int]:
    """The array that most quadrupoles are, and how many are others or none.

    Parameters
    ----------
    places : (n, 4) array
        Of A, B, M and N on the line; infinite where far away.
    """
    # What is measured stays when current and potential electrodes, or those of a pair, are exchanged.
    current, potential = np.sort(places[:, :2], axis=1), np.sort(places[:, 2:], axis=1)
    found = [_nested(current, potential), _apart(current, potential), _pole_dipole(current, potential)]
    found.append(_two_poles(current, potential))
    best = max(found, key=lambda array: len(array.chosen))
    if not len(best.chosen):
        return None, len(places)
    # Readings of equal spacings must have them to the last digit.
    spacings = {name: np.round(values, _DIGITS) for name, values in best.spacings.items()}
    return replace(best, spacings=spacings), len(places) - len(best.chosen)


def _nested(current, potential):
    """Schlumberger's or Wenner's: one pair in the middle of the other."""
    outer = np.where((np.ptp(current, axis=1) > np.ptp(potential, axis=1))[:, None], current, potential)
    inner = np.where((np.ptp(current, axis=1) > np.ptp(potential, axis=1))[:, None], potential, current)
    ab2, mn2 = np.ptp(outer, axis=1) / 2, np.ptp(inner, axis=1) / 2
    middle = outer.mean(axis=1)
    centred = np.abs(inner.mean(axis=1) - middle) <= _TOLERANCE * ab2
    chosen = np.flatnonzero(np.isfinite(ab2) & np.isfinite(mn2) & centred & (mn2 > 0) & (mn2 < ab2))
    ab2, mn2, middle = ab2[chosen], mn2[chosen], middle[chosen]
    if len(chosen) and (np.abs(3 * mn2 / ab2 - 1) <= _TOLERANCE).all():
        return Array("Wenner", chosen, {"a": 2 * mn2}, middle)
    return Array("Schlumberger", chosen, {"ab2": ab2, "mn2": mn2}, middle)


def _apart(current, potential):
    """Dipole-dipole: two pairs of one length side by side."""
    a, other = np.ptp(current, axis=1), np.ptp(potential, axis=1)
    gap = np.maximum(current[:, 0], potential[:, 0]) - np.minimum(current[:, 1], potential[:, 1])
    alike = np.isfinite(a) & (a > 0) & (np.abs(a - other) <= _TOLERANCE * a)
    chosen = np.flatnonzero(alike & (gap > _TOLERANCE * a))
    middle = (current.mean(axis=1) + potential.mean(axis=1))[chosen] / 2
    return Array("DipoleDipole", chosen, {"a": a[chosen], "n": (gap / np.where(a > 0, a, np.nan))[chosen]}, middle)


def _pole_dipole(current, potential):
    """Pole-dipole: of one pair an electrode is far away, and the other stands beside the pair that is not."""
    far = np.isinf([current[:, 1], potential[:, 1]])
    pole = np.where(far[0], current[:, 0], potential[:, 0])
    pair = np.where(far[0][:, None], potential, current)
    near = np.maximum(pair[:, 0] - pole, pole - pair[:, 1])
    a = np.ptp(pair, axis=1)
    chosen = np.flatnonzero((far.sum(axis=0) == 1) & np.isfinite(pole) & (a > 0) & (near > _TOLERANCE * a))
    n = near[chosen] / a[chosen]
    middle = (pole[chosen] + pair[chosen].mean(axis=1)) / 2
    return Array("PoleDipole", chosen, {"a": a[chosen], "n": n}, middle)


def _two_poles(current, potential):
    """Pole-pole: of both pairs an electrode is far away."""
    both = np.isinf(current[:, 1]) & np.isinf(potential[:, 1])
    distance = np.abs(current[:, 0] - potential[:, 0])
    chosen = np.flatnonzero(both & np.isfinite(distance) & (distance > 0))
    middle = (current[chosen, 0] + potential[chosen, 0]) / 2
    return Array("PolePole", chosen, {"a": distance[chosen]}, middle)


def _inverse(one, other):
    far = np.isinf(one) | np.isinf(other)
    return np.where(far, 0.0, 1 / np.abs(np.where(far, 1.0, one - np.where(far, 0.0, other))))
