"""Published electromagnetic soundings through the public API, each with a small inverter trained here."""

from pathlib import Path

import numpy as np
import pytest

import bpinvert as bp
from bpinvert.results import FLAG_BITS

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[1].parent / "shared" / "data"
# Where Heagy et al. (2017), doi:10.1016/j.cageo.2017.06.018, compare RESOLVE and SkyTEM at Bookpurnong.
PUBLISHED = (462_100.0, 6_196_500.0)
SALINE = bp.LayeredPrior(n_layers=(2, 4), thickness=(1, 60), resistivity=(0.1, 1000), context={"height": (20, 80)})


def file(*parts):
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"the field data {'/'.join(parts)} are not on this machine")
    return path


def inverter(survey, prior, noise, n_samples=6000, max_time=6):
    """Trained briefly: refinement and posterior mend what the network lacks."""
    trained = bp.Inverter(survey, prior, noise, max_time=max_time, hidden=64, sheets=bp.Sheets(complete=1.0))
    return trained.fit(n_samples=n_samples, n_calibration=1000, progress=False)


def with_errors(observed, relative, floor=0.0):
    """Errors beside those that the file states; `relative` may be one for each reading."""
    better = observed.copy()
    for name in bp.survey_of(observed).channels.quantities:
        stated = np.nan_to_num(observed[f"{name}_std"].values)
        more = np.hypot(relative * np.abs(observed[name].values), floor)
        better[f"{name}_std"] = (("sounding", "reading"), np.hypot(stated, more))
    return better


def nearest(observed, place=PUBLISHED):
    return int(np.hypot(observed["x"].values - place[0], observed["y"].values - place[1]).argmin())


def resistivity_at(result, depth):
    """Of the recommended models, (n,)."""
    layer = (np.nan_to_num(result["depth"].values, nan=np.inf) <= depth).sum(axis=1)
    return result["resistivity"].values[np.arange(len(layer)), layer]


def test_one_model_fits_both_moments_of_a_walktem_within_their_errors():
    observed = bp.read_soundings(
        [file("tdem", "usgs_WalkTEM_LM.tem"), file("tdem", "usgs_WalkTEM_HM.tem")], method="tdem"
    )
    prior = bp.LayeredPrior(n_layers=(2, 4), thickness=(1, 150), resistivity=(1, 2000))
    noise = bp.Noise(relative=(0.03, 0.15), floor=3e-10)
    result = inverter(bp.survey_of(observed), prior, noise).invert(observed)
    assert float(result["chi2"][0]) <= 1.5
    assert int(result["flag"][0]) == 0
    residual, used = result["residual_dbdt"].values[0], result["used"].values[0]
    for moment in (0, 1):
        here = used & (observed["moment"].values[0] == moment)
        assert here.sum() > 20 and np.mean(np.square(residual[here])) <= 1.5
    # Masked in the file, kept and not used.
    assert (~used).sum() == 13


def test_langeoog_has_salt_water_below_fresh_sand():
    observed = bp.read_soundings(file("tdem", "gimli_TEMfastLangeoog.tem"), method="tdem")
    # The last gates are negative: noise, by the note that comes with the file.
    late = (observed["time"] > 3.5e-3) | (observed["dbdt"] <= 0)
    observed = with_errors(observed.assign(used=observed["used"] & ~late), relative=0.05)
    prior = bp.LayeredPrior(n_layers=(2, 4), thickness=(2, 80), resistivity=(0.3, 3000))
    trained = inverter(bp.survey_of(observed), prior, bp.Noise(relative=0.05, floor=5e-10))
    result = trained.invert(observed, level="posterior")
    assert float(result["chi2"][0]) <= 1.5
    profile = result["resistivity_profile_quantile"].sel(quantile=0.5)[0]
    assert float(profile.interp(depth_grid=25)) > 10 > 4 > float(profile.interp(depth_grid=50))
    counted = int(result["n_layers"][0])
    conductor = int(np.nanargmin(result["resistivity"].values[0]))
    assert 0 < conductor < counted
    low, high = result["depth_quantile"].sel(quantile=[0.05, 0.95]).values[:, 0, conductor - 1]
    assert 25 <= low <= high <= 50


@pytest.fixture(scope="module")
def resolve():
    """RESOLVE at Bookpurnong, 10 % (15 % at the top two frequencies) and 20 ppm: observed, inverter, result."""
    observed = bp.read_soundings(file("fdem", "bookpurnong", "resolve_bookpurnong.csv"), method="fdem")
    relative = np.where(observed["frequency"].values > 3e4, 0.15, 0.10)
    observed = with_errors(observed, relative, floor=20.0)
    trained = inverter(
        bp.survey_of(observed), SALINE, bp.Noise(relative=0.1, floor=20.0), n_samples=20_000, max_time=10
    )
    return observed, trained, trained.invert(observed)


def test_bookpurnong_resolve_fits_at_the_birds_heights(resolve):
    observed, _, result = resolve
    assert len(result["chi2"]) == 1022
    assert (result["chi2"].values <= 1.5).mean() >= 0.9
    np.testing.assert_array_equal(result["height"].values, observed["height"].values)
    # What does not fit is said so.
    assert (result["flag"].values[result["chi2"].values > 3] != 0).mean() >= 0.8


def test_bookpurnong_has_a_resistive_top_over_saline_sediment(resolve):
    observed, _, result = resolve
    assert np.median(resistivity_at(result, 1.0)) > 10
    for depth in (10, 25):
        assert 0.3 < np.median(resistivity_at(result, depth)) < 2
    one = result.isel(sounding=nearest(observed))
    assert float(one["resistivity"][0]) > 5
    assert 0.2 < float(resistivity_at(result, 15.0)[nearest(observed)]) < 1.0


def test_skytem_says_the_same_as_resolve_at_the_same_place(resolve):
    observed, trained, _ = resolve
    by_resolve = trained.invert(observed.isel(sounding=[nearest(observed)]), level="posterior")
    folder = DATA / "tdem" / "bookpurnong"
    transients = bp.read_soundings(
        file("tdem", "bookpurnong", "skytem_bookpurnong_every20th.csv"),
        method="tdem",
        system={"files": [folder / "skytem_hm.wf", folder / "skytem_hm.tc"], "radius": 10.0, "unit": "V/(A m4)"},
    )
    one = with_errors(transients, relative=0.12, floor=7.5e-12).isel(sounding=[nearest(transients)])
    assert abs(float(one["x"][0]) - PUBLISHED[0]) < 100 and abs(float(one["y"][0]) - PUBLISHED[1]) < 100
    by_skytem = inverter(bp.survey_of(transients), SALINE, bp.Noise(relative=0.12, floor=7.5e-12)).invert(
        one, level="posterior"
    )
    assert float(by_skytem["chi2"][0]) <= 1.5
    for depth in (10, 15, 20):
        ends = [
            result["resistivity_profile_quantile"].sel(quantile=[0.05, 0.95])[:, 0].interp(depth_grid=depth).values
            for result in (by_resolve, by_skytem)
        ]
        assert max(ends[0][0], ends[1][0]) <= min(ends[0][1], ends[1][1])


def test_boxford_after_its_calibration_by_ert_shows_the_peat():
    observed = bp.read_soundings(file("fdem", "emagpy_boxford_eca_raw.csv"), method="fdem", system={"scale": "F-1m"})
    path = file("fdem", "emagpy_boxford_ert_ec.csv")
    middle = np.array([float(name[1:]) for name in path.read_text().splitlines()[0].split(",")])
    conductivity = 1e-3 * np.loadtxt(path, delimiter=",", skiprows=1)
    bottom = np.zeros(len(middle) + 1)
    for k, one in enumerate(middle):
        bottom[k + 1] = 2 * one - bottom[k]
    survey = bp.survey_of(observed)
    expected = survey(np.tile(np.diff(bottom)[:-1], (len(conductivity), 1)), resistivity=1 / conductivity)
    # Each coil's readings times a factor and plus a constant; what is left is its error (McLachlan et al. 2021,
    # doi:10.1016/j.cageo.2020.104561).
    shown = observed["quadrature"].values[: len(expected)]
    lines = [np.polyfit(shown[:, k], expected[:, k], 1) for k in range(shown.shape[1])]
    better = np.stack([np.polyval(line, shown[:, k]) for k, line in enumerate(lines)], axis=1)
    table = ("sounding", "reading")
    calibrated = observed.assign(
        quadrature=(table, better),
        quadrature_std=(table, np.broadcast_to(np.std(better - expected, axis=0), better.shape)),
    )
    prior = bp.LayeredPrior(n_layers=(2, 3), thickness=(0.1, 4), resistivity=(5, 500))
    result = inverter(survey, prior, bp.Noise(relative=0.05, floor=10.0)).invert(calibrated)
    assert (result["chi2"].values <= 1.5).mean() >= 0.9
    top, below = resistivity_at(result, 0.2), resistivity_at(result, 2.0)
    # ERT: 34 Ω·m in the peat, 110 to 170 Ω·m in the gravel below.
    assert 20 < np.median(top) < 60 and 80 < np.median(below) < 250
    assert 0.3 < np.median(result["depth"].values[:, 0]) < 1.5


def test_rankin_inlets_reversals_are_kept_and_flagged():
    observed = bp.read_soundings(
        [file("tdem", "gsc_rankin_inlet_2301.csv"), file("tdem", "gsc_rankin_inlet_2304.csv")],
        method="tdem",
        system={"side": 100.0, "ramp": 5.1e-6},
    )
    negative = (observed["dbdt"].values < 0) & observed["used"].values
    assert negative.any(axis=1)[0]
    prior = bp.LayeredPrior(n_layers=(2, 4), thickness=(3, 200), resistivity=(1, 20_000))
    result = inverter(bp.survey_of(observed), prior, bp.Noise(relative=0.05, floor=3e-10)).invert(
        with_errors(observed, relative=0.05)
    )
    assert int(result["flag"][0]) != 0
    np.testing.assert_array_equal(result["used"].values & (result["dbdt"].values < 0), negative)
    assert int(result["flag"][0]) & (FLAG_BITS["misfit"] | FLAG_BITS["residual"])
