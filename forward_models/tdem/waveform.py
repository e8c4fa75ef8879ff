"""The current of a transmitter over time, and what surveys take as a waveform or as filters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forward_models.survey import freeze, numbers


@dataclass(frozen=True, eq=False)
class Waveform:
    """The transmitter's current over time, in straight lines between nodes, as a fraction of the current at its end.

    Parameters
    ----------
    time : (n,) array_like
        In s, not decreasing; the last is 0, the moment the current has reached zero. Two equal times are a jump.
    current : (n,) array_like
        Divided by the current that the data are divided by; the last is 0, and before the first there is none.
    base_frequency : float, optional
        In Hz. The pulse is repeated with alternating sign every half period, and all earlier pulses are counted.

    Raises
    ------
    ValueError
        If the times are not in order, the waveform does not end at time 0 with no current, or lasts longer than half a
        period.

    Examples
    --------
    >>> Waveform(time=[-8e-3, -5e-6, 0], current=[1, 1, 0]).ramp
    5e-06
    """

    time: np.ndarray
    current: np.ndarray
    base_frequency: float | None = None

    def __post_init__(self):
        time = np.atleast_1d(numbers("Waveform", "time", self.time))
        current = np.atleast_1d(numbers("Waveform", "current", self.current))
        if time.ndim != 1 or time.shape != current.shape or time.size < 2:
            raise ValueError(
                f"Waveform got {time.size} times and {current.size} currents; it needs as many of one as of the other, "
                "and at least two."
            )
        if not (np.isfinite(time).all() and np.isfinite(current).all()):
            raise ValueError("Waveform got a time or current that is no number; every node needs both. Remove it.")
        if (np.diff(time) < 0).any():
            k = int(np.argmax(np.diff(time) < 0))
            raise ValueError(
                f"Waveform got time[{k + 1}] = {time[k + 1]:g} s after {time[k]:g} s; its times must not decrease. "
                "Sort the nodes."
            )
        if current[-1] != 0 or time[-1] != 0:
            raise ValueError(
                f"Waveform ends at {time[-1]:g} s with a current of {current[-1]:g}; it must end at time 0 with no "
                "current. Subtract the time at which the current has reached zero, and add that node if it is missing."
            )
        if not np.any(current):
            raise ValueError("Waveform has no current at any node. Give the current before it is switched off.")
        frequency = self.base_frequency
        if frequency is not None:
            frequency = float(numbers("Waveform", "base_frequency", frequency))
            if not (np.isfinite(frequency) and frequency > 0):
                raise ValueError(f"Waveform got base_frequency = {frequency:g} Hz; it must be positive. Correct it.")
            if -time[0] > 0.5 / frequency * (1 + 1e-6):
                raise ValueError(
                    f"Waveform lasts {-time[0]:g} s, longer than half a period ({0.5 / frequency:g} s) of its "
                    f"base_frequency = {frequency:g} Hz. Give one pulse of one sign, or correct the frequency."
                )
        freeze(self, time=time, current=current)
        object.__setattr__(self, "base_frequency", frequency)

    @property
    def ramp(self) -> float:
        """Duration in s of the last straight line, on which the current reaches zero."""
        return float(self.time[-1] - self.time[-2])

    def to_dict(self) -> dict:
        """JSON-able description: the keywords."""
        return {
            "time": self.time.tolist(),
            "current": self.current.tolist(),
            "base_frequency": self.base_frequency,
        }


def read_waveform(waveform) -> Waveform | None:
    """What surveys take as a waveform: None (ideal step), the duration of a linear ramp in s, a Waveform or its dict.

    Raises
    ------
    TypeError, ValueError
        If it is something else, or the ramp negative.
    """
    if waveform is None or isinstance(waveform, Waveform):
        return waveform
    if isinstance(waveform, dict):
        unknown = set(waveform) - {"time", "current", "base_frequency"}
        if unknown or not {"time", "current"} <= set(waveform):
            raise ValueError(
                f"waveform has the keys {', '.join(waveform)}; it needs time and current, and may have base_frequency."
            )
        return Waveform(**waveform)
    if isinstance(waveform, (int, float, np.number)) and not isinstance(waveform, bool):
        if not (np.isfinite(waveform) and waveform >= 0):
            raise ValueError(f"waveform is {waveform:g}; a number is the duration of a linear ramp in s, not negative.")
        # The current has been on for so long that nothing is left of its beginning.
        return Waveform([-float(waveform), 0.0], [1.0, 0.0]) if waveform else None
    raise TypeError(
        f"waveform is {waveform!r:.60}; give None for an ideal step, the duration of a linear ramp in s, or a Waveform."
    )


def read_low_pass(low_pass) -> tuple:
    """Low-pass filters as a tuple of (cut-off frequency in Hz, order): a number is a filter of first order.

    Raises
    ------
    TypeError, ValueError
        If a filter is neither a positive frequency nor such a frequency and an order of 1 to 8.
    """
    if low_pass is None:
        return ()
    entries = low_pass if isinstance(low_pass, (list, tuple, np.ndarray)) else [low_pass]
    filters = []
    for entry in entries:
        pair = (entry, 1) if isinstance(entry, (int, float, np.number)) else entry
        try:
            frequency, order = float(pair[0]), int(pair[1])
        except (TypeError, ValueError, IndexError):
            raise TypeError(
                f"low_pass has {entry!r}; each filter is a cut-off frequency in Hz or a pair (frequency, order)."
            ) from None
        if not (np.isfinite(frequency) and frequency > 0 and 1 <= order <= 8):
            raise ValueError(
                f"low_pass has {entry!r}; a cut-off frequency is positive, in Hz, and an order is 1 to 8. Correct it."
            )
        filters.append((frequency, order))
    return tuple(filters)
