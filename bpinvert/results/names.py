"""What the variables and bits of a result are called, what they mean and in which units they are."""

from __future__ import annotations

from bpinvert import checks

# status says how a sounding was handled; flag (by the checks' bits) says whether it is a stranger.
STATUS = {
    "extrapolated": (1, "its readings begin or end elsewhere than those that the inverter is for"),
    "readings_masked": (2, "some readings are not used"),
    "too_few_readings": (4, "usable readings at fewer than three places: not inverted"),
    "not_converged": (8, "refinement stopped at its limit of iterations"),
    "refined": (16, "refined with the physics"),
    "at_prior_edge": (32, "a parameter lies at the edge of the prior: the data set it a limit on one side only"),
    "segments_shifted": (64, "readings of some MN segments were displaced against the others to fit one model"),
    "noise_estimated": (128, "the size of its errors was estimated with the sounding"),
    "sampled": (256, "its posterior was sampled"),
    "sampled_by_mcmc": (512, "importance sampling did not suffice; its posterior comes from Markov chains"),
    "sampling_unreliable": (1024, "its posterior could not be sampled reliably: take the intervals as a lower limit"),
    "methods_conflict": (4096, "each method alone is fitted by a model of the prior, but no model fits them together"),
    "context_missing": (2048, "its height, or what else must be known of it, is missing or impossible: not inverted"),
}
# Bits of soundings without an answer.
NOT_INVERTED = STATUS["too_few_readings"][0] | STATUS["context_missing"][0]
FLAG_BITS = {name: 1 << k for k, name in enumerate(checks.NAMES)}

UNITS = {
    "thickness": "m",
    "depth": "m",
    "resistivity": "ohm m",
    "chargeability": "mV/V",
    "vs": "m/s",
    "vp": "m/s",
    "density": "kg/m3",
    "height": "m",
    "conductance": "S",
    "transverse_resistance": "ohm m2",
    "basement_depth": "m",
    "depth_of_investigation": "m",
    "vs30": "m/s",
    "half_wavelength": "m",
}


def unit_of(name: str) -> str:
    """The unit of a property or of what is known of a sounding, also where it is that of one method of several."""
    own = name if name in UNITS else max((known for known in UNITS if name.endswith(f"_{known}")), key=len, default="")
    return UNITS.get(own, "")


# What results have of each parameter beside the recommended model's.
OF_PARAMETERS = ("best", "quantile", "mean", "draws", "profile_quantile")
# What the names of a posterior's summary mean; parameters are named after themselves.
MEANINGS = {
    "ess": "effective sample size of the posterior",
    "pareto_k": "shape of the tail of the importance weights (Pareto k̂): trust the posterior below 0.7",
    "log_evidence": "ln of the probability density of the data on their scale, over all layer counts",
    "layer_probability": "posterior probability of each number of layers",
    "conductance": "longitudinal conductance above the half-space",
    "transverse_resistance": "transverse resistance above the half-space",
    "basement_depth": "depth to the half-space",
    "depth_of_investigation": "depth below which the data narrow the prior's intervals by less than a fifth",
    "vs30": "mean shear velocity of the upper 30 m by travel time",
    "half_wavelength": "half the longest wavelength measured: below it surface waves say nothing",
    "depth": "depth to the bottom of each layer",
    "fixed_value": "value that was known, in m or the property's unit",
    "fixed_std": "its standard deviation, in the same unit",
    "fixed_residual": "(known - recommended model's)/σ, of a property in the logarithm",
    "fixed_p_value": "how often data and known values would by chance be as far apart",
}
