"""What field sheets look like: where their readings lie, which are missing, how MN changes, how large errors are."""

from __future__ import annotations

import numbers
from dataclasses import asdict, dataclass, is_dataclass, replace

import numpy as np

from bpinvert import geometry
from forward_models.survey import Channels

# Spans of random sheets, as fractions of the logarithmic range of the channels: where the first reading lies at the
# latest and the last one at the earliest.
_LATEST_START, _EARLIEST_END = 0.25, 0.4
# Readings per decade of a random sheet, fewest and most.
_DENSITY = (4, 15)
# Share of random Schlumberger sheets with one MN to AB ratio throughout, and with segments of constant MN.
_ONE_RATIO, _SEGMENTS = 0.2, 0.4
# Share of the latter on which the MN of some segment is not written.
_UNWRITTEN = 0.05
# Share of random sheets with fewer readings than usual, and how many these have at least.
_FEW, _FEWEST = 0.08, 3
# By how much of its range an instrument's curve may begin late and end early, and how often it gives but one quantity.
_CUT, _ONE_QUANTITY = (0.25, 0.6), 0.1
# Share of random sheets of several methods that have only one of them.
_ONE_METHOD = 0.2
# Share of sheets with errors that differ from reading to reading, and the spread of their logarithm.
_UNEVEN, _UNEVENNESS = 0.3, 0.4
# Degrees of freedom of Student's t distribution of the logarithms of MN displacements: mostly small, at times large.
SHIFT_FREEDOM = 3


@dataclass(frozen=True)
class Sheets:
    """The sheets that an inverter is trained and calibrated for.

    Parameters
    ----------
    complete : float
        Share of sheets with the inverter's own readings, all of them. The others have readings at random places
        within its range where the array allows it (one coordinate, MN not prescribed), else a part of its readings; of
        an instrument also without the first or last ones of a curve, or without one of two quantities; of several
        methods at times without all but one of them.
    readings : (int, int)
        Fewest and most different places of readings of such a sheet; where MN changes some are repeated. One sheet in
        twelve has fewer, so that the flags are calibrated for these too.
    errors_given : float
        Share of sheets that state their errors; only matters where the noise is a range.
    shift : float
        Scale of the displacement of readings that share a pair of potential electrodes against the others, as a
        natural logarithm: its prior is Student's t with three degrees of freedom. 0: none is estimated.

    Examples
    --------
    >>> Sheets(complete=1.0)
    Sheets(complete=1.0, readings=(8, 30), errors_given=0.5, shift=0.1)
    """

    complete: float = 0.5
    readings: tuple[int, int] = (8, 30)
    errors_given: float = 0.5
    shift: float = 0.1

    def __post_init__(self):
        for name in ("complete", "errors_given"):
            value = getattr(self, name)
            if not isinstance(value, numbers.Real) or not 0 <= value <= 1:
                raise ValueError(f"{name} is {value!r}; it is a share of sheets from 0 to 1.")
        if not isinstance(self.shift, numbers.Real) or not 0 <= self.shift <= 1:
            raise ValueError(f"shift is {self.shift!r}; it is a natural logarithm from 0 (none) to 1, e.g. 0.1.")
        pair = self.readings if isinstance(self.readings, tuple | list) else ()
        whole = len(pair) == 2 and all(isinstance(end, numbers.Integral) for end in pair)
        if not whole or not 4 <= self.readings[0] <= self.readings[1]:
            raise ValueError(f"readings is {self.readings!r}; it is (fewest, most) with 4 <= fewest <= most.")
        object.__setattr__(self, "readings", tuple(int(end) for end in self.readings))

    def to_dict(self) -> dict:
        """JSON-able keywords."""
        return asdict(self) | {"readings": list(self.readings)}

    def draw(self, survey, n, rng) -> list[Sheet]:
        """`n` sheets for soundings of `survey`."""
        return [
            self.complete_sheet(survey) if rng.random() < self.complete else self.random_sheet(survey, rng)
            for _ in range(n)
        ]

    def reach(self, channels, columns) -> tuple[float, float]:
        """ln(coordinate) that the first reading may not exceed and the last one must reach to be no extrapolation.

        Those of the inverter's own readings, where it has any; else of the shortest sheets it is trained on.
        """
        place = np.log(channels.value[columns])
        low, high = place.min(), place.max()
        if self.complete > 0:
            return low, high
        return low + _LATEST_START * (high - low), low + _EARLIEST_END * (high - low)

    def complete_sheet(self, survey) -> Sheet:
        """A sheet with all readings of the survey, and errors as the noise model has them."""
        n = len(survey.channels)
        return Sheet(survey, None, np.ones(n, dtype=bool), np.ones(n))

    def random_sheet(self, survey, rng) -> Sheet:
        """A sheet with other or fewer readings."""
        channels = survey.channels
        if channels.joined:
            return self._joined_sheet(survey, rng)
        first = channels.columns(channels.quantities[0])
        # Curves of several modes begin and end where each can be picked.
        if getattr(survey, "instrument", False) or channels.branch is not None:
            return Sheet(survey, None, self._gaps(channels, rng), error_factors((1, len(channels)), rng)[0])
        movable = is_dataclass(survey) and hasattr(survey, channels.coordinate) and len(channels.coordinates) == 1
        if not movable or len(first) < 4:
            used = np.zeros(len(channels), dtype=bool)
            low = min(self.readings[0], max(len(first) // 2, _FEWEST), len(first))
            n = self._few(rng) or rng.integers(low, len(first) + 1)
            kept = rng.choice(len(first), min(n, len(first)), replace=False)
            for quantity in channels.quantities:
                used[channels.columns(quantity)[kept]] = True
            return Sheet(survey, None, used, error_factors((1, len(channels)), rng)[0])
        coordinate = self._spacings(np.log(channels.value[first]), rng)
        place = {channels.coordinate: coordinate}
        if hasattr(survey, "mn2"):
            place = _with_mn(coordinate, rng)
        n = len(place[channels.coordinate])
        used = np.ones(n * len(channels.quantities), dtype=bool)
        if len(channels.quantities) > 1:
            used &= rng.random(used.size) > rng.choice([0.0, 0.1])
        return Sheet(survey, place, used, error_factors((1, len(used)), rng)[0])

    def _joined_sheet(self, survey, rng):
        """A sheet of each method, complete or not; at times one of the methods alone."""
        parts = [sheet for own in geometry.surveys_of(survey) for sheet in self.draw(own, 1, rng)]
        if len(parts) > 1 and rng.random() < _ONE_METHOD:
            alone = rng.integers(len(parts))
            for k in (k for k in range(len(parts)) if k != alone):
                parts[k] = self.complete_sheet(parts[k].survey)
                parts[k].used[:] = False
        return JoinedSheet(survey, parts)

    def _gaps(self, channels, rng):
        """Which channels (n,) an instrument has given.

        Curves begin late or end early; readings are missing, at times one quantity of them, or one quantity altogether.
        """
        used = np.ones(len(channels), dtype=bool)
        first = channels.columns(channels.quantities[0])
        n = self._few(rng)
        if n:
            used[:] = False
            kept = rng.choice(len(first), min(n, len(first)), replace=False)
            used[np.concatenate([channels.columns(quantity)[kept] for quantity in channels.quantities])] = True
            return used
        curve = channels.coordinates[channels.branch][first] if channels.branch else np.zeros(len(first))
        for one in np.unique(curve) if not channels.points else ():
            place = np.log(channels.value)
            here = np.resize(curve == one, len(channels))
            low, high = place[here].min(), place[here].max()
            start, end = (rng.uniform(0, share) if rng.random() < 0.5 else 0.0 for share in _CUT)
            used &= ~here | ((place >= low + start * (high - low)) & (place <= high - end * (high - low)))
        used &= rng.random(len(used)) > rng.choice([0.0, 0.1, 0.3])
        if len(channels.quantities) > 1 and rng.random() < _ONE_QUANTITY:
            used[channels.columns(rng.choice(channels.quantities))] = False
        if np.any([used[channels.columns(quantity)] for quantity in channels.quantities], axis=0).sum() < _FEWEST:
            return np.ones(len(channels), dtype=bool)
        return used

    def _few(self, rng):
        """A small number of readings where the sheet is to have few; else 0."""
        return rng.integers(_FEWEST, self.readings[0]) if rng.random() < _FEW else 0

    def _spacings(self, place, rng):
        """Positions of readings: evenly spaced in a power of the coordinate, somewhat scattered."""
        low, high = place.min(), place.max()
        start = low + rng.uniform(0, _LATEST_START) * (high - low)
        end = low + rng.uniform(_EARLIEST_END, 1) * (high - low)
        if rng.random() < 0.2:
            start = low
        if rng.random() < 0.2:
            end = high
        decades = (end - start) / np.log(10)
        fewest = int(np.clip(_DENSITY[0] * decades, self.readings[0], self.readings[1]))
        most = int(np.clip(_DENSITY[1] * decades, fewest, self.readings[1]))
        n = self._few(rng) or rng.integers(fewest, most + 1)
        power = 0.0 if rng.random() < 0.75 else rng.uniform(0.1, 0.7)
        steps = np.arange(n, dtype=float)
        steps[1:-1] += rng.uniform(-0.25, 0.25, n - 2)
        steps /= n - 1
        if power == 0:
            return np.exp(start + steps * (end - start))
        low_end, high_end = np.exp(power * start), np.exp(power * end)
        return (low_end + steps * (high_end - low_end)) ** (1 / power)


@dataclass
class Sheet:
    """The readings of one sheet.

    Attributes
    ----------
    survey : forward_models.Survey of the inverter
    place : dict of (n_readings,) arrays, the coordinates of the readings, or None: those of `survey`
    used : (n_channels of the sheet,) bool array
    error_factor : (n_channels of the sheet,) array, each error as a multiple of the sheet's level, where it states any
    """

    survey: object
    place: dict | None
    used: np.ndarray
    error_factor: np.ndarray

    @property
    def on_channels(self) -> bool:
        """Whether all readings are the channels of the inverter."""
        return self.place is None

    def channels(self) -> Channels:
        """The channels of these readings, without the cost of a survey."""
        trained = self.survey.channels
        if self.place is None:
            return trained
        coordinates = {name: np.tile(values, len(trained.quantities)) for name, values in self.place.items()}
        first = [trained.columns(quantity)[0] for quantity in trained.quantities]
        n = len(self.used) // len(first)
        kinds = {
            name: tuple(getattr(trained, name)[column] for column in first for _ in range(n))
            for name in ("quantity", "unit", "scale")
        }
        channels = Channels(
            **kinds,
            coordinate=trained.coordinate,
            value=coordinates.pop(trained.coordinate),
            coordinate_unit=trained.coordinate_unit,
            extra=coordinates,
        )
        return replace(channels, width=geometry.widths_at(channels, trained)) if trained.changes_sign else channels

    def own_survey(self):
        """The survey on these readings."""
        if self.place is None:
            return self.survey
        place = self.place
        if hasattr(self.survey, "mn2"):
            place = {"ab2": place["ab2"], "mn2": place.get("mn2", np.full(len(place["ab2"]), np.nan))}
        given = [name for name in geometry.details_of(self.survey) if name in self.place]
        return geometry.survey_at(self.survey, place, given)


@dataclass
class JoinedSheet:
    """The readings of several methods' sheets, with what a `Sheet` has.

    Attributes
    ----------
    survey : forward_models.Joint of the inverter
    parts : list of Sheet, one for each of its surveys
    """

    survey: object
    parts: list

    @property
    def used(self):
        return np.concatenate([sheet.used for sheet in self.parts])

    @property
    def error_factor(self):
        return np.concatenate([sheet.error_factor for sheet in self.parts])

    @property
    def on_channels(self) -> bool:
        return all(sheet.on_channels for sheet in self.parts)

    def channels(self) -> Channels:
        if self.on_channels:
            return self.survey.channels
        names = [part.name for part in self.survey.channels.parts]
        return Channels.join({name: sheet.channels() for name, sheet in zip(names, self.parts, strict=True)})

    def own_survey(self):
        return self.survey.with_parts([sheet.own_survey() for sheet in self.parts])


def error_factors(shape, rng):
    """Errors (n, n_readings) as multiples of each sounding's level: some sheets state uneven ones."""
    factor = np.exp(_UNEVENNESS * rng.standard_normal(shape))
    factor[rng.random(shape[0]) > _UNEVEN] = 1.0
    return factor


def _with_mn(ab2, rng):
    """AB/2 and MN/2 of a Schlumberger sheet: MN not given, in one ratio to AB, or constant over segments."""
    kind = rng.random()
    if kind < _ONE_RATIO:
        return {"ab2": ab2, "mn2": ab2 / rng.choice([3.0, rng.uniform(2.5, 20.0)])}
    if kind > _ONE_RATIO + _SEGMENTS:
        return {"ab2": ab2}
    mn2 = ab2[0] / rng.uniform(2.2, 5)
    longest = rng.uniform(8, 30)
    spacings, halves = [], []
    for spacing in ab2:
        spacings.append(spacing)
        halves.append(mn2)
        if spacing > longest * mn2:
            # The electrodes are moved outwards, and as a rule the last one or two readings are repeated.
            mn2 = spacing / rng.uniform(2.5, 5)
            repeated = [last for last in spacings[len(spacings) - rng.integers(0, 3) :] if last > 1.5 * mn2]
            spacings += repeated
            halves += [mn2] * len(repeated)
    spacings, halves = np.array(spacings), np.array(halves)
    if rng.random() < _UNWRITTEN:
        halves[halves == rng.choice(halves)] = 0.0
    return {"ab2": spacings, "mn2": halves}
