"""Points of dispersion curves from files of a format of their own, put into a table as a sheet has it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bpinvert.readers.headers import NOT_USED
from bpinvert.readers.table import Table

_WAVES, _KINDS = ("Rayleigh", "Love"), ("phase", "group")


@dataclass(frozen=True)
class Point:
    """One datum; `axis`, `value` and `error` in the units of its `Curves`.

    Attributes
    ----------
    line : int
        Where it stands in the file, counted from 1.
    wave : "Rayleigh" or "Love"
    kind : "phase" or "group"
    sounding : str
        Empty for the only one of a file.
    """

    line: int
    wave: str
    kind: str
    mode: int
    axis: float
    value: float
    error: float = float("nan")
    used: bool = True
    sounding: str = ""


@dataclass
class Curves:
    """All points of a file.

    Attributes
    ----------
    axis, value : str
        What the numbers are: ``frequency (Hz)``, ``slowness (s/m)``.
    error : str
        Header of the errors; empty where there are none.
    """

    file: str
    points: list[Point]
    axis: str
    value: str
    error: str = ""
    notes: list[str] = field(default_factory=list)

    def table(self, columns: dict[str, str]) -> Table:
        """A row for each point, or for the phase and the group velocity at one period of one mode.

        Parameters
        ----------
        columns : dict of str to str
            {"Love": "not used"} and the like leave out kinds of wave or velocity.

        Raises
        ------
        ValueError
            If `columns` names anything else, no point is left, both kinds of wave are left, or both kinds of velocity
            at different periods.
        """
        notes = list(self.notes)
        points = self._chosen(columns, notes)
        waves = list(dict.fromkeys(point.wave for point in points))
        if len(waves) > 1:
            raise ValueError(
                f"{self.file} holds curves of Rayleigh and of Love waves, and soundings of one file must be of one "
                f"kind; read one kind after the other, leaving out the other with columns={{'Love': {NOT_USED!r}}}, "
                f"then columns={{'Rayleigh': {NOT_USED!r}}}."
            )
        kinds = list(dict.fromkeys(point.kind for point in points))
        rows = self._rows(points, kinds)
        headers = ["wave", "mode", self.axis, "used", "sounding"]
        headers += [f"{kind} {text}" for kind in kinds for text in (self.value, self.error) if text]
        named = any(point.sounding for point in points)
        cells = []
        for first, *more in rows:
            values = [
                number for point in (first, *more) for number in (point.value, point.error)[: 1 + bool(self.error)]
            ]
            used = "yes" if all(point.used for point in (first, *more)) else "no"
            cells.append([first.wave, str(first.mode), first.axis, used, first.sounding, *values])
        if not named:
            headers, cells = _without(headers, cells, "sounding")
        if all(point.used for point in points):
            headers, cells = _without(headers, cells, "used")
        lines = [row[0].line for row in rows]
        # All these formats count modes from 0.
        return Table(self.file, headers, cells, lines, None, notes, {headers.index("mode"): "mode"}, {})

    def _chosen(self, columns, notes):
        known = {name.lower(): name for name in (*_WAVES, *_KINDS)}
        left_out = set()
        for key, meaning in columns.items():
            if key.lower() not in known or meaning != NOT_USED:
                raise ValueError(
                    f"columns says that {key!r} is {meaning!r}, but {self.file} is no sheet with headers; of its "
                    f"curves one can leave out {', '.join(known.values())}, as columns={{'Love': {NOT_USED!r}}}."
                )
            left_out.add(known[key.lower()])
        points = [point for point in self.points if not {point.wave, point.kind} & left_out]
        if not points:
            raise ValueError(f"{self.file} has no points of dispersion curves that may be read; choose another file.")
        if len(points) < len(self.points):
            notes.append(f"{len(self.points) - len(points)} points were left out, as columns= says.")
        return points

    def _rows(self, points, kinds):
        """The points that share a row: those of one sounding, mode and place on the axis."""
        if len(kinds) == 1:
            return [(point,) for point in points]
        pairs = {}
        for point in points:
            pairs.setdefault((point.sounding, point.mode, point.axis), {}).setdefault(point.kind, []).append(point)
        if any(len(pair) < 2 or any(len(found) > 1 for found in pair.values()) for pair in pairs.values()):
            raise ValueError(
                f"{self.file} holds phase and group velocities that are not of the same modes and periods; read one "
                f"kind after the other, leaving out the other with columns={{'group': {NOT_USED!r}}}, then "
                f"columns={{'phase': {NOT_USED!r}}}."
            )
        return [tuple(pair[kind][0] for kind in kinds) for pair in pairs.values()]


def _without(headers, cells, name):
    at = headers.index(name)
    return headers[:at] + headers[at + 1 :], [row[:at] + row[at + 1 :] for row in cells]
