"""An inverter in JSON-able words: in its file, and with every result."""

from __future__ import annotations

import json

from bpinvert import foreign, results
from bpinvert.inverter import answering


def described(inverter) -> dict:
    """See `Inverter.to_dict`."""
    return {
        "survey": foreign.described(inverter.survey),
        "prior": inverter.prior.to_dict(),
        "noise": inverter.noise.to_dict(),
        "sheets": inverter.sheets.to_dict(),
        "settings": _settings(inverter),
        "network": _network(inverter),
        "false_alarm_rate": inverter.false_alarm_rate,
        "random_state": inverter.random_state,
    }


def attributes(inverter, observed) -> dict:
    """Attributes of a result, of observed soundings, that say what made it."""
    words = {
        "inverter": inverter.identity,
        "survey": foreign.described(inverter.survey),
        # A custom distribution has no description but its own.
        "prior": inverter.prior.to_dict() if inverter.prior.storable is None else repr(inverter.prior),
        "noise": inverter.noise.to_dict(),
        "sheets": inverter.sheets.to_dict(),
        "settings": _settings(inverter) | {"network": _network(inverter)},
        "training_range": answering.training_range(inverter.solver),
        "context_range": answering.context_range(inverter.solver),
        "versions": results.versions(),
    }
    words = {name: json.dumps(value, sort_keys=True) for name, value in words.items()}
    return words | {"read_report": observed.attrs.get("read_report", "")}


def _settings(inverter):
    trainer = inverter.settings.get("trainer")
    own = {} if trainer is None else {"trainer": trainer if isinstance(trainer, str) else trainer.to_dict()}
    return inverter.settings | own


def _network(inverter):
    """A network of one's own with all of its settings; scikit-learn's own text leaves out what is long."""
    network = inverter.network
    if network is None:
        return None
    settings = ", ".join(f"{name}={value!r}" for name, value in sorted(network.get_params(deep=True).items()))
    return f"{type(network).__name__}({' '.join(settings.split())})"
