"""Common instruments by name: frequencies, offsets and orientations as their makers and users publish them.

Airborne systems are built to order and tuned: take the frequencies and separations of the survey's own report where
there is one, with these as a first guess.
"""

from __future__ import annotations

from dataclasses import dataclass

from forward_models.fdem.loops import QUANTITIES, LoopLoop


@dataclass(frozen=True)
class Instrument:
    """Nominal geometry of an instrument.

    Parameters
    ----------
    frequency : tuple of float, Hz
    offset : tuple of float, m
    orientation : tuple of str
    source : str
        Where the numbers come from.
    quantity : tuple of str, optional
        What it records.
    """

    frequency: tuple[float, ...]
    offset: tuple[float, ...]
    orientation: tuple[str, ...]
    source: str
    quantity: tuple[str, ...] = QUANTITIES


def _ground(frequency, source, quantity=QUANTITIES, **offsets):
    """An instrument of one frequency: its offsets by orientation."""
    orientation, offset = zip(*[(kind, r) for kind, values in offsets.items() for r in values], strict=True)
    return Instrument((frequency,) * len(offset), offset, orientation, source, quantity)


_QUADRATURE = ("quadrature",)
_GEONICS = "McNeill 1980, Geonics TN-6; Milsom & Eriksen 2011, Field Geophysics, section 8.2"
_EM38 = "Geonics EM38-MK2 operating manual"
_DUALEM = "Dualem Inc., user's manuals"
_GF = "GF Instruments; McLachlan, Blanchy & Binley 2021, doi:10.1016/j.cageo.2020.104561"
_EM34 = {"frequency": (6400.0, 1600.0, 400.0) * 2, "offset": (10.0, 20.0, 40.0) * 2}

INSTRUMENTS = {
    "DUALEM-21S": _ground(9000.0, _DUALEM, HCP=(1.0, 2.0), PRP=(1.1, 2.1)),
    "DUALEM-421S": _ground(9000.0, _DUALEM, HCP=(1.0, 2.0, 4.0), PRP=(1.1, 2.1, 4.1)),
    "DUALEM-642S": _ground(9000.0, _DUALEM, HCP=(2.0, 4.0, 6.0), PRP=(2.1, 4.1, 6.1)),
    "CMD-Explorer": _ground(10e3, _GF, HCP=(1.48, 2.82, 4.49), VCP=(1.48, 2.82, 4.49)),
    "CMD-MiniExplorer": _ground(30e3, _GF, HCP=(0.32, 0.71, 1.18), VCP=(0.32, 0.71, 1.18)),
    "EM31": _ground(9800.0, _GEONICS, HCP=(3.66,), VCP=(3.66,)),
    "EM34-3": Instrument(**_EM34, orientation=("HCP",) * 3 + ("VCP",) * 3, source=_GEONICS, quantity=_QUADRATURE),
    "EM38": _ground(14.6e3, "Geonics; McNeill 1980, Geonics TN-6", HCP=(1.0,), VCP=(1.0,)),
    "EM38-MK2": _ground(14.5e3, _EM38, HCP=(0.5, 1.0), VCP=(0.5, 1.0)),
    "RESOLVE": Instrument(
        frequency=(382.0, 1822.0, 3258.0, 7970.0, 35920.0, 130100.0),
        offset=(7.86, 7.86, 8.99, 7.86, 7.86, 7.86),
        orientation=("HCP", "HCP", "VCX", "HCP", "HCP", "HCP"),
        source="Bookpurnong 2008: Heagy et al. 2017, doi:10.1016/j.cageo.2017.06.018",
    ),
    "DIGHEM-V": Instrument(
        frequency=(900.0, 1000.0, 5500.0, 7000.0, 56e3),
        offset=(7.86, 7.86, 7.86, 7.86, 6.3),
        orientation=("HCP", "VCX", "VCX", "HCP", "HCP"),
        source="https://em.geosci.xyz/content/geophysical_surveys/airborne_fdem/dighem.html",
    ),
}


def instrument(name: str, height: float | None = None, **settings) -> LoopLoop:
    """The survey of a common instrument of `INSTRUMENTS`.

    Parameters
    ----------
    name : str
        A key of `INSTRUMENTS`.
    height : float, optional
        In m above the ground; None, the default, makes it known for each model.
    **settings
        What else differs from the nominal instrument, as keywords of `LoopLoop`.

    Raises
    ------
    ValueError
        If the name is unknown.

    Examples
    --------
    >>> instrument("CMD-Explorer", height=1.0).offset
    array([1.48, 2.82, 4.49, 1.48, 2.82, 4.49])
    """
    if name not in INSTRUMENTS:
        raise ValueError(f"The instrument is {name!r}; known are {', '.join(INSTRUMENTS)}. Or describe it to LoopLoop.")
    nominal = INSTRUMENTS[name]
    described = {key: getattr(nominal, key) for key in ("frequency", "offset", "orientation", "quantity")}
    return LoopLoop(**{**described, "height": height, **settings})
