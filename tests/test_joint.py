"""Several surveys over one earth: what they predict together."""

import numpy as np
import pytest

from forward_models import (
    CentralLoop,
    DipoleDipole,
    Joint,
    Love,
    Magnetotelluric,
    Schlumberger,
    UserForward,
    survey_from_dict,
)
from forward_models.survey import Survey

VES = Schlumberger(ab2=np.geomspace(1.5, 300, 7), mn2=0.5)
MT = Magnetotelluric(period=np.geomspace(1e-3, 10, 5))
TDEM = CentralLoop(np.geomspace(1e-5, 1e-3, 6), side=40.0, height=None)
MODELS = {"thickness": [[5.0, 40.0], [10.0, 3.0]], "resistivity": [[100.0, 10.0, 300.0], [20.0, 200.0, 50.0]]}
HEIGHT = np.array([30.0, 40.0])


class Colour(Survey):
    """A survey of another property: its data are the square of the first layer's colour."""

    properties = ("resistivity", "colour")

    def __init__(self):
        self.channels = Schlumberger(ab2=[1.0]).channels

    def _simulate(self, thickness, properties, context):
        return properties["colour"][:1] ** 2 * properties["resistivity"][:1]


def test_data_are_those_of_each_survey_one_after_the_other():
    survey = Joint(VES, MT, TDEM)
    expected = np.hstack([VES(**MODELS), MT(**MODELS), TDEM(**MODELS, height=HEIGHT)])
    np.testing.assert_array_equal(survey(**MODELS, tdem_height=HEIGHT), expected)


def test_quantities_coordinates_and_known_quantities_carry_the_name_of_their_survey():
    survey = Joint(VES, TDEM, names=("dc", "airborne"))
    assert survey.channels.quantities == ("dc_apparent_resistivity", "airborne_dbdt")
    assert list(survey.channels.coordinates) == ["dc_ab2", "dc_mn2", "airborne_time"]
    assert survey.context == ("airborne_height",)
    assert survey.details == ("dc_mn2", "airborne_gate_open", "airborne_gate_close")


def test_readings_of_the_second_survey_follow_those_of_the_first():
    reading = Joint(VES, MT).channels.reading
    np.testing.assert_array_equal(reading, [*range(7), *range(7, 12), *range(7, 12)])
    assert MT.channels.n_readings == 5


def test_a_part_of_joined_channels_is_the_survey_s_own():
    second = Joint(VES, MT).channels.parts[1]
    np.testing.assert_array_equal(second.columns, 7 + np.arange(10))
    np.testing.assert_array_equal(second.channels.value, MT.channels.value)
    assert second.named("phase") == "mt_phase"


def test_properties_that_are_not_shared_are_kept_apart():
    survey = Joint(VES, Colour(), names=("ves", "other"))
    assert survey.properties == ("resistivity", "other_colour")
    data, slopes = survey.data_and_jacobian(**MODELS, other_colour=np.full((2, 3), 3.0))
    np.testing.assert_allclose(data[:, -1], [900.0, 180.0])
    np.testing.assert_allclose(slopes["other_colour"][:, -1], [[2.0, 0.0, 0.0]] * 2, atol=1e-7)
    assert not slopes["other_colour"][:, :-1].any()
    assert slopes["resistivity"][:, :-1].all()


def test_properties_with_nothing_in_common_share_the_layers_only():
    survey = Joint(VES, MT, share=())
    assert survey.properties == ("ves_resistivity", "mt_resistivity")
    rho = np.array(MODELS["resistivity"])
    data = survey(MODELS["thickness"], ves_resistivity=rho, mt_resistivity=2 * rho)
    np.testing.assert_array_equal(data[:, 7:], MT(MODELS["thickness"], resistivity=2 * rho))


def test_other_readings_of_one_survey_leave_the_other():
    moved = Joint(VES, MT).at(mt_period=[1.0, 2.0])
    assert moved.surveys[0] is VES
    np.testing.assert_array_equal(moved.surveys[1].period, [1.0, 2.0])


def test_widths_reach_the_surveys():
    survey = Joint(MT, TDEM)
    wide = survey.with_width(np.arange(1.0, 17.0))
    np.testing.assert_array_equal(wide.surveys[1].channels.width, np.arange(11.0, 17.0))
    np.testing.assert_array_equal(wide.channels.width, np.arange(1.0, 17.0))
    assert wide == survey


def test_three_surveys_with_names_survive_their_description():
    survey = Joint(VES, MT, TDEM, names=("a", "b", "c"))
    again = survey_from_dict(survey.to_dict())
    assert again == survey
    np.testing.assert_array_equal(again(**MODELS, c_height=HEIGHT), survey(**MODELS, c_height=HEIGHT))


def test_only_surveys_whose_channels_end_say_what_they_tend_to():
    assert Joint(VES, TDEM).beyond(**MODELS, tdem_height=HEIGHT) is None
    waves = {"vs": [[200.0, 300.0, 400.0]] * 2, "density": [[1900.0] * 3] * 2}
    named = {f"surface_waves_{key}": values for key, values in waves.items()}
    ends = Joint(VES, Love(period=[0.1, 1.0])).beyond(**MODELS, **named)
    np.testing.assert_array_equal(ends, [[np.nan] * 7 + [400.0, 400.0]] * 2)


def drop(thickness, resistivity, current, position):
    """A function of one's own with a known quantity and places, of either sign."""
    deep = thickness.sum(axis=1)[:, None]
    return current[:, None] * (np.log(resistivity[:, :1] / resistivity[:, -1:]) * np.exp(-position / deep))


def test_a_function_of_one_s_own_is_a_survey_like_others():
    own = UserForward(drop, {"quantity": "drop", "coordinate": "position", "value": [1, 5, 20]}, context=("current",))
    survey = Joint(VES, own)
    assert survey.context == ("user_current",) and survey.by_differences
    alone = own(**MODELS, current=HEIGHT)
    np.testing.assert_array_equal(survey(**MODELS, user_current=HEIGHT), np.hstack([VES(**MODELS), alone]))
    data, slopes = survey.data_and_jacobian(**MODELS, user_current=HEIGHT)
    np.testing.assert_array_equal(data[:, 7:], alone)
    for name, slope in own.jacobian(**MODELS, current=HEIGHT).items():
        np.testing.assert_allclose(slopes[name][:, 7:], slope, rtol=1e-6, atol=1e-9)
    moved = survey.at(user_position=[2.0, 3.0])(**MODELS, user_current=HEIGHT)
    np.testing.assert_array_equal(moved[:, 7:], own.at(position=[2.0, 3.0])(**MODELS, current=HEIGHT))
    assert survey == Joint(VES, own) != Joint(VES, own, names=("a", "b"))


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        (lambda: Joint(VES, DipoleDipole(a=5.0, n=[1, 2])), ValueError, "called 'ves', 'ves'.*Pass others as names"),
        (lambda: Joint(VES, MT, names=["a"]), ValueError, "2 surveys and 1 names"),
        (lambda: Joint(VES, MT, names=["a b", "c"]), ValueError, "without blanks"),
        (lambda: Joint(VES, MT, names=["mt", "mt_long"]), ValueError, "mt_long_... could be of either"),
        (lambda: Joint(VES, MT, share=("vs",)), ValueError, "share = 'vs', but the surveys have resistivity"),
        (lambda: Joint(), ValueError, "no survey"),
        (lambda: Joint(VES, Joint(MT)), TypeError, "to one Joint instead"),
        (lambda: Joint(VES, "mt"), TypeError, "got a str; pass surveys"),
        (lambda: Joint(VES, UserForward(lambda a: a[:, None], 1)), ValueError, "of a, whose models have no layers"),
        (lambda: Joint(VES, MT).at(ab2=[1.0]), ValueError, "no readings ab2"),
        (lambda: Joint(VES, TDEM)(**MODELS), TypeError, "needs resistivity, tdem_height"),
    ],
)
def test_what_cannot_be_joined_is_named(arguments, error, match):
    with pytest.raises(error, match=match):
        arguments()
