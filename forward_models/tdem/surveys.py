"""Transient electromagnetic soundings with a loop: what a receiver records after the current is switched off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forward_models.survey import numbers
from forward_models.tdem import loops
from forward_models.tdem.base import Loop

# A receiver nearer to the wire than this share of the loop's size stands on it.
_ON_WIRE = 1e-3


@dataclass(frozen=True, eq=False)
class CentralLoop(Loop):
    """Receiver at the centre of the transmitter loop; -dB/dt in V/(A m²), positive after switch-off.

    Parameters
    ----------
    time : (n,) array_like, optional
        Gate centres in s after the moment at which the current has reached zero, increasing (within a moment).
    radius, side : float
        Of a circular or of a square loop, in m; one of them.
    height : float or None
        Of the loop above the ground in m; None: given with every sounding.
    waveform : None, float, Waveform, or a list of these
        Ideal step, duration of a linear ramp in s, or the current itself; a list has one for each moment.
    low_pass : list of float or (float, int), optional
        Cut-off frequencies in Hz of filters of first order, or (frequency, order) of Butterworth filters; with several
        moments, a list of such lists. They see the secondary field, with its jump when the current changes, and not
        the primary one.
    gates : (n, 2) array_like, optional
        Opening and closing times in s over which the data are means, instead of `time`.
    moment : (n,) array_like of int, optional
        Which waveform and filters, counted from 0, each gate belongs to.
    quantity : {"dbdt", "b"}
        -dB/dt, or B in T/A.
    width : (n,) array_like or float, optional
        Where the asinh scale turns from linear to logarithmic, best the size of the noise; by default the response of
        a half-space of 10 000 Ω·m.

    Raises
    ------
    ValueError
        If times, gates, loop, waveform or filters cannot be, with the offending value.

    Notes
    -----
    For a circular loop of radius a at height H, B after switch-off is the inverse Laplace transform of
    (μ0 a/2s) ∫ r(λ, s) exp(-2λH) J1(λa) λ dλ with r the reflection coefficient of the layers (Ward & Hohmann 1988,
    doi:10.1190/1.9781560802631.ch4, eq. 4.88); square loops are integrated over their area. Displacement currents are
    left out. Errors are at most 1e-5, in the median 1e-9; behind filters, in the first gates of a bird over more than
    3000 Ω·m, 1e-3.

    Examples
    --------
    >>> survey = CentralLoop(time=[1e-4, 1e-3], radius=20.0)
    >>> (1e9 * survey(thickness=[[30.0]], resistivity=[[50.0, 50.0]])).round(3)  # nV/(A m²)
    array([[554.925,   1.783]])
    """

    def _seen(self):
        return loops.Disc(self.radius) if self.radius else loops.Square(self.side)


@dataclass(frozen=True, eq=False)
class CoincidentLoop(Loop):
    """One loop that transmits and receives; the mean of -dB/dt over its area in V/(A m²).

    Data in V/A are this times the area. Parameters and errors as for `CentralLoop`.

    Examples
    --------
    >>> survey = CoincidentLoop(time=[1e-4, 1e-3], side=50.0)
    >>> (1e9 * survey(thickness=[[30.0]], resistivity=[[50.0, 50.0]])).round(3)  # nV/(A m²)
    array([[1044.087,    3.528]])
    """

    def _seen(self):
        return loops.DiscByItself(self.radius) if self.radius else loops.SquareByItself(self.side)


@dataclass(frozen=True, eq=False)
class OffsetLoop(Loop):
    """Receiver beside the centre of the transmitter loop, inside or outside it; vertical -dB/dt in V/(A m²).

    Outside a loop the sign of early data is the other one.

    Parameters
    ----------
    offset : (float, float)
        Horizontal distance of the receiver from the loop's centre, for a square loop along a side, and how much higher
        it is than the loop, in m.
    time, radius, side, height, waveform, low_pass, gates, moment, quantity, width
        As for `CentralLoop`; `height` is that of the transmitter.

    Raises
    ------
    ValueError
        As for `CentralLoop`, and if the receiver stands on the wire or lies underground.

    Examples
    --------
    >>> survey = OffsetLoop(time=[1e-4, 1e-3], radius=10.0, offset=(-12.5, 2.0), height=30.0)
    >>> (1e9 * survey(thickness=[[30.0]], resistivity=[[50.0, 50.0]])).round(3)  # nV/(A m²)
    array([[51.332,  0.319]])
    """

    offset: tuple[float, float] = (0.0, 0.0)

    def _check_loop(self, name):
        super()._check_loop(name)
        offset = np.atleast_1d(numbers(name, "offset", self.offset))
        if offset.shape != (2,) or not np.isfinite(offset).all():
            raise ValueError(f"{name} got offset = {self.offset!r}; it is a pair (along the ground, upward) in m.")
        object.__setattr__(self, "offset", (float(offset[0]), float(offset[1])))
        wire = self.radius or self.side / 2
        if np.hypot(abs(offset[0]) - wire, offset[1]) < _ON_WIRE * wire:
            raise ValueError(
                f"{name} has its receiver {abs(offset[0]):g} m from the centre, on the wire of the loop, where the "
                "field is infinite. Correct the offset, or use CoincidentLoop where one loop does both."
            )
        if self.height is not None and self._path(self.height) < self.height:
            raise ValueError(
                f"{name} has its receiver {-offset[1]:g} m below a loop at a height of {self.height:g} m; it must not "
                "be underground. offset[1] counts upward."
            )

    def _path(self, height):
        return 2 * height + self.offset[1]

    def _seen(self):
        return (loops.Disc if self.radius else loops.Square)(self.radius or self.side, self.offset[0])
