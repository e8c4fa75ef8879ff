"""The survey object of a file's system."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bpinvert.readers.em.frequencies import Frequencies
from bpinvert.readers.em.transients import Transients
from forward_models import METHODS, Survey


def settings_of(found: Transients | Frequencies) -> dict:
    """What two files must have in common to be soundings of one system."""
    if isinstance(found, Frequencies):
        return {"survey": "LoopLoop", "height": found.height, "quantity": list(found.data)}
    waveforms = [moment.waveform for moment in found.moments]
    filters = [moment.low_pass for moment in found.moments]
    if len(found.moments) == 1:
        waveforms, filters = waveforms[0], filters[0]
    return {**found.loop, "waveform": waveforms, "low_pass": filters}


def survey_of(observed: xr.Dataset, settings: dict) -> Survey:
    """The survey on all readings that some sounding uses.

    Raises
    ------
    ValueError
        If there can be no such survey, in its own words.
    """
    used = observed["used"].values
    if not used.any():
        raise ValueError(
            f"no reading can be used. {' '.join(observed.attrs['read_report'].splitlines())} Correct the file."
        )
    readings = _tdem if observed.attrs["method"] == "tdem" else _fdem
    settings = settings | readings(observed)
    return METHODS[settings.pop("survey")](**settings)


def _tdem(observed):
    names = [name for name in ("moment", "time", "gate_open", "gate_close") if name in observed]
    places, std = _used_places(observed, names, "dbdt_std")
    order = np.lexsort([places[:, i] for i in reversed(range(len(names)))])
    columns = dict(zip(names, places[order].T, strict=True))
    gates = np.stack([columns["gate_open"], columns["gate_close"]], axis=1) if "gate_open" in columns else None
    return {
        "time": columns["time"],
        "gates": gates,
        "moment": columns.get("moment"),
        "width": std[order] if np.isfinite(std).all() else None,
    }


def _used_places(observed, names, std_name):
    """The different places of used readings, and the median error of each where all have one."""
    used, std = observed["used"].values, observed[std_name].values
    columns = [observed[name].values for name in names]
    if _alike(columns):
        some = np.flatnonzero(used.any(axis=0))
        places = np.stack([column[0, some] for column in columns], axis=1)
        return places, np.array([_median(std[used[:, i], i]) for i in some])
    places, of = np.unique(np.stack([column[used] for column in columns], axis=1), axis=0, return_inverse=True)
    return places, np.array([_median(std[used][of.ravel() == k]) for k in range(len(places))])


def _alike(columns):
    """Whether all soundings have the same readings: of a long survey that saves much."""
    return all((column == column[:1]).all() for column in columns)


def _median(values):
    known = values[np.isfinite(values)]
    return np.median(known) if known.size else np.nan


def _fdem(observed):
    columns = [observed[name].values for name in ("frequency", "offset", "orientation")]
    used = observed["used"].values
    if _alike(columns):
        columns, used = [column[:1] for column in columns], used.any(axis=0)[None]
    places = dict.fromkeys(zip(*(column[used].tolist() for column in columns), strict=True))
    frequency, offset, orientation = (list(part) for part in zip(*places, strict=True))
    return {"frequency": frequency, "offset": offset, "orientation": orientation}
