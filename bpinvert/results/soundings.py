"""One sounding of a result: its place and name, its misfit in words, and what its posterior says."""

from __future__ import annotations

import numpy as np

from bpinvert.priors.base import index

# A model of more layers is a smooth one: it is drawn, and its layers are not told one by one.
MOST_LISTED = 8


def sounding_name(result, sounding: int) -> str:
    """The sounding's own name, or its number where it has none."""
    return str(result["name"].values[sounding]) if "name" in result else f"sounding {sounding}"


def layer_shares(one) -> dict[int, float]:
    """{number of layers: its probability} of one sounding, the most probable first; without those that have none."""
    if "layer_probability" not in one:
        return {}
    found = zip(one["layer_count"].values.tolist(), one["layer_probability"].values.tolist(), strict=True)
    return dict(sorted(((count, share) for count, share in found if share > 0), key=lambda pair: -pair[1]))


def investigated(one) -> float:
    """Depth of investigation of one sounding in m; NaN where its profile ends there, for it may be deeper."""
    profile = next((name for name in one.data_vars if str(name).endswith("_profile_quantile")), None)
    if profile is None:
        return np.nan
    # A result of several inverters has the depths of all of them.
    known = np.isfinite(one[profile].values).all(axis=0)
    depth = float(one["depth_of_investigation"])
    return depth if 0 < depth < one["depth_grid"].values[known].max(initial=0.0) else np.nan


def place_of(result, sounding: int | str) -> int:
    """Where along ``sounding`` the sounding of that number or name stands.

    Raises
    ------
    ValueError
        If there is none, or more than one of that name.
    """
    n = result.sizes["sounding"]
    if not isinstance(sounding, str):
        sounding = index("sounding", sounding)
        if not -n <= sounding < n:
            raise ValueError(f"sounding is {sounding}; the result has {n} soundings, give 0 to {n - 1}.")
        return sounding % n
    names = [sounding_name(result, k) for k in range(n)]
    found = [k for k, name in enumerate(names) if name == sounding]
    if len(found) > 1:
        raise ValueError(f"{len(found)} soundings are named {sounding!r}; give one's number: {found}.")
    if not found:
        shown = ", ".join(names[:10]) + (", …" if n > 10 else "")
        raise ValueError(f"there is no sounding {sounding!r}; there are {shown}. Give a name, or 0 to {n - 1}.")
    return found[0]


def compact(value: float, digits: int) -> str:
    """A misfit in words: so many decimals, powers of ten beyond a thousand."""
    return f"{value:.{digits}f}" if abs(value) < 1000 else f"{value:.2g}"
