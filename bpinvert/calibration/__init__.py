"""Whether stated uncertainties are true: how posteriors of simulated soundings stand to the models behind them.

Arrays in, arrays out: this folder knows no xarray, no file and no survey.

    summarize           a part of the simulations, reduced to four numbers for each and every parameter
    Section             all parts of one layer count: coverage, ranks, CRPS, resolution
    LayerCounts         whether stated probabilities of layer counts are true
    CalibrationReport   both, as it is stored in an inverter's file; `lines` is its text
    Intervals           corrected probability levels, with a guarantee that needs no good posterior
    curve_type          A, H, K, Q and their sequences, the kinds that `Intervals` tells apart
"""

from bpinvert.calibration.bands import simultaneous_band
from bpinvert.calibration.intervals import Intervals, curve_type, outward
from bpinvert.calibration.layer_counts import LayerCounts
from bpinvert.calibration.report import CalibrationReport, lines
from bpinvert.calibration.sections import Section
from bpinvert.calibration.summary import Summary, summarize

__all__ = [
    "CalibrationReport",
    "Intervals",
    "LayerCounts",
    "Section",
    "Summary",
    "curve_type",
    "lines",
    "outward",
    "simultaneous_band",
    "summarize",
]
