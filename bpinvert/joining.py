"""Soundings of several methods at the same places: joined to one Dataset, and taken apart again."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr

# What belongs to a place and not to a method.
COMMON = ("name", "x", "y", "elevation", "line")
# What of a result is told of each method under its own names.
_OF_QUANTITIES = ("predicted_", "residual_")
_TABLE = ("sounding", "reading")
# Two methods closer than this are at one place, m.
_NEAR = 1.0


def join_soundings(parts) -> xr.Dataset:
    """Soundings of several methods as one Dataset, for an inverter of a `forward_models.Joint`.

    The readings of the first method are followed by those of the second; variables are called
    ``<method>_<own name>``, but for ``used`` and what belongs to the place (name, x, y, elevation, line).

    Parameters
    ----------
    parts : dict, name of the method in the joint survey -> observed Dataset
        Where all have the variable ``name``, soundings of one name belong together and may lack a method; else those
        at the same position along ``sounding`` do, and so do single soundings, whatever their names: the first counts.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    TypeError
        If `parts` is no dict by names, or a part is no Dataset.
    ValueError
        If soundings cannot be told to belong together.

    Examples
    --------
    >>> table = ("sounding", "reading")
    >>> ves = xr.Dataset({"apparent_resistivity": (table, [[50.0, 60.0]]), "ab2": ("reading", [1.0, 3.0])})
    >>> mt = xr.Dataset({"phase": (table, [[45.0]]), "period": ("reading", [1.0])})
    >>> joint = join_soundings({"ves": ves, "mt": mt})
    >>> joint["mt_period"].values
    array([[nan, nan,  1.]])
    """
    if not isinstance(parts, dict) or not all(isinstance(name, str) and name.isidentifier() for name in parts):
        said = f"the names {', '.join(map(repr, parts))}" if isinstance(parts, dict) else f"a {type(parts).__name__}"
        raise TypeError(
            f"join_soundings got {said}; pass a dict by the names of the joint survey, e.g. "
            "{'ves': observed, 'mt': other}."
        )
    for name, part in parts.items():
        if not isinstance(part, xr.Dataset):
            raise TypeError(f"{name} is a {type(part).__name__}; pass Datasets, e.g. from read_soundings.")
    parts = {name: _on_table(name, part) for name, part in parts.items()}
    if not parts:
        raise ValueError("there is nothing to join; pass e.g. {'ves': observed, 'mt': other}.")
    parts = _matched(parts)
    common = {}
    for part in parts.values():
        for key in COMMON:
            if key in part and part[key].dims == ("sounding",):
                known = part[key].astype(object) if part[key].dtype.kind in "UO" else part[key]
                common[key] = known if key not in common else _either(common[key], known)
    common = {key: value.astype(str) if value.dtype.kind == "O" else value for key, value in common.items()}
    tables = [_prefixed(part, name) for name, part in parts.items()]
    used = xr.concat([table.pop("used") for table in tables], "reading")
    sizes = [part.sizes["reading"] for part in parts.values()]
    variables = {}
    for k, table in enumerate(tables):
        for key, variable in table.items():
            variables[key] = _placed(variable, sum(sizes[:k]), sum(sizes[k + 1 :]))
    reports = [part.attrs["read_report"] for part in parts.values() if part.attrs.get("read_report")]
    reports += [*_renamed(parts), *_apart(parts)]
    attrs = {
        "method": "joint",
        "array": "Joint",
        "parts": json.dumps({name: _plain(part.attrs) for name, part in parts.items()}),
        "read_report": "\n".join(reports),
    }
    return xr.Dataset(variables | {"used": used} | common, attrs=attrs)


def part_of(dataset, name: str) -> xr.Dataset:
    """One method of joined soundings, or of a result of them, under its own names.

    Of a result, models and flags are those of the joint inversion, and ``chi2`` is that of the method.

    Parameters
    ----------
    dataset : xarray.Dataset from :func:`join_soundings`, ``Inverter.invert`` or ``Inverter.check``
    name : str
        Of the method.

    Raises
    ------
    ValueError
        If there is no such method.
    """
    names = parts_in(dataset)
    if name not in names:
        raise ValueError(f"there is no part {name!r}; there are {', '.join(names) or 'none'}. Name one of these.")
    prefix = f"{name}_"
    others = [f"{other}_" for other in names if other != name]
    renamed, kept = {}, []
    for key in map(str, dataset.variables):
        stem = next((start for start in _OF_QUANTITIES if key.startswith(start + prefix)), "")
        if key.startswith(stem + prefix):
            renamed[key] = stem + key.removeprefix(stem + prefix)
        elif not any(key.removeprefix(start).startswith(tuple(others)) for start in ("", *_OF_QUANTITIES)):
            kept.append(key)
    if f"chi2_{name}" in dataset:
        renamed[f"chi2_{name}"] = "chi2"
    kept = [key for key in kept if key not in renamed and key not in renamed.values() and not key.startswith("chi2_")]
    own = dataset[[key for key in (*renamed, *kept) if key in dataset.data_vars]]
    own = own.rename({key: new for key, new in renamed.items() if key in own})
    tables = [own[key] for key in renamed.values() if key in own and own[key].dims == _TABLE]
    there = [table != "" if table.dtype.kind in "UO" else table.notnull() for table in tables]
    own = own.isel(reading=np.any([table.values for table in there], axis=(0, 1)))
    own.attrs = _own_attrs(dataset.attrs, name)
    return own


def parts_in(dataset) -> list[str]:
    """Names of the methods of joined soundings, or of a result of them; empty where they are of one method."""
    return list(json.loads(dataset.attrs.get("parts", "{}")))


def own_names(observed, name) -> xr.Dataset:
    """Variables of the method `name` under their own names, on all readings; `observed` itself where it has none."""
    if not name:
        return observed
    found = {key: key.removeprefix(f"{name}_") for key in observed.data_vars if str(key).startswith(f"{name}_")}
    own = observed[[*found, *(["used"] if "used" in observed else [])]].rename(found)
    own.attrs = json.loads(observed.attrs.get("parts", "{}")).get(name, {})
    return own


def _own_attrs(attrs, name):
    """The attributes of a Dataset that are those of one method."""
    own = {key: value for key, value in attrs.items() if key not in ("parts", "array", "method", "read_report")}
    own |= json.loads(attrs["parts"])[name]
    prefix = f"{name}_"
    if "quantities" in attrs:
        quantities = json.loads(attrs["quantities"])
        own["quantities"] = json.dumps([key.removeprefix(prefix) for key in quantities if key.startswith(prefix)])
    if "training_range" in attrs:
        ranges = {}
        for quantity, trained in json.loads(attrs["training_range"]).items():
            if quantity.startswith(prefix):
                trained["coordinates"] = {
                    key.removeprefix(prefix): values for key, values in trained["coordinates"].items()
                }
                for key in ("main", "branch"):
                    trained[key] = trained[key] and trained[key].removeprefix(prefix)
                ranges[quantity.removeprefix(prefix)] = trained
        own["training_range"] = json.dumps(ranges, sort_keys=True)
    if "survey" in attrs:
        survey = json.loads(attrs["survey"])
        # Of a function, which is not stored, there is no description by methods.
        if "surveys" in survey:
            own["survey"] = json.dumps(survey["surveys"][survey["names"].index(name)], sort_keys=True)
    if "noise" in attrs:
        noise = json.loads(attrs["noise"])
        own["noise"] = json.dumps({kind: _of_part(setting, prefix) for kind, setting in noise.items()}, sort_keys=True)
    return own


def _of_part(setting, prefix):
    if not isinstance(setting, dict):
        return setting
    return {key.removeprefix(prefix): level for key, level in setting.items() if key.startswith(prefix)}


def _on_table(name, part):
    """The same with dimensions ``sounding`` and ``reading`` throughout."""
    tables = [key for key in part.data_vars if "reading" in part[key].dims]
    if not tables:
        raise ValueError(f"{name} has no variable on 'reading'; pass soundings, e.g. from read_soundings.")
    part = part if "sounding" in part.dims else part.expand_dims("sounding")
    blank = xr.DataArray(np.zeros([part.sizes[key] for key in _TABLE]), dims=_TABLE)
    values = {}
    for key in part.data_vars:
        if "reading" in part[key].dims:
            values[key] = part[key].broadcast_like(blank).transpose(*_TABLE).drop_vars(_TABLE, errors="ignore")
        elif part[key].dims == ("sounding",):
            values[key] = part[key].drop_vars("sounding", errors="ignore")
    if "used" not in values:
        values["used"] = xr.ones_like(blank, dtype=bool)
    values["used"] = values["used"] == 1
    return xr.Dataset(values, attrs=part.attrs)


def _matched(parts):
    """The parts with the same soundings in the same order."""
    if len(parts) > 1 and all("name" in part for part in parts.values()):
        names = {key: part["name"].values.astype(str).tolist() for key, part in parts.items()}
        for key, own in names.items():
            if len(set(own)) < len(own):
                twice = next(one for one in own if own.count(one) > 1)
                raise ValueError(f"{key} has several soundings named {twice!r}; rename them, or drop the names of one.")
        if set.intersection(*map(set, names.values())):
            everyone = list(dict.fromkeys(one for own in names.values() for one in own))
            return {key: _in_order(part, names[key], everyone) for key, part in parts.items()}
        if all(len(own) == 1 for own in names.values()):
            return parts
        first, second, *_ = names.values()
        raise ValueError(
            f"no two soundings have the same name ({', '.join(first[:3])} and {', '.join(second[:3])}); rename them, "
            "or drop 'name' to join them by position."
        )
    counts = {key: part.sizes["sounding"] for key, part in parts.items()}
    if len(set(counts.values())) > 1:
        said = ", ".join(f"{key} has {n} soundings" for key, n in counts.items())
        raise ValueError(
            f"{said}; to be joined by position they need as many. Leave out those that stand alone, or give all of "
            "them a name."
        )
    return parts


def _in_order(part, own, everyone):
    """The soundings `everyone` by name; those that the part lacks have no reading."""
    rows = np.array([own.index(name) if name in own else -1 for name in everyone])
    lacking = xr.DataArray(rows < 0, dims="sounding")
    part = part.isel(sounding=np.maximum(rows, 0))
    for key in part.data_vars:
        part[key] = part[key].where(~lacking, _missing(part[key]))
    return part


def _renamed(parts):
    """A sentence on single soundings of different names."""
    names = {key: str(part["name"].values[0]) for key, part in parts.items() if "name" in part}
    if len(names) < len(parts) or any(part.sizes["sounding"] != 1 for part in parts.values()):
        return []
    if len(set(names.values()) - {""}) < 2:
        return []
    said = ", ".join(f"{key} {name!r}" for key, name in names.items())
    return [f"Joined are the only soundings of each method: {said}."]


def _apart(parts):
    """A sentence for each sounding whose methods are not at one place, of those that have x and y."""
    placed = {name: part for name, part in parts.items() if {"x", "y"} <= set(part.data_vars)}
    (first, *others), sentences = list(placed) or [""], []
    for other in others:
        distance = np.hypot(*(placed[first][key].values - placed[other][key].values for key in ("x", "y")))
        for k in np.flatnonzero(distance > _NEAR):
            own = placed[first]
            sounding = str(own["name"].values[k]) if "name" in own else f"sounding {k + 1}"
            sentences.append(
                f"{sounding}: {first} and {other} lie {distance[k]:.0f} m apart; they are joined as if at one place."
            )
    return sentences


def _missing(variable):
    """What stands where there is nothing, by the kind of a variable."""
    return {"b": False, "U": "", "O": ""}.get(variable.dtype.kind, np.nan)


def _either(first, second):
    """The first, where it says something, else the second."""
    said = first != "" if first.dtype.kind == "O" else first.notnull()
    return first.where(said, second)


def _prefixed(part, name):
    """The variables of a part as they are called among others."""
    kept = {key: variable for key, variable in part.data_vars.items() if key not in COMMON}
    return {key if key == "used" else f"{name}_{key}": variable for key, variable in kept.items()}


def _placed(variable, before, after):
    """A variable of a part's readings among those of others."""
    if "reading" not in variable.dims:
        return variable
    if variable.dtype.kind in "bi":
        variable = variable.astype(float)
    filler = _missing(variable)
    return variable.pad(reading=(before, after), constant_values=filler) if before or after else variable


def _plain(attrs):
    return {key: value for key, value in attrs.items() if isinstance(value, str | int | float | bool)}
