"""Induced polarisation in the time domain: apparent resistivity and apparent chargeability of a DC array."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forward_models.channels import Channels
from forward_models.survey import Survey, survey_from_dict

# A volt per volt, in the unit of chargeability.
_WHOLE = 1000.0


@dataclass(frozen=True, eq=False)
class InducedPolarization(Survey):
    """Apparent resistivity in Ω·m, then apparent chargeability in mV/V, of a direct-current array.

    Parameters
    ----------
    dc : Survey
        Any DC survey: `Schlumberger`, `Wenner`, `DipoleDipole`, `PoleDipole` or `PolePole`; also its ``to_dict``.

    Raises
    ------
    TypeError
        If it is none.
    ValueError
        On a call, if every layer of every model has 1000 mV/V or more. One model with such a layer is a row of NaN.

    Notes
    -----
    Seigel (1959, doi:10.1190/1.1438625): a medium of chargeability m carries current as if its conductivity were
    multiplied by 1 - m. While the current is switched on and off slowly, as a DC sounding does, resistivities are those
    that it measures, here ρ; before the medium is charged, they are ρ(1 - m). (Seigel's own ρ is the latter.) With F
    the DC array's apparent resistivity and m in mV/V::

        ρa = F(ρ),        ma = 1000 (F(ρ) - F(ρ (1 - m/1000))) / F(ρ)

    so that a uniform m is its own apparent chargeability, and for small m Seigel's sum holds, ma = Σ m_i ∂ ln F/∂ ln
    ρ_i. Between layers of strong contrast ma may be negative. m = 0 is allowed; the logarithmic derivative by it is 0.

    Examples
    --------
    >>> from forward_models import Schlumberger
    >>> survey = InducedPolarization(Schlumberger(ab2=[1, 100]))
    >>> survey(thickness=[[5.0]], resistivity=[[100.0, 100.0]], chargeability=[[10.0, 10.0]]).round(6)
    array([[100., 100.,  10.,  10.]])
    """

    dc: Survey

    method = "ip"
    properties = ("resistivity", "chargeability")
    may_be_zero = ("chargeability",)
    block = 128

    def __post_init__(self):
        dc = survey_from_dict(self.dc) if isinstance(self.dc, dict) else self.dc
        if getattr(dc, "method", None) != "ves":
            raise TypeError(
                f"InducedPolarization got a {type(dc).__name__}; it needs a direct-current survey, e.g. "
                "InducedPolarization(Schlumberger(ab2=[1, 10, 100]))."
            )
        own, n = dc.channels, len(dc.channels)
        channels = Channels(
            quantity=own.quantity + ("apparent_chargeability",) * n,
            unit=own.unit + ("mV/V",) * n,
            scale=own.scale + ("asinh",) * n,
            coordinate=own.coordinate,
            value=np.tile(own.value, 2),
            coordinate_unit=own.coordinate_unit,
            extra={name: np.tile(values, 2) for name, values in own.extra.items()},
            points=own.points,
            branch=own.branch,
        )
        for name, value in {"dc": dc, "channels": channels, "details": dc.details}.items():
            object.__setattr__(self, name, value)

    def at(self, **coordinates) -> InducedPolarization:
        """The same quantities at other readings, those of the DC survey."""
        return InducedPolarization(self.dc.at(**coordinates))

    def _check(self, thickness, arrays):
        layered, context, valid = super()._check(thickness, arrays)
        chargeability = layered["chargeability"]
        if chargeability.size and chargeability.min() >= _WHOLE:
            raise ValueError(
                f"every chargeability is {_WHOLE:g} mV/V or more (up to {chargeability.max():g}); it must be at least "
                f"0 and below {_WHOLE:g}. Give mV/V: 0.05 V/V is 50."
            )
        return layered, context, valid & (chargeability < _WHOLE).all(axis=1)

    def _simulate(self, thickness, properties, context):
        both, _ = self._both(thickness, properties)
        return self._measured(*np.split(self.dc._simulate(*both, context), 2, axis=1))

    def _simulate_with_jacobian(self, thickness, properties, context):
        """Analytic: with R = F(ρ(1 - m))/F(ρ) and the DC derivatives at both, d ma = -1000 R (d ln F' - d ln F)."""
        both, before = self._both(thickness, properties)
        apparent, slopes = self.dc._simulate_with_jacobian(*both, context)
        apparent, uncharged = np.split(apparent, 2, axis=1)
        data = self._measured(apparent, uncharged)
        n = len(apparent)
        to_scale = self.channels.scale_slope(data.T).T[n:]
        factor = -_WHOLE * uncharged / apparent * to_scale
        found = {}
        for name, slope in slopes.items():
            slope, slope_before = np.split(slope, 2, axis=2)
            found[name] = np.concatenate([slope, factor * (slope_before - slope)], axis=1)
            if name == "resistivity":
                # d ln(ρ (1 - m)) / d ln m
                by_charge = factor * slope_before * (1 - 1 / before)[:, None]
                found["chargeability"] = np.concatenate([np.zeros_like(by_charge), by_charge], axis=1)
        return data, found

    def _both(self, thickness, properties):
        """Arguments of the DC survey for the charged and the uncharged earth side by side; and 1 - m."""
        before = 1 - properties["chargeability"] / _WHOLE
        resistivity = properties["resistivity"]
        side_by_side = np.concatenate([resistivity, resistivity * before], axis=1)
        return (np.tile(thickness, 2), {"resistivity": side_by_side}), before

    def _measured(self, apparent, uncharged):
        return np.concatenate([apparent, _WHOLE * (apparent - uncharged) / apparent])
