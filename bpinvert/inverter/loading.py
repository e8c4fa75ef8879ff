"""`load_inverter`: an inverter from its file."""

from __future__ import annotations

from bpinvert import foreign
from bpinvert.inverter import file
from bpinvert.inverter.inverter import Inverter


def load_inverter(path, survey=None) -> Inverter:
    """Read an inverter written by :meth:`Inverter.save`.

    Parameters
    ----------
    path : path
    survey : forward_models.Survey, optional
        Must equal the stored one. Needed where a file cannot hold it, as a `UserForward`: it must then compute the same
        data of some models of the prior.

    Raises
    ------
    TypeError
        If `survey` is none, such as a bare function.
    ValueError
        If the file is missing, damaged, not an inverter, or of another survey; or if it needs a survey and got none.
    """
    if survey is not None and not hasattr(survey, "channels"):
        raise TypeError(
            f"survey is {survey!r:.60}; pass a survey of forward_models, such as UserForward(function, ...), or none."
        )
    arrays, stored = file.read(path)
    try:
        parts, settings = file.arguments(stored, survey, path)
        inverter = Inverter(*parts, **settings)
        if "not_stored" in stored["survey"]:
            foreign.check_described(inverter.survey, stored["survey"], path)
            foreign.check_data(inverter.survey, inverter.prior, arrays["probe_data"], path)
        file.restore(inverter, arrays, stored)
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"{path} lacks a part of an inverter ({error}); make it again.") from None
    if survey is not None and "not_stored" not in stored["survey"] and survey != inverter.survey:
        raise ValueError(
            f"{path} was trained on {type(inverter.survey).__name__} with other settings than the survey given. "
            "Pass the survey it was trained on, or none."
        )
    return inverter
