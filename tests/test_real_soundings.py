"""Published soundings, through the public API and the command line."""

from pathlib import Path

import numpy as np
import pytest

import bpinvert as bp
from bpinvert.cli import main
from bpinvert.inverter import unaided

DATA = Path(__file__).parents[1].parent / "shared" / "data"
BUNDLED = Path(bp.__file__).parent / "data" / "wauchope.csv"


def field_sheet(*parts):
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"the field sheet {'/'.join(parts)} is not on this machine")
    return path


def conductance(result):
    """Σ h/ρ above the deepest layer, in S."""
    thickness, resistivity = (result[name].values[0] for name in ("thickness", "resistivity"))
    above = int(result["n_layers"][0]) - 1
    return float((thickness[:above] / resistivity[:above]).sum())


@pytest.mark.parametrize("which", [0, 1], ids=["bundled", "field sheet"])
def test_wauchope_has_the_published_cover_above_a_resistive_basement(which):
    path = BUNDLED if which == 0 else field_sheet("ves", "constable1987_wauchope_schlumberger.dat")
    result = bp.invert(path)
    resistivity = result["resistivity"].values[0]
    thickest = int(np.nanargmax(result["thickness"].values[0]))
    assert float(result["chi2"][0]) <= 1.5
    assert 6 <= resistivity[thickest] <= 9
    assert 42 <= conductance(result) <= 55
    assert resistivity[int(result["n_layers"][0]) - 1] > 150
    assert int(result["flag"][0]) == 0
    relative = (result["apparent_resistivity_std"] / result["apparent_resistivity"]).values[0]
    np.testing.assert_allclose(relative, np.log(10) * np.array([0.043] * 23 + [0.086]))


def test_the_bundled_table_is_the_published_one():
    ours = bp.read_soundings(BUNDLED)
    theirs = bp.read_soundings(field_sheet("ves", "constable1987_wauchope_schlumberger.dat"))
    for name in ("ab2", "apparent_resistivity", "apparent_resistivity_std"):
        np.testing.assert_allclose(ours[name].values, theirs[name].values, rtol=1e-12)


def test_coprod1_has_a_conductor_below_a_resistive_crust():
    observed = bp.read_soundings(field_sheet("mt", "coprod1_occam1987.csv"), method="mt")
    survey = unaided.survey_of(observed)
    inverter = bp.Inverter(
        survey, unaided.prior_of(survey, observed), unaided.noise_of(survey, observed), hidden=32, max_epochs=30
    )
    result = inverter.fit(n_samples=9000, n_calibration=1000, progress=False).invert(observed)
    resistivity, depth = result["resistivity"].values[0], result["depth"].values[0]
    conductor = int(np.nanargmin(resistivity))
    assert float(result["chi2"][0]) <= 1.5
    assert resistivity[conductor] < 120
    assert resistivity[0] > 3 * resistivity[conductor]
    # a conductor deeper than some 24 km (Jones & Hutton 1979): it must reach below that, and not up to the surface
    assert depth[conductor - 1] > 8000 and not depth[conductor] < 24_000


@pytest.mark.slow
def test_a_sheet_alone_is_enough_for_the_published_three_layers(tmp_path, capsys):
    path = field_sheet("ves", "rves_ves_data1.csv")
    assert main(["invert", str(path), "-o", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert "inside the training range" in printed
    assert {"results.nc", "models.csv"} <= {p.name for p in (tmp_path / "out").iterdir()}
    result = bp.invert(path)
    # three layers, 43.1 / 81.5 / 20.2 Ω·m at 4.9 % in the package that publishes the sounding
    assert int(result["n_layers"][0]) == 3
    assert float(result["rrms"][0]) <= 5.2
    assert result["resistivity"].values[0, 2] == pytest.approx(20.2, rel=0.1)


@pytest.mark.slow
def test_coprod1_through_the_command_line(tmp_path, capsys):
    path = field_sheet("mt", "coprod1_occam1987.csv")
    assert main(["invert", str(path), "--method", "mt", "-o", str(tmp_path / "out")]) == 0
    assert "chi²/N 0." in capsys.readouterr().out


@pytest.mark.slow
def test_the_joint_false_alarm_rate_is_the_stated_one():
    """One training with the defaults, 50 000 fresh soundings: sd of the share 0.0008."""
    from forward_models import Schlumberger

    survey = Schlumberger(ab2=np.geomspace(1, 500, 20))
    prior = bp.LayeredPrior(n_layers=3, thickness=(0.5, 100), resistivity=(1, 1e4))
    noise = bp.Noise(relative=0.03)
    inverter = bp.Inverter(survey, prior, noise).fit(progress=False)
    rng = np.random.default_rng(999)
    data = noise.draw(survey(**prior.draw(50_000, rng)), survey.channels, rng)
    for level in ("network", "refined"):
        share = float((inverter.check(data, level)["flag"] != 0).mean())
        assert share == pytest.approx(0.01, abs=0.0025), level
