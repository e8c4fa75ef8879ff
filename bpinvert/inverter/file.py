"""An inverter as one file."""

from __future__ import annotations

from sklearn.base import clone

from bpinvert import checks, foreign, storage
from bpinvert.calibration import CalibrationReport
from bpinvert.codec import Codec
from bpinvert.inverter.branch import Branch, with_prior
from bpinvert.inverter.fitting import layer_weights, priors_by_count
from bpinvert.inverter.solving import Solver
from bpinvert.network.trainers import trainer_from_dict
from bpinvert.noise import noise_from_dict
from bpinvert.priors import prior_from_dict
from bpinvert.sheets import Sheets


def write(inverter, path) -> None:
    """See `Inverter.save`."""
    if inverter.prior.storable is not None:
        raise ValueError(inverter.prior.storable)
    for branch in inverter.solver.branches.values():
        if branch.storable is not None:
            raise ValueError(branch.storable)
    arrays = {}
    if foreign.unstorable(inverter.survey) is not None:
        _, arrays["probe_data"] = foreign.probes(inverter.survey, inverter.prior)
    arrays |= {f"codec_{key}": value for key, value in inverter.solver.codec.get_state().items()}
    for check in inverter.solver.checks:
        arrays |= {f"check_{check.name}_{key}": value for key, value in check.get_state().items()}
    for level, calibration in inverter.calibrations.items():
        arrays |= {f"calibration_{level}_{key}": value for key, value in calibration.get_state().items()}
    for level, report in inverter.reports.items():
        arrays |= {f"report_{level}_{key}": value for key, value in report.get_state().items()}
    branches = {}
    for count, branch in inverter.solver.branches.items():
        state, branches[str(count)] = branch.get_state()
        arrays |= {f"branch{count}_{key}": value for key, value in state.items()}
    settings = inverter.to_dict() | {
        "levels": list(inverter.calibrations),
        "reports": list(inverter.reports),
        "branches": branches,
        "identity": inverter.identity,
        "checks": checks.SIGNATURE,
    }
    storage.write(path, "inverter", arrays, settings)


def read(path):
    """Arrays and description of an inverter file; errors as `storage.read`, and if its range flags are others."""
    arrays, stored = storage.read(path, "inverter")
    if stored.get("checks") != checks.SIGNATURE:
        raise ValueError(
            f"{path} holds the range flags of another version of bpinvert, which this one cannot compute. Train the "
            "inverter again and save it."
        )
    return arrays, stored


def arguments(stored, survey, path) -> tuple[list, dict]:
    """Positional and keyword arguments of the `Inverter` that a file describes; `survey` where it cannot hold one."""
    settings = dict(stored["settings"])
    if not isinstance(settings.get("trainer", ""), str):
        settings["trainer"] = trainer_from_dict(settings["trainer"])
    parts = [
        foreign.restored(stored["survey"], survey, path),
        prior_from_dict(stored["prior"]),
        noise_from_dict(stored["noise"]),
    ]
    rest = {name: stored[name] for name in ("false_alarm_rate", "random_state")}
    rest["sheets"] = Sheets(**stored["sheets"])
    return parts, settings | rest


def restore(inverter, arrays, stored) -> None:
    """Give an inverter what was fitted."""

    def part(start):
        return {key.removeprefix(start): value for key, value in arrays.items() if key.startswith(start)}

    names = inverter.noise.level_names, inverter.survey.context
    codec = Codec.from_state(part("codec_"), inverter.survey.channels, None, *names)
    fitted_checks = []
    for check_class in checks.CHECKS.values():
        check = check_class()
        vars(check).update(part(f"check_{check_class.name}_"))
        fitted_checks.append(check)
    branches = {
        count: Branch.from_state(part(f"branch{count}_"), stored["branches"][str(count)], with_prior(codec, prior))
        for count, prior in priors_by_count(inverter.prior)
    }
    inverter.solver = Solver(
        inverter.survey, inverter.noise, inverter.sheets, layer_weights(inverter.prior), branches, fitted_checks
    )
    inverter.calibrations = {
        level: checks.Calibration.from_state(part(f"calibration_{level}_")) for level in stored["levels"]
    }
    inverter.reports = {
        level: CalibrationReport.from_state(part(f"report_{level}_")) for level in stored.get("reports", ())
    }
    inverter.identity = stored["identity"]
    if stored.get("network") is not None:
        inverter.network = clone(next(iter(branches.values())).network)
        inverter.settings = {}
