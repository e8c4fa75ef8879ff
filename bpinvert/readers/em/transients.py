"""Transients as a reader has found them, and what may be wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

# Equal values in a row at the beginning that are no chance.
_SATURATED = 3


@dataclass
class Moment:
    """What was recorded with one waveform.

    Attributes
    ----------
    time : (n,) array
        Gate centres in s on the file's own clock until :meth:`Transients.settle`, then from zero current on.
    dbdt, std : (m, n) arrays
        −dB/dt per ampere, V/(A m²), and its standard deviation; NaN where not given.
    used : (m, n) array of bool
    gates : (n, 2) array, optional
        Open and close in s on the same clock.
    waveform : dict or float, optional
        Setting of the survey: nodes with the last at time 0, or the duration of a ramp; none: an ideal step.
    low_pass : list
        Setting of the survey.
    zero : float
        When the current has reached zero, in s on the file's clock.
    where : list of str
        Where each gate stands in the file.
    label : str
        What sentences about the moment begin with.
    """

    time: np.ndarray
    dbdt: np.ndarray
    std: np.ndarray
    used: np.ndarray
    gates: np.ndarray | None = None
    waveform: dict | float | None = None
    low_pass: list = field(default_factory=list)
    zero: float = 0.0
    where: list[str] = field(default_factory=list)
    label: str = ""


@dataclass
class Transients:
    """The soundings (m of them) of one file.

    Attributes
    ----------
    loop : dict
        Settings of the survey: ``survey``, its class, and ``side`` or ``radius``, ``height``, ``offset``.
    site : dict of (m,) arrays
        ``name`` and where known ``x``, ``y``, ``elevation``, ``height``, ``line``.
    """

    file: str
    loop: dict
    moments: list[Moment]
    site: dict
    report: list[str]

    def settle(self) -> None:
        """Let times begin when the current has reached zero; mask gates before that, saturated and upset ones.

        Raises
        ------
        ValueError
            If times are not positive or do not increase.
        """
        for moment in self.moments:
            _refuse_times(self.file, moment)
            _start_at_zero(self, moment)
            _mask_missing(self, moment)
            _mask_saturated(self, moment)
            if not _outside(self.loop):
                _mask_early_reversals(self, moment)
            _count_negative(self, moment)


def _refuse_times(file, moment):
    for i, time in enumerate(moment.time):
        where = moment.where[i] if moment.where else f"{file}, gate {i + 1}"
        if not (np.isfinite(time) and time > 0):
            raise ValueError(f"{where} gives the time {time:g} s; gate times must be positive. Correct the row.")
        if i and time <= moment.time[i - 1]:
            raise ValueError(
                f"{where} gives the time {time:g} s after {moment.time[i - 1]:g} s; the times of a transient must "
                "increase. Sort the rows, or correct the time."
            )


def _start_at_zero(transients, moment):
    moment.time = moment.time - moment.zero
    early = moment.time <= 0
    if moment.gates is not None:
        moment.gates = moment.gates - moment.zero
        early = moment.gates[:, 0] < 0
    if early.any():
        moment.used = moment.used & ~early
        transients.report.append(
            f"{moment.label}{_gates(early)} {'lie' if early.sum() > 1 else 'lies'} before the current has reached "
            "zero; kept but not used."
        )


def _gates(mask):
    at = np.flatnonzero(mask) + 1
    if len(at) == 1:
        return f"gate {at[0]}"
    if (np.diff(at) == 1).all():
        return f"gates {at[0]}–{at[-1]}"
    return f"gates {', '.join(map(str, at))}"


def _mask_missing(transients, moment):
    missing = ~np.isfinite(moment.dbdt) & moment.used
    if missing.any():
        moment.used = moment.used & ~missing
        transients.report.append(f"{moment.label}{int(missing.sum())} readings are missing; they are not used.")


def _mask_saturated(transients, moment):
    """Equal values in a row at the beginning."""
    same = np.cumprod(moment.dbdt == moment.dbdt[:, :1], axis=1).astype(bool)
    saturated = same & (same.sum(axis=1) >= _SATURATED)[:, None] & moment.used
    moment.used = moment.used & ~saturated
    _report_masked(
        transients, moment, saturated, "hold one and the same value: the receiver was saturated; kept but not used."
    )


def _outside(loop):
    """Whether the receiver lies beside the loop, where early data have the other sign."""
    return abs(loop.get("offset", [0.0])[0]) > (loop.get("radius") or loop["side"] / 2)


def _mask_early_reversals(transients, moment):
    """Gates before the maximum where one of them is negative: the switch-off rings in the receiver."""
    seen = np.where(moment.used, moment.dbdt, -np.inf)
    top = np.argmax(seen, axis=1)[:, None]
    before = moment.used & (np.arange(seen.shape[1]) < top)
    rings = (before & (seen < 0)).any(axis=1) & (seen.max(axis=1) > 0) & (top[:, 0] < seen.shape[1] / 2)
    before &= rings[:, None]
    moment.used = moment.used & ~before
    _report_masked(
        transients,
        moment,
        before,
        "come before the maximum and change sign, as the switch-off makes them; kept but not used.",
    )


def _report_masked(transients, moment, masked, said):
    soundings = masked.any(axis=1)
    if soundings.any():
        where = f" in {int(soundings.sum())} of {len(masked)} soundings" if len(masked) > 1 else ""
        transients.report.append(f"{moment.label}{_gates(masked.any(axis=0))}{where} {said}")


def _count_negative(transients, moment):
    negative = (moment.dbdt < 0) & moment.used
    if negative.any():
        soundings = f" of {int(negative.any(axis=1).sum())} soundings" if len(negative) > 1 else ""
        transients.report.append(
            f"{moment.label}{int(negative.sum())} readings{soundings} are negative, as induced polarization or noise "
            "makes them; they are kept and used."
        )
