"""The notebooks run from top to bottom, and what their text says is what their cells find."""

import json
import math
import re
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="notebooks need the test extra: pip install -e '.[test]'")
nbclient = pytest.importorskip("nbclient", reason="notebooks need the test extra: pip install -e '.[test]'")
pytest.importorskip("ipykernel", reason="notebooks need the test extra: pip install -e '.[test]'")

# Together they train for more than a minute.
pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(path.name for path in FOLDER.glob("*.ipynb"))

FIRST = "01_the_inverse_as_a_network.ipynb"
SECOND = "02_my_field_sheet.ipynb"
THIRD = "03_bp_network_from_scratch.ipynb"
FOURTH = "04_can_I_trust_this.ipynb"
FIFTH = "05_airborne_and_ground_em.ipynb"
SIXTH = "06_surface_waves.ipynb"
SEVENTH = "07_joint.ipynb"
EIGHTH = "08_your_own_forward.ipynb"

# Run after a notebook's own cells: the variables behind what its text says, as JSON.
PROBES = {
    FIRST: """
import json
def numbers(x):
    return np.asarray(x).tolist()
def errors(level):
    return np.abs(log_parameters(answers[level]) - log_parameters(truth))
print(json.dumps({
    "by_hand": float(difference),
    "thresholds": [V.shape[0] - x.shape[1], W.shape[0] - V.shape[1]],
    "chi2": {level: numbers(result["chi2"]) for level, result in answers.items()},
    "median_error": {level: float(np.median(errors(level))) for level in answers},
    "rms_error": {level: float(np.sqrt(np.mean(errors(level) ** 2))) for level in answers},
    "microseconds": microseconds,
    "never_seen": numbers(never_seen), "seen": numbers(seen), "misfit": misfit,
    "bare_flag": numbers(bare["flag"]), "bare_within": bool((bare["resistivity"] >= 1).all()),
    "refined_outside": [numbers(refined["check"].values[row]) for row in refined["outside"].values],
    "explained": [bp.explain(refined, sounding=i) for i in range(3)],
    "worst_reading": int(np.nanargmax(np.abs(refined["residual_apparent_resistivity"].values[1]))), "wrong": wrong,
    "mended_flag": numbers(mended["flag"]), "mended": numbers(mended["resistivity"][0]),
    "mended_truth": strangers["resistivity"][1],
    "unseen_flag": numbers(unseen["flag"]), "unseen_chi2": numbers(unseen["chi2"]),
    "conductance": [float(conductance[1]), float(found[1])],
    "caught": {name: numbers(shares) for name, shares in caught.items()},
}))
""",
    SECOND: """
import json
def read_report_with(value):
    right, slip.value = slip.value, value
    book.save("tenfold.xlsx")
    slip.value = right
    return bp.read_soundings("tenfold.xlsx").attrs["read_report"]
def flags_of(some):
    return [[str(name) for name in some["check"].values[row]] for row in some["outside"].values]
def model_of(some, sounding):
    return [values.tolist() for values in layers_of(some, sounding)]
print(json.dumps({
    "ground": {name: [layers["thickness"], layers["resistivity"]] for name, layers in ground.items()},
    "read_report": observed.attrs["read_report"], "tenfold": read_report_with(10 * slip.value),
    "elevation": observed["elevation"].values.tolist(),
    "outside": flags_of(result), "chi2": result["chi2"].values.tolist(),
    "noise_estimate": result["noise_estimate"].values.tolist(),
    "models": [model_of(result, k) for k in range(3)], "again": model_of(again, 2),
    "shift": [float(shifts[10]), float(others)],
    "explained": bp.explain(result, 2), "explained_again": bp.explain(again, 2),
    "named": list(where.values()), "in_the_book": line["VES 3"].item(),
    "again_flag": again["flag"].values.tolist(),
    "prior": json.loads(strange.attrs["prior"]), "noise": json.loads(strange.attrs["noise"]),
    "false_alarm_rate": strange.attrs["false_alarm_rate"],
    "strange": flags_of(strange)[0], "explained_strange": bp.explain(strange),
    "wider": wider.prior.to_dict(), "dune": [dune.max(), 100_000],
    "files": sorted(path.name for path in Path("report").iterdir()),
    "worksheets": openpyxl.load_workbook("report/models.xlsx").sheetnames,
    "rows": table[["sounding", "layer"]].astype(str).values.tolist(),
    "totals": table["S = h/ρ (S)"][table["layer"] == "total above half-space"].tolist(),
    "flagged_in_report": pd.read_excel("report/models.xlsx", sheet_name="soundings")["flagged"].tolist()[:3],
    "conductance": [float(conductance), float(true_conductance)], "difference": [difference.mean(), difference.max()],
}))
""",
    THIRD: """
import json
print(json.dumps({
    "by_the_loop": float(difference), "by_hand": [float(value) for value in by_hand], "same_step": float(same_step),
    "never_seen": never_seen.tolist(), "squares": squares.tolist(),
    "epochs": {name: float(np.median(values)) for name, values in epochs.items()},
    "plateau": {str(plateau): count for plateau, count in starts.items()},
    "gradient": [gradient_check.by_differences, gradient_check.by_complex_step], "digits": digit_accuracy,
    "saw": {f"{n} {init} {hidden}": float(np.median(values)) for (n, init, hidden), values in saw_errors.items()},
    "waves": {init: float(np.median(values)) for init, values in init_errors.items()}, "best": trial.best,
    "determined": {hidden: net.effective_parameters_ for hidden, net in bayes.items()},
    "off": {hidden: [float(value) for value in values] for hidden, values in off.items()},
    "types": {name: float(value) for name, value in type_accuracy.items()}, "visible": float(visible.mean()),
    "misfit": {name: {how: float(value) for how, value in both.items()} for name, both in misfit.items()},
    "spreads": [float(value) for value in spreads], "same": bool(same),
}))
""",
    FOURTH: """
import json
profile = one["resistivity_profile_quantile"].sel(quantile=[0.05, 0.95])
print(json.dumps({
    "misfit": list(misfit.values()), "basement": list(depth.values()), "difference": difference,
    "conductances": [float(np.sum(np.divide(h, rho[:-1]))) for h, rho in earths.values()],
    "intervals": {name: values.tolist() for name, values in intervals.items()},
    "probability": probability.tolist(),
    "crust_cover_basement": [profile.interp(depth_grid=at).values.tolist() for at in (0.6, 100, 1000)],
    "cover": profile.sel(depth_grid=slice(2, 250)).values.tolist(),
    "report": report.level, "coverage": [float(shares.mean()) for shares in coverage.values()],
    "nonsense": [float(nonsense[name][0]) for name in ("flag", "ess", "pareto_k", "chi2")],
    "nonsense_conductance": [float(low_of_S), float(high_of_S)],
    "explained": bp.explain(nonsense), "worst": [float(value) for value in ab2[scatter != 1]],
    "borehole": {key: some["basement_depth_quantile"].sel(quantile=[0.05, 0.5, 0.95]).values[:, 0].tolist()
                 for key, some in (("without", result), ("with", drilled))},
    "cover_resistivity": drilled["resistivity_quantile"].sel(quantile=[0.05, 0.95]).values[:, 0, 1].tolist(),
    "three_layers_gain": float(drilled["layer_probability"][0, 1] - result["layer_probability"][0, 1]),
    "agree": float(drilled["fixed_p_value"][0]),
}))
""",
    FIFTH: """
import json
def fit_of_dry_sand(resistivity):
    # As the altimeter over the crowns: 9 m less of air, and 9 m of sand instead.
    exact = survey(**earth(np.array([2.25])), height=[38.0])
    sandy = earth(np.array([2.25]))
    sandy["thickness"] = np.hstack([[[9.0]], sandy["thickness"]])
    sandy["resistivity"] = np.hstack([[[resistivity]], sandy["resistivity"]])
    return float(np.mean(np.square((survey(**sandy, height=[29.0]) - exact) / noise.sigma(exact, survey.channels))))
some = kinds["ordinary"][::3]
three = inverter.invert(observed.isel(sounding=some), "posterior", n_layers=3, draws=500)
too_high_a_limit = []
for k, place in enumerate(some):
    draws = salt_in(*(three[f"{what}_draws"].values[:, k] for what in ("thickness", "resistivity")))
    here = salt_in(true["thickness"][[place]], true["resistivity"][[place]])
    name = "conductance S = h/ρ (S)"
    too_high_a_limit.append(here[name][0] < np.quantile(draws[name], 0.05, method="nearest"))
first, second = (rhoa[(gate["moment"] == moment).values & gate["used"].values] for moment in (0, 1))
at = 1e6 * gate["time"].values[(gate["moment"] == 1).values & gate["used"].values]
print(json.dumps({
    "fits": {level: float((some["chi2"] < 1.5).mean()) for level, some in answers.items()},
    "caught": {kind: row.tolist() for kind, row in caught.iterrows()},
    "too_deep": (salt - true["thickness"][:, 0])[crowns].tolist(),
    "dry_sand": [fit_of_dry_sand(2000.0), fit_of_dry_sand(500.0)],
    "outside": {place: [str(check) for check in result["check"].values[result["outside"].values[place]]]
                for place in (61, 77, 102)},
    "explained": [bp.explain(result, place) for place in (77, 45)],
    "crowns_in_posterior": posterior["resistivity_profile_quantile"].sel(quantile=[0.05, 0.95])
                                    .isel(sounding=15).interp(depth_grid=20).values.tolist(),
    "known": {name: {what.split(" (")[0]: values for what, values in row.items()} for name, row in known.items()},
    "too_high_a_limit": float(np.mean(too_high_a_limit)),
    "read_report": sounding.attrs["read_report"], "masked": int((~sounding["used"]).sum()),
    "rhoa": [first[0], second.max(), second.min(), second[0] / np.interp(at[0], walktem.time[:25] * 1e6, first)],
    "both": {name: both[name].values[0].tolist() for name in ("chi2", "flag", "layer_probability")},
    "at_depth": {name: np.array(values).tolist() for name, values in at_depth.items()},
    "ends": {name: values.tolist() for name, values in ends.items()}, "values": values,
    "trade": float(np.corrcoef(thickness[:, 1], np.log(resistivity[:, 1]))[0, 1]),
    "investigated": [*deepest.values(), float(both["depth_grid"].max())],
    "cases": {name: [float(some["chi2"][0]), int(some["flag"][0]), float(some["resistivity"][0, 2]),
                     float(some["depth"][0, 2])] for name, some in cases.items()},
    "negative": int(((spoilt["dbdt"] < 0) & spoilt["used"]).sum()), "spoilt_report": spoilt.attrs["read_report"],
    "explained_spoilt": bp.explain(cases["spoilt"]),
}, default=float))
""",
    SIXTH: """
import json
print(json.dumps({
    "existing": {f"{name} {mode}": value for (name, mode), value in existing.items()},
    "humps": {name: float(np.nanmax(np.diff(Rayleigh(frequency=frequency)(**earth(**ground))[0])))
              for name, ground in grounds.items()},
    "read_report": observed.attrs["read_report"], "warned": [str(warning.message) for warning in warned],
    "chi2": {level: float(some["chi2"][0]) for level, some in answers.items()},
    "n_layers": {level: int(some["n_layers"][0]) for level, some in answers.items()},
    "vs30": {name: values.tolist() for name, values in vs30.items()}, "true": true_vs30, "reach": reach,
    "wrong": {name: [int(some["flag"][0]), float(some["chi2"][0]), *some["vs30_quantile"].values[[0, -1], 0].tolist(),
                     some["vs"].values[0, :3].tolist()] for name, some in wrong.items()},
    "explained": bp.explain(wrong["jump, called mode 0"]), "caught": caught,
    "crust": {name: float(np.mean(np.diff(some["vs_draws"].values[:, 0, :2]) < 0)) for name, some in known.items()},
}, default=float))
""",
    SEVENTH: """
import json
def plain(some):
    return {name: {key: np.array(ends).tolist() for key, ends in one.items()} for name, one in some.items()}
def answer(some):
    conflict = bool(some["status"][0] & CONFLICT)
    return [float(some[f"chi2_{name}"][0]) for name in ("ves", "mt")] + [int(some["flag"][0]), conflict]
print(json.dumps({
    "wauchope": plain(ends), "errors": plain(ends_of_errors),
    "basalt": plain(ends_of_basalt), "clay": plain(ends_of_clay),
    "true": {"wauchope": true, "basalt": true_basalt, "clay": true_clay},
    "at_80": {name: some.tolist() for name, some in at_80.items()},
    "deep": {name: some.sel(quantile=0.95).interp(depth_grid=500).item() for name, some in known.items()},
    "cases": {name: answer(some) for name, some in answers.items()},
    "explained": bp.explain(answers["shifted by 2"]),
    "shifts": {str(factor): row for factor, row in rows.items()}, "basement": true["depth of layer 3 (m)"],
    "places": h2.T.tolist(), "missing": [result[f"chi2_{name}"].isnull().values.tolist() for name in ("ves", "mt")],
    "flags": result["flag"].values.tolist(),
}, default=float))
""",
    EIGHTH: """
import json
print(json.dumps({
    "failed": [str(said[0].message), first.identity["failed"]],
    "explained": [bp.explain(some) for some in (result, pair, log)],
    "spread": spread, "inside": inside, "same": bool(same),
    "fits": {level: float((some["chi2"] < 1.5).mean()) for level, some in answers.items()},
    "mass_error": {level: float(np.median(np.abs(np.log(some["mass"].values / models["mass"]))))
                   for level, some in answers.items()},
    "pair": int(pair["flag"][0]), "other": [float(other[name][0]) for name in ("mass", "depth")],
    "column": [int(log["n_layers"][0]), log["thermal_conductivity"].values[0].tolist()],
    "ratio": ratio.tolist(), "wrong": float(wrong["chi2"][0]),
}, default=float))
""",
}


@pytest.fixture(scope="module")
def executed(request, tmp_path_factory):
    """A notebook run in a folder of its own, and the answer of its probe."""
    notebook = nbformat.read(FOLDER / request.param, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(PROBES.get(request.param, "print('{}')")))
    folder = tmp_path_factory.mktemp("notebook")
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook, json.loads(notebook.cells.pop().outputs[0].text)


@pytest.fixture(scope="module")
def found(executed):
    return executed[1]


of_the_first = pytest.mark.parametrize("executed", [FIRST], indirect=True)
of_the_second = pytest.mark.parametrize("executed", [SECOND], indirect=True)
of_the_third = pytest.mark.parametrize("executed", [THIRD], indirect=True)
of_the_fourth = pytest.mark.parametrize("executed", [FOURTH], indirect=True)
of_the_fifth = pytest.mark.parametrize("executed", [FIFTH], indirect=True)
of_the_sixth = pytest.mark.parametrize("executed", [SIXTH], indirect=True)
of_the_seventh = pytest.mark.parametrize("executed", [SEVENTH], indirect=True)
of_the_eighth = pytest.mark.parametrize("executed", [EIGHTH], indirect=True)


def streams(notebook, name):
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [out.text for cell in cells for out in cell.outputs if out.output_type == "stream" and out.name == name]


@pytest.mark.parametrize("executed", NOTEBOOKS, indirect=True)
def test_every_cell_runs_and_says_nothing_on_stderr(executed):
    notebook, _ = executed
    assert streams(notebook, "stdout") and not streams(notebook, "stderr")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_committed_notebook_is_executed_small_and_free_of_machine_paths(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    pictures = [out for cell in code for out in cell.outputs if "image/png" in out.get("data", {})]
    assert pictures and not streams(notebook, "stderr")
    assert notebook.metadata.kernelspec.name == "python3"
    assert len(text.encode()) < 1e6
    words = "\n".join([cell.source for cell in notebook.cells] + streams(notebook, "stdout"))
    assert not re.search(r"/(home|work|tmp|Users|usr)/|[A-Z]:\\", words)


def test_the_list_of_notebooks_is_complete():
    assert NOTEBOOKS
    listed = re.findall(r"\]\((.+?\.ipynb)\)", (FOLDER / "README.md").read_text(encoding="utf-8"))
    assert listed == NOTEBOOKS


@of_the_first
def test_the_answer_by_hand_from_V_and_W_is_that_of_the_network(found):
    # float32 arithmetic in the network
    assert found["by_hand"] < 1e-5
    assert found["thresholds"] == [1, 1]


@of_the_first
def test_refinement_fits_what_the_network_alone_does_not(found):
    fits = {level: sum(value < 1.5 for value in chi2) / len(chi2) for level, chi2 in found["chi2"].items()}
    assert fits["network"] < 0.1 and fits["refined"] > 0.97


@of_the_first
def test_refinement_halves_the_median_error_and_hardly_changes_the_rms_error(found):
    assert found["median_error"]["refined"] < 0.5 * found["median_error"]["network"]
    assert 0.85 < found["rms_error"]["refined"] / found["rms_error"]["network"] < 1.15


@of_the_first
def test_more_samples_lower_the_error_until_seen_and_unseen_agree(found):
    never_seen, seen, misfit = found["never_seen"], found["seen"], found["misfit"]
    assert never_seen[0] > 1.15 * never_seen[-1]
    assert never_seen[0] / seen[0] > 1.03 and never_seen[0] / seen[0] > never_seen[-1] / seen[-1]
    assert never_seen[-1] / seen[-1] < 1.05
    # the last doubling hardly helps, and the network is still far from the data
    assert abs(never_seen[-1] / never_seen[-2] - 1) < 0.05
    assert misfit[0] > 1.5 * misfit[-1] > 1.5 * 10


@of_the_first
def test_the_bare_network_answers_strangers_inside_the_prior_and_misses_one(found):
    assert found["bare_within"]
    assert found["bare_flag"][2] == 0


@of_the_first
def test_refined_strangers_are_flagged_for_the_right_reason(found):
    beyond, wrong, five = found["refined_outside"]
    assert "range" in beyond
    assert "residual" in wrong and "range" not in wrong
    assert "misfit" in five and "range" not in five
    assert found["worst_reading"] == found["wrong"]
    assert "outside the training range" in found["explained"][0]
    assert "field notes" in found["explained"][1]
    assert all("What to do:" in words for words in found["explained"])


@of_the_first
def test_masking_the_wrong_reading_gives_the_true_model(found):
    assert found["mended_flag"] == [0]
    # 3 % noise on 19 readings
    assert found["mended"] == pytest.approx(found["mended_truth"], rel=0.15)


@of_the_first
def test_equivalent_strangers_fit_and_are_not_flagged(found):
    assert found["unseen_flag"] == [0, 0]
    assert max(found["unseen_chi2"]) < 1.5
    true, inverted = found["conductance"]
    assert inverted == pytest.approx(true, rel=0.1)


@of_the_first
def test_the_shares_of_flagged_strangers_are_as_told(found):
    network, refined = ({name: shares[i] for name, shares in found["caught"].items()} for i in (0, 1))
    # 1 % false alarms: a thousand soundings give 0.1 to 2.2 % in all but 1 of 1000 cases
    assert 0 < network["ordinary (false alarms)"] < 2.3 and 0 < refined["ordinary (false alarms)"] < 2.3
    assert network["one reading three times too high"] > 85 and refined["one reading three times too high"] > 95
    assert network["five layers"] < 6 < 10 < refined["five layers"] < 50
    assert refined["first layer 0.1 to 1 Ω·m"] > 90 > refined["middle layer 0.1 to 1 Ω·m"]
    assert refined["basement 10 000 to 100 000 Ω·m"] < 40 and refined["middle layer 0.1 to 1 m thick"] < 5


@of_the_second
def test_the_sheet_is_read_whole_and_only_a_slip_of_ten_times_is_remarked(found):
    assert found["read_report"].count("25 readings, 25 used") == 3
    assert found["elevation"] == [412.0, 409.5, 405.0]
    assert "slip of the decimal point" in found["tenfold"]
    assert "slip of the decimal point" not in found["read_report"]


@of_the_second
def test_the_shipped_inverter_is_as_told(found):
    assert found["prior"]["n_layers"] == [2, 5] and found["prior"]["thickness"] == [0.3, 2000]
    assert found["prior"]["properties"] == [["resistivity", [0.5, 20_000]]]
    assert found["noise"]["relative"] == [0.01, 0.1] and found["false_alarm_rate"] == 0.01


@of_the_second
def test_two_soundings_of_the_village_fit_and_one_is_flagged(found):
    assert found["outside"][:2] == [[], []] and found["outside"][2]
    assert max(found["chi2"][:2]) < 1.2 < 4 < found["chi2"][2]
    # 3 % of scatter on 25 readings, some of which the model and the displacements take up
    assert found["noise_estimate"][:2] == pytest.approx([0.03, 0.03], rel=0.35)
    for (_, resistivity), name in zip(found["models"][:2], ("VES 1", "VES 2"), strict=True):
        # equivalent models: the first layer and the kind of curve are sure, the granite is known to a third
        assert resistivity == pytest.approx(found["ground"][name][1], rel=0.4)
        assert resistivity[0] == pytest.approx(found["ground"][name][1][0], rel=0.15)


@of_the_second
def test_the_boulder_lifts_its_segment_by_what_was_put_in(found):
    lifted, others = found["shift"]
    assert lifted / others == pytest.approx(1.25, rel=0.04)
    # the level of all is not known, and is kept near 1
    assert 1 < lifted < 1.25 and 0.9 < others < 1


@of_the_second
def test_explain_names_the_slip_and_the_field_book_confirms_it(found):
    assert found["named"][:2] == [15, 2]
    assert found["named"][2] == found["in_the_book"] + 60
    assert "residual" in found["outside"][2]
    first, *others = re.findall(r"AB/2 = [\d.]+ m, MN/2 = [\d.]+ m is ([\d.]+) σ", found["explained"])
    assert "fits: ρa at AB/2 = 15 m, MN/2 = 2 m is" in found["explained"] and "field notes" in found["explained"]
    assert float(first) > 8 and all(float(other) < float(first) / 2 for other in others)


@of_the_second
def test_without_the_slip_the_flag_is_gone_and_the_model_true(found):
    assert found["again_flag"] == [0, 0, 0] and "nothing, use the model" in found["explained_again"]
    (h, rho), (true_h, true_rho) = found["again"], found["ground"]["VES 3"]
    # 3 % scatter; of the granite only a limit is well known
    assert h == pytest.approx(true_h, rel=0.1) and rho == pytest.approx(true_rho, rel=0.2)
    spoilt, _ = found["models"][2]
    assert not 0.6 < sum(spoilt) / sum(true_h) < 1.5


@of_the_second
def test_the_dune_is_beyond_the_prior_and_a_wider_one_holds_it(found):
    assert "range" in found["strange"] and "--widen" in found["explained_strange"]
    reading, resistivity = found["dune"]
    ((_, (low, high)),) = found["wider"]["properties"]
    assert low == 0.5 and max(reading, resistivity) <= high < 3 * resistivity
    assert found["wider"]["thickness"] == found["prior"]["thickness"]


@of_the_second
def test_the_report_has_the_workbook_and_a_picture_of_each_sounding(found):
    assert found["files"] == ["VES_1.png", "VES_2.png", "VES_3.png", "models.csv", "models.xlsx", "results.nc"]
    assert found["worksheets"] == ["models", "soundings", "readings"]
    four = ["1", "2", "3", "4 (half-space)", "total above half-space"]
    three = ["1", "2", "3 (half-space)", "total above half-space"]
    expected = [[name, row] for name, rows in (("VES 1", four), ("VES 2", four), ("VES 3", three)) for row in rows]
    assert found["rows"] == expected
    for total, (h, rho) in zip(found["totals"], found["ground"].values(), strict=True):
        # S is what the curves know best; VES 2 pays for the level of its displaced segments
        assert total == pytest.approx(sum(a / b for a, b in zip(h, rho, strict=False)), rel=0.15)
    assert found["flagged_in_report"] == ["no", "no", "no"]


@of_the_second
def test_a_wrong_thickness_hides_behind_equal_readings_and_an_equal_S(found):
    thickness, true = found["models"][0][0], found["ground"]["VES 1"][0]
    assert abs(thickness[1] / true[1] - 1) > 0.25
    mean, largest = found["difference"]
    assert mean < 0.02 and largest < 0.04
    conductance, true = found["conductance"]
    assert conductance == pytest.approx(true, rel=0.08)


@of_the_third
def test_the_formulas_of_the_book_and_of_the_network_are_the_same(found):
    assert found["by_the_loop"] < 1e-12 and found["same_step"] < 1e-12
    assert found["by_hand"] == pytest.approx([0.0474, 0.524], rel=1e-3)
    by_differences, by_complex_step = found["gradient"]
    assert by_differences < 1e-8 and by_complex_step < 1e-14


@of_the_third
def test_the_small_examples_are_learnt_as_told(found):
    assert found["never_seen"][0] > 0.9 and found["never_seen"][1] < 0.1
    assert all(after < before for before, after in zip(found["squares"], found["squares"][1:], strict=False))
    assert found["squares"][-1] < 0.01
    assert list(found["epochs"].values()) == sorted(found["epochs"].values(), reverse=True)
    assert found["plateau"]["None"] <= 2 < 8 <= found["plateau"]["10"]
    assert found["waves"]["nguyen_widrow"] < min(found["waves"]["uniform"], found["waves"]["xavier"])
    assert found["digits"] >= 0.95 and found["best"] in (4, 8) and found["same"]


@of_the_third
def test_two_layers_are_better_on_three_teeth_and_not_by_law(found):
    saw = found["saw"]
    for init in ("xavier", "nguyen_widrow"):
        assert saw[f"3 {init} (9, 9)"] < 0.5 * saw[f"3 {init} 39"]
    assert saw["4 nguyen_widrow 39"] < 1.1 * saw["4 nguyen_widrow (9, 9)"]


@of_the_third
def test_the_data_determine_three_weights_and_the_regularised_answer_stays(found):
    for hidden in ("4", "8", "12", "16"):
        assert found["determined"][hidden] == pytest.approx(6.8, abs=0.5)
        assert found["off"][hidden][0] == pytest.approx(found["off"]["4"][0], rel=0.1)
    # How the others overfit is chance.
    assert min(plain for _, plain in list(found["off"].values())[2:]) > 2 * found["off"]["4"][0]


@of_the_third
def test_curve_types_and_the_meaning_of_answers_are_as_told(found):
    assert found["types"]["all"] == pytest.approx(0.8, abs=0.03) and found["visible"] == pytest.approx(0.6, abs=0.05)
    assert found["types"]["visible"] > 0.9 > 0.65 > found["types"]["hidden"] > 0.5
    misfit = found["misfit"]
    assert misfit["mixture"]["draw"] < 0.06 < 0.3 < min(*misfit["mse"].values(), *misfit["gaussian"].values())
    inside, outside = found["spreads"]
    assert outside > 20 * inside


@of_the_fourth
def test_three_earths_of_one_conductance_have_one_curve(found):
    assert max(found["misfit"]) < 1 and max(found["misfit"]) - min(found["misfit"]) < 0.01
    assert found["difference"] < 0.01
    assert found["conductances"] == pytest.approx(found["conductances"][:1] * 3, rel=1e-9)
    assert max(found["basement"]) - min(found["basement"]) == pytest.approx(65, abs=3)


@of_the_fourth
def test_the_conductance_is_known_where_a_thickness_is_not(found):
    low, middle, high = found["intervals"]["S above basement"]
    assert 0.89 < low / middle < high / middle < 1.11
    low, _, high = found["intervals"]["h3"]
    assert low < 2 and high > 500
    # what is left of a log-uniform prior from 0.5 to 20 000 Ω·m beyond its 95 % quantile is 12 000 to 20 000
    assert found["intervals"]["ρ4"][2] > 9000


@of_the_fourth
def test_two_layers_are_ruled_out_and_three_to_five_are_not(found):
    two, *more = found["probability"]
    assert two < 1e-3 and min(more) > 0.1 and max(more) < 0.6


@of_the_fourth
def test_the_profile_knows_the_cover_and_bounds_the_basement_below_only(found):
    for low, high in zip(*found["cover"], strict=True):
        assert 6 < low < high < 10
    _, _, (low, high) = found["crust_cover_basement"]
    assert low > 100 and high > 9000


@of_the_fourth
def test_the_shipped_intervals_hold_somewhat_less_than_promised(found):
    assert found["report"] == "posterior"
    assert 0.75 < min(found["coverage"]) and max(found["coverage"]) < 0.93


@of_the_fourth
def test_a_spoilt_sheet_satisfies_the_sampler_and_raises_the_flag(found):
    flag, ess, pareto_k, chi2 = found["nonsense"]
    assert flag and ess >= 900 and pareto_k < 0.7 and chi2 > 10
    low, high = found["nonsense_conductance"]
    assert high / low < 1.3
    named = [float(value) for value in re.findall(r"AB/2 = ([\d.]+) m", found["explained"])]
    assert named and set(named) <= set(found["worst"])
    assert "scatter" in found["explained"]


@of_the_fourth
def test_a_borehole_fixes_what_it_met_and_the_resistivity_above_it(found):
    low, middle, high = found["borehole"]["with"]
    assert middle == pytest.approx(345, abs=3) and high - low < 25
    low, _, high = found["borehole"]["without"]
    assert high - low > 50
    low, high = found["cover_resistivity"]
    assert high / low < 1.2 and found["agree"] > 0.1
    assert found["three_layers_gain"] > 0.02


@of_the_fifth
def test_the_network_maps_the_line_and_refinement_fits_it(found):
    assert 0.65 < found["fits"]["network"] < 0.85 and found["fits"]["refined"] > 0.9


@of_the_fifth
def test_flags_of_the_line_find_what_cannot_be_and_nothing_else(found):
    caught = found["caught"]
    for kind, at_least in (("power line", 10), ("height too large", 10)):
        number, flagged, chi2, *_ = caught[kind]
        assert flagged == number and chi2 > at_least
    for kind in ("height too small", "at an edge"):
        _, flagged, chi2, *_ = caught[kind]
        assert flagged == 0 and chi2 < 1.5
    assert caught["ordinary"][0] == 105 and caught["ordinary"][1] <= 2
    assert all(6.5 < deeper < 10.5 for deeper in found["too_deep"])
    _, _, _, at_the_edge, really = caught["at an edge"]
    assert at_the_edge > really + 1
    dry, not_so_dry = found["dry_sand"]
    assert dry < 2 < 10 < not_so_dry


@of_the_fifth
def test_what_the_flags_of_the_line_say(found):
    assert {"residual", "misfit"} <= set(found["outside"]["61"]) & set(found["outside"]["102"])
    number, flagged, chi2, depth, really = found["caught"]["pulled up"]
    assert number == flagged == 1 and chi2 < 1.5 and depth == pytest.approx(really, rel=0.15)
    pulled_up, crowns = found["explained"]
    assert "height is 64 m, training 25–55 m" in pulled_up and "use the model" in crowns
    # full colour
    low, high = found["crowns_in_posterior"]
    assert high / low < 1.6


@of_the_fifth
def test_the_top_of_the_salt_is_known_and_its_foot_where_it_is_thin(found):
    known = found["known"]
    for name, row in known.items():
        for what in ("depth", "resistivity"):
            low, high, true = row[what]
            assert low * 0.97 < true < high * 1.03, (name, what)
        assert row["depth"][1] - row["depth"][0] < 4 and row["resistivity"][1] / row["resistivity"][0] < 4
    low, high, true = known["dunes"]["conductance S = h/ρ"]
    assert low < true < high < 1.8 * low
    assert known["dunes"]["thickness"][1] > 2.5 * known["dunes"]["thickness"][0]
    for name in ("flood plain", "lens"):
        for what in ("thickness", "conductance S = h/ρ"):
            low, high, true = known[name][what]
            assert low < true and high == float("inf")
    assert 0.15 < found["too_high_a_limit"] < 0.4


@of_the_fifth
def test_both_files_are_one_sounding_that_one_earth_of_four_layers_fits(found):
    assert "they were read as its 2 moments" in found["read_report"] and "4 µs were taken away" in found["read_report"]
    assert found["masked"] == 3
    chi2, flag, probability = found["both"].values()
    assert chi2 < 1.5 and flag == 0 and probability[2] > 0.95
    first, highest, lowest, ratio = found["rhoa"]
    assert 65 < first < 75 and 40 < highest < 50 and 10 < lowest < 15 and ratio > 1.03


@of_the_fifth
def test_the_low_moment_knows_the_top_and_the_high_one_the_bottom(found):
    till, sand, clay, limestone = range(4)
    width = {name: [high / low for low, high in ends] for name, ends in found["at_depth"].items()}
    assert width["low moment"][till] < 1.2 < 2 < width["high moment"][till] and width["high moment"][sand] > 4
    assert width["high moment"][clay] < 1.3 < width["low moment"][clay]
    ends = found["at_depth"]
    assert ends["low moment"][limestone][0] < 6 < 15 < ends["high moment"][limestone][0]
    for at in range(4):
        assert width["both"][at] < 1.1 * min(width["low moment"][at], width["high moment"][at]) or at == limestone
    assert all(low < true < high for (low, high), true in zip(ends["both"], (25, 90, 6, 150), strict=True))


@of_the_fifth
def test_depths_of_conductors_are_known_and_resistivities_of_resistors_are_not(found):
    ends = found["ends"]
    assert all(low < found["values"][name] < high for name, (low, high) in ends.items())
    low, high = ends["depth of the clay (m)"]
    assert high - low < 4
    low, high = ends["resistivity of the sand (Ω·m)"]
    assert high / low > 1.5 and found["trade"] < -0.9
    low, high = ends["resistivity of the limestone (Ω·m)"]
    assert low > 15 and high > 350
    assert found["investigated"] == pytest.approx([found["investigated"][-1]] * 4)


@of_the_fifth
def test_masking_negative_gates_takes_away_the_flag_and_not_the_error(found):
    assert found["negative"] == 6 and "6 readings are negative" in found["spoilt_report"]
    assert "below the fit" in found["explained_spoilt"] and "moment = 1 is" in found["explained_spoilt"]
    (_, flag, clay, depth), (chi2, flagged, *_), (fits, unflagged, wrong_clay, wrong_depth) = found["cases"].values()
    assert not flag and flagged and chi2 > 2 and not unflagged and fits < 1.5
    assert clay == pytest.approx(6, rel=0.1) and wrong_clay == pytest.approx(8, rel=0.1)
    assert depth == pytest.approx(115, abs=4) and wrong_depth == pytest.approx(107, abs=4)


def width(ends):
    return math.log(ends[1] / ends[0])


DEPTH, CRUST, BASEMENT = "depth of layer 3 (m)", "ρ1 (Ω·m)", "ρ3 (Ω·m)"


@of_the_sixth
def test_higher_modes_begin_at_a_cut_off_and_a_soft_layer_makes_a_hump(found):
    existing, humps = found["existing"], found["humps"]
    assert all(existing[f"{name} 0"] == pytest.approx(4) for name in humps)
    assert existing["stiffer downward 1"] > 7 and existing["soft on rock 2"] > 14
    assert humps["soft below a crust"] > 0.05 > 0 > max(humps["stiffer downward"], humps["soft on rock"])
    assert "No modes are given" in found["read_report"]
    assert len(found["warned"]) == 1 and "most of all by vs_3" in found["warned"][0]


@of_the_sixth
def test_levels_of_a_curve_get_closer_to_its_picks(found):
    assert found["chi2"]["network"] > 5 > 1.5 > max(found["chi2"]["refined"], found["chi2"]["posterior"])
    assert found["n_layers"] == {"network": 2, "refined": 3, "posterior": 3}


@of_the_sixth
def test_vs30_is_known_where_the_waves_reach_30_metres(found):
    low, middle, high = found["vs30"]["from 5 Hz"]
    assert low < found["true"] < high < 1.1 * low and found["reach"]["from 5 Hz"] > 30
    low, middle, high = found["vs30"]["from 13 Hz"]
    assert low < found["true"] < high and high > 1.4 * low and middle < 0.85 * found["true"]
    assert found["reach"]["from 13 Hz"] == pytest.approx(7, abs=0.5)
    assert found["crust"]["from 5 Hz"] == 0 and found["crust"]["from 13 Hz"] == pytest.approx(0.77, abs=0.1)


@of_the_sixth
def test_a_wide_jump_between_modes_is_found_and_a_wrong_name_is_not(found):
    flag, chi2, *_ = found["wrong"]["jump, called mode 0"]
    assert flag and chi2 > 5 and "some picks are of another mode" in found["explained"]
    flag, chi2, low, high, _ = found["wrong"]["jump, modes told"]
    assert not flag and chi2 < 1.5 and low < found["true"] < high
    flag, chi2, low, _, vs = found["wrong"]["all mode 1, called mode 0"]
    assert not flag and chi2 < 1.5 and low > found["true"] and vs[0] > 150
    share = {name: row["flagged, %"] for name, row in found["caught"].items()}
    assert share["jump, called mode 0, more"] > 80 > 30 > share["jump, called mode 0, up to 25 %"]
    assert max(share["right"], share["all mode 1, called mode 0"]) < 5


@of_the_seventh
def test_both_methods_know_what_either_knows(found):
    for ground in ("wauchope", "basalt", "clay"):
        *single, both = found[ground].values()
        for key, ends in both.items():
            assert width(ends) < 1.1 * min(width(one[key]) for one in single), (ground, key)
    dc, mt, both = found["wauchope"].values()
    assert width(dc[CRUST]) < 0.3 * width(mt[CRUST]) and width(mt[BASEMENT]) < 0.3 * width(dc[BASEMENT])
    assert dc[DEPTH][1] - dc[DEPTH][0] > 60 and both[DEPTH][1] - both[DEPTH][0] < 25
    assert found["deep"]["DC alone"] > 4000 and found["deep"]["both"] < 1500


@of_the_seventh
def test_intervals_of_both_hold_the_simulated_ground(found):
    # Ninety per cent intervals, 22 of them, hardly independent
    missed = [
        (ground, key)
        for ground, true in found["true"].items()
        for key, value in true.items()
        if not found[ground]["both"][key][0] <= value <= found[ground]["both"][key][1]
    ]
    assert len(missed) <= 3, missed


@of_the_seventh
def test_larger_errors_of_one_method_leave_the_word_to_the_other(found):
    once, three, ten = ([width(one[key]) for key in (DEPTH, BASEMENT)] for one in found["errors"].values())
    assert all(a < b < c for a, b, c in zip(once, three, ten, strict=True))
    assert ten[0] > 0.8 * width(found["wauchope"]["DC alone"][DEPTH])


@of_the_seventh
def test_dc_and_mt_know_other_combinations_of_the_basalt_and_both_know_it(found):
    dc, mt, both = found["basalt"].values()
    assert min(dc["ρ2 (Ω·m)"][1] / dc["ρ2 (Ω·m)"][0], mt["ρ2 (Ω·m)"][1] / mt["ρ2 (Ω·m)"][0]) > 9
    assert width(dc["T = h2·ρ2 (Ω·m²)"]) < 0.2 and width(mt[DEPTH]) < 0.1
    assert width(both["ρ2 (Ω·m)"]) < 0.2 and width(both["h2 (m)"]) < 0.15
    alone, of_mt, together = found["at_80"].values()
    assert alone[0] < 20 and of_mt[0] > 200 and width(of_mt) > 2 and width(together) < 0.5


@of_the_seventh
def test_contradictions_larger_than_the_errors_are_named(found):
    own, shifted, other = found["cases"].values()
    assert own[2:] == [0, False] and max(own[:2]) < 1.2
    for dc, mt, flag, conflict in (shifted, other):
        assert dc > mt > 2 and flag and conflict
    assert "contradict each other" in found["explained"] and "static shift" in found["explained"]
    shifts = found["shifts"]
    assert not any(row["MT alone, flagged"] for row in shifts.values())
    assert [row["both, flagged"] for row in shifts.values()] == [False] * 3 + [True] * 3
    assert [row["both, conflict"] for row in shifts.values()] == [False] * 2 + [True] * 4
    low, high = {}, {}
    for factor, row in shifts.items():
        for kind in ("MT alone", "both"):
            low[kind, factor], high[kind, factor] = map(float, row[f"{kind}, basement (m)"].split(" to "))
    truth = found["basement"]
    assert low["both", "1.0"] < truth < high["both", "1.0"]
    for factor in ("1.1", "1.2", "1.3", "1.5", "2.0"):
        assert low["MT alone", factor] > low["both", factor] > truth
    assert low["MT alone", "2.0"] < truth * 2**0.5 * 1.02 < high["MT alone", "2.0"]


@of_the_seventh
def test_a_missing_method_leaves_what_the_other_knows(found):
    assert found["missing"] == [[False, False, True], [False, True, False]] and not any(found["flags"])
    both, dc, mt = map(width, found["places"])
    assert both < mt < 0.5 < 1.5 < dc


@of_the_seventh
def test_dc_and_tdem_gain_the_clay(found):
    dc, tdem, both = found["clay"].values()
    assert dc["h2 (m)"][1] > 5 * dc["h2 (m)"][0] and width(dc["S = h2/ρ2 (S)"]) < 0.3
    assert width(both["h2 (m)"]) < 0.85 * width(tdem["h2 (m)"]) and width(both["ρ2 (Ω·m)"]) < 0.2
    assert both[BASEMENT][1] < 800 < min(dc[BASEMENT][1], tdem[BASEMENT][1])


@of_the_eighth
def test_models_that_reach_out_of_the_ground_are_said_to_fail_by_their_radius(found):
    said, numbers = found["failed"]
    assert "most of all by radius" in said and numbers["parameter"] == "radius"
    assert 0.1 < numbers["n_failed"] / numbers["n_models"] < 0.25


@of_the_eighth
def test_a_sphere_s_mass_is_known_though_its_radius_is_not(found):
    assert found["spread"]["mass"] < 0.2 < 0.5 < found["spread"]["radius"]
    assert "The data set depth" in found["explained"][0] and "not contrast" in found["explained"][0].replace("\n", " ")


@of_the_eighth
def test_the_levels_fit_ever_better_and_the_intervals_hold_the_truth(found):
    fits, error = found["fits"], found["mass_error"]
    assert fits["network"] < 0.8 and min(fits["refined"], fits["posterior"]) > 0.9
    assert error["refined"] < 0.5 * error["network"]
    # 45 of 50 are to be expected; fewer than 39 come by chance once in a hundred times
    assert min(found["inside"].values()) >= 39


@of_the_eighth
def test_two_spheres_are_flagged_and_other_stations_are_not_needed(found):
    assert found["pair"] and "does not fit" in found["explained"][1]
    assert found["other"] == pytest.approx([5000, 30], rel=0.01)
    assert found["same"]


@of_the_eighth
def test_the_column_has_three_layers_and_believes_the_heat_flow_it_is_given(found):
    n_layers, conductivity = found["column"]
    assert n_layers == 3 and conductivity == pytest.approx([1.5, 3.5, 2.2], rel=0.05)
    assert found["ratio"] == pytest.approx([1.1] * 3, rel=1e-3) and found["wrong"] < 1.5
