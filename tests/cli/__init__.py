"""Tests of the command line, and the sheets and recipe that they share."""

RECIPE = """
[survey]
type = "Schlumberger"
ab2 = {geomspace = [1.5, 300, 12]}

[prior]
n_layers = 3
thickness = [0.5, 100]
resistivity = [1, 1e4]

[noise]
relative = 0.05

[samples]
n = 2000
seed = 3

[training]
hidden = 16
max_epochs = 3
n_calibration = 1000
"""
LAYERS = ["--resistivity", "100", "20", "500", "--thickness", "5", "20"]
GOOD = [f"{ab2},{rhoa}" for ab2, rhoa in zip((1.5, 5, 15, 50, 150), (100, 90, 40, 50, 120), strict=True)]


def sheet(folder, *rows, header="AB/2 (m),rhoa (ohm m)", name="sheet.csv"):
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return str(path)
