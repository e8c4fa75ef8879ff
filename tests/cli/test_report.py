"""models.xlsx and models.csv: the numbers of the result, as numbers, in tables to paste or to read."""

import csv

import numpy as np
import openpyxl
import pytest
import xarray as xr

import bpinvert as bp
from bpinvert.cli import main, report
from bpinvert.cli.report import write_workbook
from tests.cli import GOOD, sheet

COLOUR = "FFF2B8A0"
FAR = [f"{ab2},{1e-3 * (1 + i % 2)}" for i, ab2 in enumerate((1.5, 3, 6, 12, 25, 50, 100, 300))]
MT_RECIPE = """
[survey]
type = "Magnetotelluric"
period = {geomspace = [0.001, 100, 10]}

[prior]
n_layers = 2
thickness = [50, 5000]
resistivity = [1, 1e4]

[noise]
relative = {apparent_resistivity = 0.05}
floor = {phase = 1.5}

[samples]
n = 2000

[training]
hidden = 16
max_epochs = 3
n_calibration = 1000
"""


@pytest.fixture(scope="module")
def written(trained, tmp_path_factory):
    """Five soundings of two sheets: two good ones, a strange one, one of two readings, one without elevation."""
    folder = tmp_path_factory.mktemp("report")
    soundings = {"=P1": (812.5, GOOD), "P2": (790, GOOD), "far": (700, FAR), "few": (600, GOOD[:2])}
    rows = [f"{name},L7,500123.25,{z},{row}" for name, (z, rows) in soundings.items() for row in rows]
    line7 = sheet(folder, *rows, header="VES,line,x,elevation,AB/2 (m),rhoa (ohm m)", name="line7.csv")
    inverter = str(trained / "inverter.nc")
    good = str(trained / "good.csv")
    assert main(["invert", line7, good, "--inverter", inverter, "-o", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def book(written):
    return openpyxl.load_workbook(written / "models.xlsx")


@pytest.fixture(scope="module")
def result(written):
    return xr.load_dataset(written / "results.nc")


def rows_of(worksheet):
    """The rows of a worksheet as {header: value}, without the legend."""
    header, *rows = worksheet.iter_rows(values_only=True)
    rows = rows[: next((i for i, row in enumerate(rows) if not any(row)), len(rows))]
    return [dict(zip(header, row, strict=True)) for row in rows]


def numbers(values):
    """The same with NaN for an empty cell."""
    return [np.nan if value is None else value for value in values]


def agree(found, expected):
    # openpyxl writes 16 digits
    np.testing.assert_allclose(numbers(found), numbers(expected), rtol=1e-15)


def layer_rows(book, result):
    """(sounding, its rows of layers, its total)."""
    rows = rows_of(book["models"])
    for k, name in enumerate(result["name"].values):
        n = int(result["n_layers"][k])
        own = [row for row in rows if row["sounding"] == name]
        if n:
            yield result.isel(sounding=k), own[:n], own[n]


def test_the_workbook_has_three_tables_with_a_bold_frozen_header(book):
    assert book.sheetnames == ["models", "soundings", "readings"]
    for worksheet in book:
        assert worksheet.freeze_panes == "A2"
        assert all(cell.font.bold for cell in worksheet[1])


def test_layers_in_the_workbook_are_those_of_the_result(book, result):
    for one, rows, _ in layer_rows(book, result):
        assert [row["layer"] for row in rows] == [1, 2, "3 (half-space)"]
        agree([row["ρ (Ω·m)"] for row in rows], one["resistivity"].values)
        agree([row["h (m)"] for row in rows], [*one["thickness"].values, None])
        agree([row["depth to the bottom (m)"] for row in rows], [*one["depth"].values, None])
        assert {row["sheet"] for row in rows} == {str(one["sheet"].values)}


def test_conductance_and_resistance_are_maillet_s_with_totals_above_the_half_space(book, result):
    for one, rows, total in layer_rows(book, result):
        h, rho = one["thickness"].values, one["resistivity"].values[:-1]
        agree([row["S = h/ρ (S)"] for row in rows], [*(h / rho), None])
        agree([row["T = h·ρ (Ω·m²)"] for row in rows], [*(h * rho), None])
        assert total["layer"] == "total above half-space" and total["ρ (Ω·m)"] is None
        np.testing.assert_allclose(
            [total["S = h/ρ (S)"], total["T = h·ρ (Ω·m²)"], total["h (m)"]],
            [(h / rho).sum(), (h * rho).sum(), one["depth"].values[-1]],
        )


def test_elevations_start_at_the_ground_where_it_is_known(book, result):
    for one, rows, _ in layer_rows(book, result):
        top = [row["elevation of the top (m)"] for row in rows]
        bottom = [row["elevation of the bottom (m)"] for row in rows]
        ground = float(one["elevation"])
        if np.isnan(ground):
            assert top == bottom == [None] * 3
        else:
            agree(top, [ground, *(ground - one["depth"].values)])
            assert bottom == [*top[1:], None]


def test_soundings_in_the_workbook_say_what_was_found(book, result):
    rows = rows_of(book["soundings"])
    assert [row["sounding"] for row in rows] == ["=P1", "P2", "far", "few", "good"]
    assert [row["flagged"] for row in rows] == ["no", "no", "yes", "no", "no"]
    assert "range" in rows[2]["by the checks"].split(", ") and rows[0]["by the checks"] is None
    assert [row["readings used"] for row in rows] == [5, 5, 8, 0, 15]
    assert [row["readings read"] for row in rows] == [5, 5, 8, 2, 15]
    assert [row["layers"] for row in rows] == [3, 3, 3, 0, 3]
    assert [row["line"] for row in rows] == ["L7"] * 4 + [None]
    assert [row["x (m)"] for row in rows] == [500123.25] * 4 + [None]
    assert [row["explanation"] for row in rows] == [bp.explain(result, k) for k in range(5)]
    for header, name, factor in (
        ("chi²/N", "chi2", 1), ("rrms (%)", "rrms", 1), ("noise estimate (%)", "noise_estimate", 100),
        ("p, all checks", "p_joint", 1),
    ):  # fmt: skip
        agree([row[header] for row in rows], factor * result[name].values)


def test_readings_in_the_workbook_are_those_of_the_sheets(book, result):
    rows = rows_of(book["readings"])
    assert len(rows) == 5 + 5 + 8 + 2 + 15
    columns = {
        "AB/2 (m)": "ab2", "ρa observed (Ω·m)": "apparent_resistivity",
        "ρa predicted (Ω·m)": "predicted_apparent_resistivity", "ρa residual (σ)": "residual_apparent_resistivity",
    }  # fmt: skip
    known = np.isfinite(result["ab2"].values)
    for header, name in columns.items():
        agree([row[header] for row in rows], result[name].values[known])
    assert [row["used"] == "yes" for row in rows] == result["used"].values[known].tolist()
    assert "segment shift (factor)" not in rows[0] and "MN/2 (m)" not in rows[0]


def test_flagged_soundings_are_coloured_and_a_legend_says_so(book):
    for name, n in (("models", 4), ("soundings", 1)):
        worksheet = book[name]
        coloured = [row for row in worksheet.iter_rows(min_row=2) if row[-1].fill.fgColor.rgb == COLOUR]
        assert [row[1].value for row in coloured] == ["far"] * n
        legend = worksheet.cell(worksheet.max_row, 1)
        assert legend.value.startswith("coloured: flagged; fewer than 1 in 100") and legend.fill.fgColor.rgb == COLOUR


def test_without_a_flag_there_is_no_legend(trained, tmp_path):
    good, inverter = str(trained / "good.csv"), str(trained / "inverter.nc")
    assert main(["invert", good, "--inverter", inverter, "-o", str(tmp_path)]) == 0
    assert openpyxl.load_workbook(tmp_path / "models.xlsx")["models"].max_row == 1 + 3 + 1


def test_a_name_that_begins_like_a_formula_is_text(book):
    for worksheet in book:
        assert (worksheet["B2"].value, worksheet["B2"].data_type) == ("=P1", "s")


def test_numbers_show_three_digits_whatever_their_size(book):
    header, *rows = book["models"].iter_rows()
    shown = ("ρ (Ω·m)", "h (m)", "depth to the bottom (m)", "S = h/ρ (S)", "T = h·ρ (Ω·m²)")
    cells = [cell for row in rows for cell in row if header[cell.column - 1].value in shown and cell.value is not None]
    assert len({cell.number_format for cell in cells}) > 3
    for cell in cells:
        _, _, decimals = cell.number_format.partition(".")
        # half of the last of three digits
        assert round(cell.value, len(decimals)) == pytest.approx(cell.value, rel=5e-3)
        assert not decimals or abs(cell.value) * 10 ** len(decimals) < 1000


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [(0.0123456, 3, "0.0000"), (1234.5, 3, "0"), (0.0, 3, "0"), (2e-9, 3, "0.00E+00"), (-12.3456, 5, "0.000")],
)
def test_a_number_gets_the_format_of_its_size(value, digits, shown):
    assert report.number_format(value, digits) == shown


def test_columns_are_as_wide_as_what_stands_in_them(book):
    for worksheet in book:
        legend = worksheet.max_row if worksheet.title != "readings" else None
        for cell in (cell for row in worksheet.iter_rows(min_row=2) for cell in row):
            paragraph = worksheet.cell(1, cell.column).value == "explanation"
            if isinstance(cell.value, str | int) and cell.row != legend:
                width = worksheet.column_dimensions[cell.column_letter].width
                assert width > (80 if paragraph else len(str(cell.value)))


def test_displaced_segments_stand_beside_the_readings(result, tmp_path):
    shift = xr.where(result["ab2"] > 20, 1.35, 1.0).where(np.isfinite(result["ab2"]))
    mn2 = xr.where(result["ab2"] > 20, 5.0, 0.5).where(np.isfinite(result["ab2"])).assign_attrs(units="m")
    write_workbook([result.assign(segment_shift=shift, mn2=mn2)], tmp_path / "models.xlsx")
    for row in rows_of(openpyxl.load_workbook(tmp_path / "models.xlsx")["readings"]):
        far = row["AB/2 (m)"] > 20
        assert (row["segment shift (factor)"], row["MN/2 (m)"]) == ((1.35, 5) if far else (1, 0.5))


@pytest.mark.slow
def test_a_magnetotelluric_workbook_holds_both_quantities(recipe, tmp_path):
    periods = ["--survey", "Magnetotelluric", "--period", "0.001:100:10"]
    layers = ["--resistivity", "100", "10", "--thickness", "500"]
    assert main(["simulate", *periods, *layers, "-o", str(tmp_path / "site.csv")]) == 0
    assert main(["train", recipe(MT_RECIPE), "-o", str(tmp_path / "i.nc")]) == 0
    assert main(["invert", str(tmp_path / "site.csv"), "--inverter", str(tmp_path / "i.nc"), "-o", str(tmp_path)]) == 0
    book, result = openpyxl.load_workbook(tmp_path / "models.xlsx"), xr.load_dataset(tmp_path / "results.nc")
    rows = rows_of(book["readings"])
    headers = {"phase observed (°)": "phase", "phase predicted (°)": "predicted_phase", "period (s)": "period"}
    for header, name in headers.items():
        agree([row[header] for row in rows], result[name].values[0])
    first, half_space, total = rows_of(book["models"])
    assert half_space["layer"] == "2 (half-space)" and half_space["S = h/ρ (S)"] is None
    conductance = float(result["thickness"][0, 0] / result["resistivity"][0, 0])
    assert total["S = h/ρ (S)"] == first["S = h/ρ (S)"] == pytest.approx(conductance, rel=1e-14)
    assert rows_of(book["soundings"])[0]["readings read"] == 10


def test_properties_other_than_resistivity_are_columns_and_have_no_conductance(result, tmp_path):
    velocity = result["resistivity"].assign_attrs(units="m/s")
    write_workbook([result.drop_vars(["resistivity", "resistivity_best"]).assign(vs=velocity)], tmp_path / "m.xlsx")
    first = rows_of(openpyxl.load_workbook(tmp_path / "m.xlsx")["models"])[0]
    agree([first["Vs (m/s)"]], velocity[0, :1])
    assert not {"ρ (Ω·m)", "S = h/ρ (S)"} & set(first)


def test_a_half_space_alone_has_no_total(result, tmp_path):
    one = result.isel(sounding=[0]).assign(n_layers=("sounding", [1]))
    write_workbook([one], tmp_path / "m.xlsx")
    rows = rows_of(openpyxl.load_workbook(tmp_path / "m.xlsx")["models"])
    assert [row["layer"] for row in rows] == ["1 (half-space)"]
    assert rows[0]["elevation of the top (m)"] == 812.5


def test_a_workbook_that_cannot_be_finished_leaves_the_old_one(result, tmp_path, monkeypatch):
    (tmp_path / "models.xlsx").write_text("the old one")

    def broken(self, path):
        path.write_text("half of it")
        raise OSError("disk full")

    monkeypatch.setattr(openpyxl.Workbook, "save", broken)
    with pytest.raises(OSError, match="disk full"):
        write_workbook([result], tmp_path / "models.xlsx")
    assert [path.name for path in tmp_path.iterdir()] == ["models.xlsx"]
    assert (tmp_path / "models.xlsx").read_text() == "the old one"


def test_the_csv_has_elevations_conductance_and_resistance_after_its_old_columns(written, book, result):
    with (written / "models.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == [
        "sheet", "sounding", "layer", "resistivity (ohm m)", "thickness (m)", "depth (m)", "chi2", "rrms (%)", "flag",
        "elevation_top (m)", "elevation_bottom (m)", "longitudinal_conductance (S)", "transverse_resistance (ohm m2)",
        "picture",
    ]  # fmt: skip
    assert [row[1] for row in rows] == ["=P1"] * 3 + ["P2"] * 3 + ["far"] * 3 + ["few"] + ["good"] * 3
    expected = [
        [
            row[name]
            for name in ("elevation of the top (m)", "elevation of the bottom (m)", "S = h/ρ (S)", "T = h·ρ (Ω·m²)")
        ]
        for _, layers, _ in layer_rows(book, result)
        for row in layers
    ]
    found = [row[-5:-1] for row in rows if row[1] != "few"]
    # six digits are written
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_allclose([float(value or "nan") for value in one], numbers(two), rtol=5e-6)
