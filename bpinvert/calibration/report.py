"""The calibration report of one level of an inverter: its state for the inverter's file, and its text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bpinvert.calibration.layer_counts import LayerCounts
from bpinvert.calibration.sections import LEVELS, Section

_FIGURES = ("crps", "crps_error", "prior_crps", "resolution")
# A share that chance alone puts so far off in 1 of 370 is marked.
_MARKED = 3.0
_LEGEND = (
    "*      more than 3 standard errors off",
    "error  mean |share - stated| over levels from 5 to 95 %, in points; below it what chance alone makes",
    "ranks  whether they stay inside the 99 % band of a true posterior",
    "skill  share of the prior's CRPS that the data take away;  width  of the 90 % interval, the prior's is 1",
)


@dataclass(frozen=True)
class CalibrationReport:
    """How true the posteriors of one level are.

    Attributes
    ----------
    level : str
        Of `invert`: "network" or "posterior".
    sections : dict, layer count -> Section
        0 stands for models without layers.
    layer_counts : LayerCounts, optional
        Where an inverter has several.
    """

    level: str
    sections: dict[int, Section]
    layer_counts: LayerCounts | None = None

    def get_state(self) -> dict[str, np.ndarray]:
        """Arrays of floats and integers, none of them empty, from which :meth:`from_state` rebuilds the report."""
        state = {"level": _letters([self.level]), "sections": np.array(list(self.sections))}
        for count, section in self.sections.items():
            arrays = {name: getattr(section, name) for name in ("pit", "stratum", *_FIGURES)}
            arrays |= {name: _letters(getattr(section, name)) for name in ("parameters", "strata")}
            arrays["n_unanswered"] = np.array([section.n_unanswered])
            state |= {f"section_{count}_{name}": array for name, array in arrays.items()}
        if self.layer_counts is not None:
            state |= {f"layers_{name}": getattr(self.layer_counts, name) for name in ("counts", "probability", "truth")}
        return state

    @classmethod
    def from_state(cls, state) -> CalibrationReport:
        """The report whose state that was; KeyError if an array is missing."""
        sections = {}
        for count in np.asarray(state["sections"]).tolist():
            part = {name: state[f"section_{count}_{name}"] for name in ("pit", "stratum", *_FIGURES)}
            part |= {name: _words(state[f"section_{count}_{name}"]) for name in ("parameters", "strata")}
            sections[count] = Section(**part, n_unanswered=int(state[f"section_{count}_n_unanswered"][0]))
        layers = None
        if "layers_counts" in state:
            layers = LayerCounts(*(state[f"layers_{name}"] for name in ("counts", "probability", "truth")))
        return cls(_words(state["level"])[0], sections, layers)


def lines(report) -> list[str]:
    """The report in words and tables, for `bpinvert info`."""
    text = []
    for count, section in report.sections.items():
        text += [*_section_lines(report.level, count, section), ""]
    text += [*_LEGEND, ""]
    if report.layer_counts is not None:
        text += [*_layer_lines(report.layer_counts), ""]
    return text[:-1]


def _section_lines(level, count, section):
    layers = f", {count} layer{'s' if count > 1 else ''}" if count else ""
    failed = f" ({section.n_unanswered} more without a posterior)" if section.n_unanswered else ""
    coverage, error = 100 * section.coverage(), 100 * section.coverage_error()
    nominal = 100 * np.array(LEVELS)
    width = max(map(len, (*section.parameters, "standard error")))
    header = "".join(f"{q:6.0f} %" for q in nominal) + f"{'error':>8}{'ranks':>9}{'skill':>8}{'width':>8}"
    rows = [
        f"{level}{layers}: {section.n} simulations{failed}, share of truths inside the central intervals, in %",
        f"{'interval of':<{width}}{header}",
    ]
    table = zip(
        section.parameters, coverage, section.expected_calibration_error, section.sbc_inside, section.crps_skill,
        section.resolution, strict=True,
    )  # fmt: skip
    for name, shares, calibration_error, inside, skill, resolution in table:
        far = np.abs(shares - nominal) > _MARKED * error
        cells = "".join(f"{share:7.1f}{'*' if star else ' '}" for share, star in zip(shares, far, strict=True))
        # Without the 0.0 no skill at all might read -0.00.
        figures = f"{round(skill, 2) + 0.0:8.2f}{resolution:8.2f}"
        place = "inside" if inside else "outside"
        rows.append(f"{name:<{width}}{cells}{100 * calibration_error:8.1f}{place:>9}{figures}")
    cells = "".join(f"{one:7.1f} " for one in error)
    rows.append(f"{'standard error':<{width}}{cells}{100 * section.chance_error:8.1f}")
    return rows


def _layer_lines(layers):
    error = layers.expected_calibration_error
    rows = [
        f"number of layers: {layers.n} simulations",
        f"calibration error {error.mean():.3f} ({layers.chance_error:.3f} by chance alone), "
        f"log score {layers.log_score:.3f} nats ({np.log(len(layers.counts)):.3f} without data)",
        "most probable" + "".join(f"{count:8d}" for count in layers.counts) + "   right",
    ]
    for count, row in zip(layers.counts, layers.confusion, strict=True):
        right = f"{100 * row[layers.counts == count][0] / row.sum():6.0f} %" if row.sum() else "       –"
        rows.append(f"{f'true: {count}':<13}" + "".join(f"{cell:8d}" for cell in row) + right)
    return rows


def _letters(words):
    """(n_words, longest) code points, 0 beyond a word's end: files hold numbers only, and no empty arrays."""
    longest = max(1, *map(len, words))
    return np.array([[*map(ord, word), *[0] * (longest - len(word))] for word in words], dtype=np.int32)


def _words(letters):
    return tuple("".join(map(chr, row[row > 0])) for row in np.asarray(letters))
