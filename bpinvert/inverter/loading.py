"""`load_inverter`: an inverter from its file."""

from __future__ import annotations

from bpinvert.inverter import file
from bpinvert.inverter.inverter import Inverter


def load_inverter(path, survey=None) -> Inverter:
    """Read an inverter written by :meth:`Inverter.save`.

    Parameters
    ----------
    path : path
    survey : forward_models.Survey, optional
        Must equal the stored one.

    Raises
    ------
    ValueError
        If the file is missing, damaged, not an inverter, or of another survey.
    """
    arrays, stored = file.read(path)
    try:
        parts, settings = file.arguments(stored)
        inverter = Inverter(*parts, **settings)
        file.restore(inverter, arrays, stored)
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"{path} lacks a part of an inverter ({error}); make it again.") from None
    if survey is not None and survey != inverter.survey:
        raise ValueError(
            f"{path} was trained on {type(inverter.survey).__name__} with other settings than the survey given. "
            "Pass the survey it was trained on, or none."
        )
    return inverter
