"""Published soundings, through the public API and the command line."""

from pathlib import Path

import numpy as np
import pytest

import bpinvert as bp
from bpinvert.cli import main
from bpinvert.inverter import unaided
from bpinvert.results import STATUS
from forward_models import Schlumberger

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


@pytest.mark.slow
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


def test_a_sheet_alone_is_enough_for_the_published_three_layers():
    result = bp.invert(field_sheet("ves", "rves_ves_data1.csv"))
    # three layers, 43.1 / 81.5 / 20.2 Ω·m at 4.9 % in the package that publishes the sounding
    assert int(result["n_layers"][0]) == 3
    assert float(result["rrms"][0]) <= 5.2
    assert 0.04 <= float(result["noise_estimate"][0]) <= 0.06
    assert result["resistivity"].values[0, 2] == pytest.approx(20.2, rel=0.1)
    assert int(result["flag"][0]) == 0
    assert "segment_shift" not in result


@pytest.mark.parametrize("which", [0, 1], ids=["bundled", "field sheet"])
def test_wauchope_has_its_conductance_and_of_its_basement_a_lower_bound_only(which):
    path = BUNDLED if which == 0 else field_sheet("ves", "constable1987_wauchope_schlumberger.dat")
    result = bp.invert(path, level="posterior")
    low, middle, high = result["conductance_quantile"].sel(quantile=[0.05, 0.5, 0.95]).values[:, 0]
    assert 42 <= middle <= 55
    assert 0.85 < low / middle < high / middle < 1.15
    # Over all layer counts: which layer is the basement differs between them, and below a kilometre there may be more.
    profile = result["resistivity_profile_quantile"].interp(depth_grid=[700, 1000]).values[:, 0]
    assert (profile[0] > 100).all()
    # The upper end is the prior's: 95 % of what is log-uniform from 100 to 20 000 Ω·m lies below 15 300.
    assert (profile[-1] > 9000).all()
    assert int(result["flag"][0]) == 0


# Thicknesses in m, resistivities in Ω·m, published with the sounding.
RVES1 = {"thickness": [2.82, 13.39], "resistivity": [43.09, 81.53, 20.18]}


def test_the_published_model_of_rves1_is_inside_the_posterior_if_at_its_end():
    """It lies where the second layer is thickest and the first thinnest: 3 to 7 % of the posterior are beyond it."""
    observed = bp.read_soundings(field_sheet("ves", "rves_ves_data1.csv"))
    result = unaided.shipped().invert(observed, level="posterior", n_layers=3, draws=2000)
    thickness, resistivity = (result[f"{name}_draws"].values[:, 0] for name in RVES1)
    published = np.array(RVES1["thickness"] + RVES1["resistivity"])
    below = (np.concatenate([thickness[:, :2], resistivity[:, :3]], axis=1) < published).mean(axis=0)
    assert ((below > 0.015) & (below < 0.985)).all()
    h, rho = (np.array(values) for values in RVES1.values())
    sums = {"conductance": h / rho[:2], "transverse_resistance": h * rho[:2], "basement_depth": h}
    for name, terms in sums.items():
        low, high = result[f"{name}_quantile"].values[[0, -1], 0]
        assert low < terms.sum() < high, name
    assert int(bp.invert(observed, level="posterior")["n_layers"][0]) == 3


def test_a_sounding_whose_readings_jump_by_decades_is_flagged_and_told_why():
    path = field_sheet("ves", "durham_position_1.csv")
    # The first of four repeats, by itself: bad contacts from AB/2 = 160 cm on, 24 Ω·m beside 0.02 Ω·m.
    meanings = {"p": "MN/2 (cm)", "c": "AB/2 (cm)", "m1": "R (ohm)"}
    observed = bp.read_soundings(path, columns=meanings)
    rhoa = observed["apparent_resistivity"].values[observed["used"].values]
    assert np.abs(np.diff(np.log10(rhoa))).max() > 3
    result = bp.invert(observed, inverter=unaided.shipped(), level="posterior")
    assert int(result["flag"][0]) and {"misfit", "noise"} <= set(result["check"].values[result["outside"].values[0]])
    explained = bp.explain(result)
    assert "scatter more than the errors let expect" in explained and "does not fit" in explained
    assert "AB/2 = 1.6 m, MN/2 = 0.4 m" in explained and "What to do: " in explained


def test_a_good_sounding_that_begins_to_jump_is_flagged_however_narrow_its_posterior():
    observed = bp.read_soundings(BUNDLED)
    jumping = np.where(observed["ab2"] >= 1000, 10 ** np.random.default_rng(0).normal(size=(1, 24)), 1.0)
    for name in ("apparent_resistivity", "apparent_resistivity_std"):
        observed[name] = observed[name] * jumping
    result = bp.invert(observed, level="posterior")
    assert int(result["flag"][0]) and float(result["chi2"][0]) > 10
    low, high = result["conductance_quantile"].values[[0, -1], 0]
    assert high / low < 1.4
    explained = bp.explain(result)
    assert "scatter more than the errors let expect" in explained
    assert "ingle readings that no model of the prior fits" in explained


def shift_of(result, mn2, sounding=0):
    """The displacement of one MN segment."""
    return float(result["segment_shift"].values[sounding][result["mn2"].values[sounding] == mn2][0])


def test_jumps_by_a_factor_of_four_between_mn_segments_are_found_and_the_data_stay():
    path = field_sheet("ves", "gwb_myanmar_Mawlamyine_1.csv")
    observed, result = bp.read_soundings(path), bp.invert(path)
    assert int(result["status"][0]) & STATUS["segments_shifted"][0]
    # AB/2 = 40 m with MN/2 = 1 and 5 m: 102 and 407 Ω·m
    assert shift_of(result, 1) / shift_of(result, 5) == pytest.approx(102 / 407, rel=0.4)
    np.testing.assert_array_equal(result["apparent_resistivity"], observed["apparent_resistivity"])
    earth = result["predicted_apparent_resistivity"] / result["segment_shift"]
    own = Schlumberger(ab2=observed["ab2"].values[0], mn2=observed["mn2"].values[0])
    n = int(result["n_layers"][0])
    model = {"thickness": result["thickness"].values[:, : n - 1], "resistivity": result["resistivity"].values[:, :n]}
    np.testing.assert_allclose(earth.values, own(**model), rtol=1e-9)
    assert "readings of some MN segments are displaced" in bp.explain(result)


def test_overlapping_segments_of_an_ordinary_sounding_are_fitted_without_a_flag():
    result = bp.invert(field_sheet("ves", "gwb_myanmar_Mawlamyine_4.csv"))
    assert float(result["chi2"][0]) < 1.5 and int(result["flag"][0]) == 0
    assert int(result["used"].sum()) == 28
    shifts = [shift_of(result, mn2) for mn2 in (1, 5, 10, 20)]
    assert max(shifts) / min(shifts) < 1.4


def test_four_curves_in_one_sheet_are_four_soundings():
    result = bp.invert(field_sheet("ves", "watex_gbalo_cotedivoire.csv"))
    assert result["name"].values.tolist() == ["SE1", "SE2", "SE3", "SE4"]
    assert (result["used"].sum("reading") == 32).all() and (result["chi2"] < 2.5).all()
    # H type over crystalline basement: the least resistive layer lies below the first and above the last
    for k in (0, 1, 3):
        resistivity = result["resistivity"].values[k, : int(result["n_layers"][k])]
        assert 0 < int(resistivity.argmin()) < len(resistivity) - 1


def test_eight_readings_with_an_mn_each_are_enough():
    result = bp.invert(field_sheet("ves", "gwb_myanmar_AungSan_loc1.csv"))
    assert int(result["used"].sum()) == 8 and 2 <= int(result["n_layers"][0]) <= 3
    assert float(result["chi2"][0]) < 2 and (result["segment_shift"] == 1).all()


def test_a_plain_ves_file_gives_the_tutorials_four_layers():
    result = bp.invert(field_sheet("ves", "pygimli_sond1-100.ves"))
    resistivity = result["resistivity"].values[0]
    # made from 100, 500, 20–30, 800 Ω·m, it seems; the thin third layer has its conductance only
    assert int(result["n_layers"][0]) == 4 and float(result["chi2"][0]) < 1.5
    assert resistivity[0] < 200 and 300 < resistivity[1] < 1000 and resistivity[3] > 400
    assert 0.1 < result["thickness"].values[0, 2] / resistivity[2] < 0.5


def test_a_sheet_of_slips_is_refused_by_what_is_wrong_and_read_when_told_what_its_columns_mean(capsys):
    path = field_sheet("ves", "durham_position_1.csv")
    with pytest.raises(ValueError, match=r"has the columns 'p', 'c', 'm1'.*say what the columns mean with columns="):
        bp.invert(path)
    assert main(["invert", str(path)]) == 2
    assert "has the columns 'p', 'c', 'm1'" in capsys.readouterr().err
    meanings = {"p": "MN/2 (cm)", "c": "AB/2 (cm)"} | {f"m{k}": f"R{k} (ohm)" for k in range(1, 5)}
    report = bp.read_soundings(path, columns=meanings).attrs["read_report"]
    assert "converted (times 0.01)" in report
    assert "m1 = -0.15, not positive" in report and "slip of the decimal point" in report


def test_wauchope_from_excel_is_wauchope_from_csv(tmp_path, capsys):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for line in BUNDLED.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            cells = line.split(",")
            book.active.append([float(c) if c[:1].isdigit() or c[:1] == "-" else c for c in cells])
    book.save(tmp_path / "wauchope.xlsx")
    first, second = bp.invert(BUNDLED), bp.invert(tmp_path / "wauchope.xlsx")
    for name in ("resistivity", "thickness", "chi2"):
        np.testing.assert_array_equal(first[name], second[name])
    said = []
    for path in (BUNDLED, tmp_path / "wauchope.xlsx"):
        assert main(["invert", str(path)]) == 0
        said.append(capsys.readouterr().out.partition("layer  ")[2])
    assert said[0] == said[1] and "chi²/N 0.44" in said[0]


@pytest.mark.slow
def test_all_sheets_through_the_command_line(tmp_path, capsys):
    names = (
        "rves_ves_data1.csv", "gwb_myanmar_Mawlamyine_1.csv", "gwb_myanmar_Mawlamyine_4.csv",
        "watex_gbalo_cotedivoire.csv", "gwb_myanmar_AungSan_loc1.csv", "pygimli_sond1-100.ves",
    )  # fmt: skip
    sheets = [str(field_sheet("ves", name)) for name in names]
    assert main(["invert", *sheets, "-o", str(tmp_path / "out")]) == 0
    assert "9 soundings of 6 sheets" in capsys.readouterr().out
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"results.nc", "models.csv", "models.xlsx", "SE3.png"} <= written
    assert sum(name.endswith(".png") for name in written) == 9


@pytest.mark.slow
def test_coprod1_through_the_command_line(tmp_path, capsys):
    path = field_sheet("mt", "coprod1_occam1987.csv")
    assert main(["invert", str(path), "--method", "mt", "-o", str(tmp_path / "out")]) == 0
    assert "chi²/N 0." in capsys.readouterr().out


@pytest.mark.slow
def test_the_joint_false_alarm_rate_is_the_stated_one():
    """One training with the defaults, 50 000 fresh soundings: sd of the share 0.0008."""
    survey = Schlumberger(ab2=np.geomspace(1, 500, 20))
    prior = bp.LayeredPrior(n_layers=3, thickness=(0.5, 100), resistivity=(1, 1e4))
    noise = bp.Noise(relative=0.03)
    inverter = bp.Inverter(survey, prior, noise).fit(progress=False)
    rng = np.random.default_rng(999)
    data = noise.draw(survey(**prior.draw(50_000, rng)), survey.channels, rng)
    for level in ("network", "refined"):
        share = float((inverter.check(data, level)["flag"] != 0).mean())
        assert share == pytest.approx(0.01, abs=0.0025), level
