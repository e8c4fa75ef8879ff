"""Posteriors in the result's terms: quantiles, means, profiles, well-resolved combinations."""

from __future__ import annotations

import numpy as np

from bpinvert.calibration import curve_type
from bpinvert.priors.models import Models
from bpinvert.velocities import vs30

PROBABILITIES = (0.05, 0.25, 0.5, 0.75, 0.95)
# Draws that profiles against depth are taken of, and soundings at once.
_N_PROFILE, _AT_ONCE = 400, 64
_N_DEPTHS = 40
# A depth is resolved where the 90 % interval there is narrower than this share of the prior's.
_RESOLVED = 0.8


def quantiles(prior, u, levels=None) -> dict:
    """Quantiles and means of the parameters and of combinations of them that data resolve well.

    Parameters
    ----------
    prior : prior of one layer count
    u : (n_draws, n, P) array
    levels : (n_levels, n, P) array, optional
        Probabilities at which the quantiles of the parameters are taken in place of `PROBABILITIES`.

    Returns
    -------
    dict, name -> (dims, array)
    """
    n_draws, n, P = u.shape
    models = prior.decode(u.reshape(-1, P))
    arrays = {name: values.reshape(n_draws, n, *values.shape[1:]) for name, values in models.items()}
    if "thickness" in arrays:
        arrays["depth"] = np.cumsum(arrays["thickness"], axis=2)
    lowest = prior.decode(np.zeros((1, P)))
    positive = {name: bool(np.all(values > 0)) for name, values in lowest.items()} | {"depth": True}
    summary = {}
    for name, values in arrays.items():
        dims = dims_of(name, values.ndim - 1)
        summary[f"{name}_quantile"] = (("quantile", *dims), np.quantile(values, PROBABILITIES, axis=0))
        summary[f"{name}_mean"] = (dims, _mean(values, positive[name]))
    if levels is not None:
        for name, values in as_models(prior, _at(np.sort(u, axis=0), levels)).items():
            summary[f"{name}_quantile"] = (("quantile", *dims_of(name, values.ndim - 1)), values)
    for name, values in combinations(arrays).items():
        summary[f"{name}_quantile"] = (("quantile", "sounding"), np.quantile(values, PROBABILITIES, axis=0))
    return summary


def _at(ordered, levels):
    """Quantiles of sorted draws (n_draws, n, P), rounded outward, the range's own ends beyond the outermost draws."""
    n_draws = len(ordered)
    upper = levels > 0.5
    place = np.where(upper, np.ceil(levels * (n_draws + 1)), np.floor(levels * (n_draws + 1))).astype(int)
    edge = np.zeros((1, *ordered.shape[1:]))
    padded = np.concatenate([edge, ordered, edge + 1])
    return np.take_along_axis(padded, np.clip(place, 0, n_draws + 1), axis=0)


def kinds(models, rows) -> np.ndarray:
    """What calibrations tell apart: the curve types of resistivity models; one kind without."""
    if "resistivity" not in models or models["resistivity"].ndim != 2:
        return np.full(len(rows), "all")
    return curve_type(models["resistivity"][rows])


def _mean(values, positive):
    """Of the logarithm of what is always positive."""
    return np.exp(np.log(values).mean(axis=0)) if positive else values.mean(axis=0)


def combinations(models) -> dict:
    """S = Σ h/ρ in S and T = Σ h ρ in Ω·m² above the half-space, the depth of this in m, and Vs30 in m/s.

    Maillet (1947), doi:10.1190/1.1437342: what resistivity soundings resolve of layers that are thin for them.

    Parameters
    ----------
    models : dict of (..., n_layers - 1) and (..., n_layers) arrays
    """
    thickness = models.get("thickness")
    if thickness is None:
        return {}
    found = {"vs30": vs30(thickness, models["vs"])} if "vs" in models else {}
    if not thickness.shape[-1]:
        return found
    found["basement_depth"] = thickness.sum(axis=-1)
    if "resistivity" in models:
        above = models["resistivity"][..., :-1]
        found["conductance"] = (thickness / above).sum(axis=-1)
        found["transverse_resistance"] = (thickness * above).sum(axis=-1)
    return found


def dims_of(name, n_dims) -> tuple[str, ...]:
    """Dimensions of a parameter in results."""
    if n_dims == 1:
        return ("sounding",)
    return ("sounding", "interface" if name in ("thickness", "depth") else "layer")


def depth_grid(prior) -> np.ndarray:
    """Depths in m that profiles are given at, (n_depths,): from the shallowest interface to below the deepest one."""
    models = prior.draw(2000, np.random.default_rng(0)).masked()
    depth = np.cumsum(models["thickness"], axis=1)
    # Pictures hold the shallowest values on upward, so hardly any interface may be above them.
    return np.geomspace(
        np.nanquantile(depth[:, 0], 0.001), 1.2 * np.nanquantile(np.nanmax(depth, axis=1), 0.98), _N_DEPTHS
    )


def at_depths(values, thickness, depths) -> np.ndarray:
    """Values (n, n_layers) at depths (n_depths,) of layers of that thickness (n, n_layers - 1), (n, n_depths)."""
    bottom = np.cumsum(thickness, axis=1)
    layer = (depths[None, :, None] >= bottom[:, None, :]).sum(axis=2)
    return np.take_along_axis(values, layer, axis=1)


class Profiles:
    """Properties against depth over all layer counts, and how deep the data tell anything.

    Parameters
    ----------
    priors : dict, layer count -> prior
    probability : (n_counts,) array, of the counts beforehand
    """

    def __init__(self, priors, probability, depths):
        self.priors, self.depths = priors, depths
        self.properties = next(iter(priors.values())).properties
        rng = np.random.default_rng(0)
        drawn = {count: rng.random((4000, len(prior.parameters))) for count, prior in priors.items()}
        wide = self._pooled({count: u[:, None] for count, u in drawn.items()}, np.asarray(probability)[None], 4000)
        self._prior_width = {name: _width(values)[0] for name, values in wide.items()}

    def summary(self, draws, probability) -> dict:
        """Quantiles of every property at the depths, and the depth of investigation.

        Parameters
        ----------
        draws : dict, layer count -> (n_draws, n, P) array of u
        probability : (n, n_counts) array

        Returns
        -------
        dict, name -> (dims, array)
        """
        n = len(probability)
        found = {name: np.empty((len(PROBABILITIES), n, len(self.depths))) for name in self.properties}
        deepest = np.zeros(n)
        for start in range(0, n, _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            some = {count: u[:, part] for count, u in draws.items()}
            for name, values in self._pooled(some, probability[part], _N_PROFILE).items():
                found[name][:, part] = np.quantile(values, PROBABILITIES, axis=0)
                resolved = _width(values) < _RESOLVED * self._prior_width[name]
                # Down to the last depth before all is as uncertain as beforehand.
                last = len(self.depths) - resolved[:, ::-1].argmax(axis=1) - 1
                depth = np.where(resolved.any(axis=1), self.depths[last], 0.0)
                deepest[part] = np.maximum(deepest[part], depth)
        summary = {
            f"{name}_profile_quantile": (("quantile", "sounding", "depth_grid"), values)
            for name, values in found.items()
        }
        return summary | {"depth_of_investigation": (("sounding",), deepest)}

    def _pooled(self, draws, probability, n_wanted):
        """{property: (n_wanted, n, n_depths)} of draws of all counts by their probability."""
        n = len(probability)
        shares = np.cumsum(probability, axis=1)
        level = (np.arange(n_wanted) + 0.5) / n_wanted
        which = (level[:, None, None] > shares[None, :, :-1]).sum(axis=2)
        pooled = {name: np.empty((n_wanted, n, len(self.depths))) for name in self.properties}
        places = {count: place for place, count in enumerate(self.priors)}
        for count, u in draws.items():
            chosen, row = np.nonzero(which == places[count])
            if not chosen.size:
                continue
            models = self.priors[count].decode(u[chosen % len(u), row])
            for name in self.properties:
                pooled[name][chosen, row] = at_depths(models[name], models["thickness"], self.depths)
        return pooled


def _width(values):
    """Width of the central 90 % of the logarithm of values (n_draws, n, n_depths), (n, n_depths)."""
    low, high = np.quantile(values, (0.05, 0.95), axis=0)
    return np.log(high / low)


def nearest_the_median(u, chi2, enough) -> np.ndarray:
    """The draw nearest the posterior median among those that fit, (n, P).

    Parameters
    ----------
    u : (n_draws, n, P) array
    chi2 : (n_draws, n) array
    enough : (n,) array
        A draw fits whose sum of squared residuals is below; where none is, the better half of the draws is asked.
    """
    limit = np.where((chi2 <= enough).any(axis=0), enough, np.median(chi2, axis=0))
    spread = np.maximum(u.std(axis=0), 1e-9)
    distance = np.square((u - np.median(u, axis=0)) / spread).sum(axis=2)
    best = np.where(chi2 <= limit, distance, np.inf).argmin(axis=0)
    return u[best, np.arange(u.shape[1])]


def as_models(prior, u) -> Models:
    """Draws u (n_draws, n, P) as models with arrays (n_draws, n, k) or (n_draws, n)."""
    n_draws, n, P = u.shape
    models = prior.decode(u.reshape(-1, P))
    return Models({name: values.reshape(n_draws, n, *values.shape[1:]) for name, values in models.items()})
