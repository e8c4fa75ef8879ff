"""Readings of instruments: several coordinates each, words among them, and curves told apart."""

from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr

from bpinvert import geometry, wording
from bpinvert.sheets import Sheets
from forward_models import LoopLoop
from forward_models.survey import Channels, Survey, freeze

COILS = LoopLoop(
    frequency=[400.0, 1800, 3300, 8000, 8000],
    offset=[8.0, 8, 9, 8, 8],
    orientation=["HCP", "HCP", "VCX", "HCP", "VCP"],
)


@dataclass(frozen=True, eq=False)
class Moments(Survey):
    """Decays of a half-space in two moments, so simple that a test can tell what they should be."""

    time: np.ndarray
    moment: np.ndarray
    gate_open: np.ndarray | None = None
    width: np.ndarray | None = None
    method, instrument, details = "tdem", True, ("gate_open",)

    def __post_init__(self):
        n = len(self.time)
        freeze(self, time=self.time, moment=self.moment, gate_open=self.gate_open, width=self.width)
        extra = {"moment": self.moment} | ({} if self.gate_open is None else {"gate_open": self.gate_open})
        kinds = {"quantity": ("dbdt",) * n, "unit": ("V/(A m2)",) * n, "scale": ("asinh",) * n}
        width = 1e-3 / self.time if self.width is None else self.width
        channels = Channels(
            **kinds, coordinate="time", value=self.time, coordinate_unit="s", extra=extra, width=width, branch="moment"
        )
        object.__setattr__(self, "channels", channels)

    def _simulate(self, thickness, properties, context):
        return (1 + 9 * self.moment[:, None]) / (self.time[:, None] * properties["resistivity"][0])


TIMES = np.concatenate([np.geomspace(1e-5, 1e-3, 9), np.geomspace(1e-4, 1e-2, 9)])
DECAYS = Moments(time=TIMES, moment=np.repeat([0.0, 1.0], 9))


def observed(survey, **variables):
    """A Dataset of one sounding on a survey's readings, or on other ones."""
    first = survey.channels.columns(survey.channels.quantities[0])
    given = {name: values[first] for name, values in survey.channels.coordinates.items()} | variables
    return xr.Dataset({name: (("sounding", "reading"), np.atleast_2d(values)) for name, values in given.items()})


def only_group(dataset, survey):
    (group,) = geometry.groups(geometry.as_observed(dataset, survey), survey)
    return group


def test_a_reading_of_an_instrument_is_the_channel_of_the_same_coordinates_or_none():
    own = COILS.at(frequency=[8000.0, 400, 8000], offset=[8.0, 8, 9], orientation=["VCP", "HCP", "HCP"])
    matrix = geometry.readings_matrix(own.channels, COILS.channels)
    expected = np.zeros((4, 10))
    expected[0, 4] = expected[1, 0] = expected[2, 9] = expected[3, 5] = 1
    np.testing.assert_array_equal(matrix[[0, 1, 3, 4]], expected)
    assert np.isnan(matrix[[2, 5]]).any(axis=1).all()


def test_places_differ_by_frequency_offset_or_orientation_and_not_by_quantity():
    group = only_group(np.ones((1, 10)), COILS)
    assert group.n_places().tolist() == [5]
    group.used[:, 1:5] = False
    assert group.n_places().tolist() == [5]
    group.used[:, 6:] = False
    assert group.n_places().tolist() == [1]


def test_one_time_in_two_moments_is_two_places():
    both = Moments(time=np.array([1e-4, 1e-4, 2e-4]), moment=np.array([0.0, 1.0, 1.0]))
    assert only_group(np.ones((1, 3)), both).n_places().tolist() == [3]


def test_arrays_and_datasets_with_words_go_to_the_surveys_own_readings():
    data = np.arange(20.0).reshape(2, 10) - 5
    from_array = geometry.as_observed(data, COILS)
    assert from_array["orientation"].values[1].tolist() == COILS.orientation.tolist()
    assert from_array["offset"].attrs["units"] == "m" and from_array["orientation"].attrs["units"] == ""
    group = only_group(from_array, COILS)
    assert group.survey is COILS and group.used.all()
    np.testing.assert_array_equal(group.data, data)


def test_padding_and_missing_words_are_left_out():
    dataset = observed(COILS, in_phase=np.ones(5), quadrature=np.ones(5))
    dataset["orientation"] = (("sounding", "reading"), np.array([["HCP", "", None, "HCP", "VCP"]], dtype=object))
    group = only_group(dataset, COILS)
    assert group.readings.tolist() == [0, 3, 4]
    np.testing.assert_array_equal(group.survey.orientation, ["HCP", "HCP", "VCP"])
    np.testing.assert_array_equal(group.survey.frequency, [400, 8000, 8000])


def test_an_unknown_orientation_in_a_sheet_is_named():
    dataset = observed(COILS, in_phase=np.ones(5), quadrature=np.ones(5), orientation=["HCP"] * 4 + ["HCX"])
    with pytest.raises(ValueError, match="orientation 'HCX'; allowed are HCP"):
        only_group(dataset, COILS)


def test_soundings_of_different_coils_are_different_groups():
    two = xr.concat(
        [
            observed(COILS, in_phase=np.ones(5), quadrature=np.ones(5), offset=offset)
            for offset in (COILS.offset, [8.0] * 5)
        ],
        dim="sounding",
    )
    first, second = geometry.groups(geometry.as_observed(two, COILS), COILS)
    assert first.survey is COILS and first.rows.tolist() == [0] and second.rows.tolist() == [1]


def test_a_quadrature_without_its_in_phase_stays_of_use():
    in_phase = np.array([1, np.nan, 3, 4, 5.0])
    group = only_group(observed(COILS, in_phase=in_phase, quadrature=np.ones(5)), COILS)
    assert np.flatnonzero(~group.used[0]).tolist() == [1]


def test_an_instrument_may_lack_a_quantity_and_record_one_more():
    group = only_group(observed(COILS, quadrature=np.arange(5.0)), COILS)
    assert not group.used[0, :5].any() and group.used[0, 5:].all()
    alone = LoopLoop(COILS.frequency, COILS.offset, COILS.orientation, quantity=("quadrature",))
    group = only_group(observed(COILS, in_phase=np.ones(5), quadrature=np.arange(5.0)), alone)
    np.testing.assert_array_equal(group.data, [np.arange(5.0)])
    with pytest.raises(ValueError, match="lacks in_phase, quadrature, which this inverter needs"):
        geometry.as_observed(observed(COILS, q=np.ones(5)), COILS)


def test_a_decay_between_channels_is_read_from_its_own_moments_curve():
    own = DECAYS.at(time=np.array([2e-4, 2e-4]), moment=np.array([0.0, 1.0]))
    own = own.with_width(geometry.widths_at(own.channels, DECAYS.channels))
    np.testing.assert_allclose(own.channels.width, 1e-3 / 2e-4)
    model = {"thickness": np.empty((1, 0)), "resistivity": [[0.3]]}
    matrix = geometry.readings_matrix(own.channels, DECAYS.channels)
    mapped = DECAYS.channels.to_scale(DECAYS(**model)) @ matrix.T
    np.testing.assert_allclose(mapped, own.channels.to_scale(own(**model)), rtol=1e-6)
    assert (matrix[0, 9:] == 0).all() and (matrix[1, :9] == 0).all()


def test_a_moment_that_was_not_trained_is_no_function_of_the_channels():
    other = DECAYS.at(time=np.array([2e-4, 2e-4]), moment=np.array([2.0, 1.0]))
    matrix = geometry.readings_matrix(other.channels, DECAYS.channels)
    assert np.isnan(matrix).any(axis=1).tolist() == [True, False]
    assert np.isnan(geometry.at_readings(other.channels, DECAYS.channels, np.ones(18))).tolist() == [True, False]


def test_each_moment_must_reach_as_far_as_the_trained_ones():
    reach = Sheets(complete=1.0).reach
    used = np.ones((3, 18), dtype=bool)
    used[1, :3] = used[2, 16:] = False
    beyond = geometry.extrapolated(DECAYS.channels, DECAYS.channels, used, reach)
    assert beyond.tolist() == [False, True, True]


def test_gates_that_a_sheet_states_are_its_own_and_else_those_of_the_survey():
    gated = Moments(time=TIMES, moment=DECAYS.moment, gate_open=0.9 * TIMES)
    data = {"dbdt": np.ones(18)}
    plain = observed(DECAYS, **data)
    assert only_group(plain, gated).survey is gated
    moved = only_group(plain.isel(reading=slice(2, None)), gated).survey
    assert moved.gate_open is None and len(moved.time) == 16
    stated = only_group(observed(gated, **data, gate_open=0.8 * TIMES), gated).survey
    np.testing.assert_array_equal(stated.gate_open, 0.8 * TIMES)


def test_sheets_of_an_instrument_have_gaps_but_no_other_readings():
    rng = np.random.default_rng(0)
    for survey, n_quantities in ((COILS, 2), (DECAYS, 1)):
        drawn = Sheets(complete=0.0).draw(survey, 200, rng)
        assert all(sheet.place is None for sheet in drawn)
        used = np.array([sheet.used for sheet in drawn])
        places = used.reshape(200, n_quantities, -1).any(axis=1)
        assert places.sum(axis=1).min() >= 3 and used.mean() < 0.9 and (~used).any(axis=0).all()
        if n_quantities == 2:
            assert ((~used[:, :5]).all(axis=1) | (~used[:, 5:]).all(axis=1)).any()


def test_a_coordinate_without_a_unit_is_written_without_one():
    one = observed(DECAYS).isel(sounding=0)
    for name, unit in (("time", "s"), ("moment", "1")):
        one[name].attrs["units"] = unit
    assert wording.reading_place(one, 10) == f"time = {TIMES[10]:.4g} s, moment = 1"
