"""Real surface-wave, magnetotelluric and IP soundings: ``python -m benchmarks.waves_field FOLDER``.

FOLDER has the published files in surface_wave/, mt/ and ip/ (see each case below); cases whose files are absent are
left out. For each the network is trained for the survey that `read_soundings` found, on few models: refinement and
posterior mend what it lacks. Printed are chi²/N, flags, the recommended model and 90 % intervals of the posterior, of
surface waves also Vs30 and half the longest wavelength. Errors are those of the file, or those that the case states.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import bpinvert as bp
from benchmarks.side_by_side import machine
from bpinvert.priors import PoissonRatio, PowerLaw
from bpinvert.results import FLAG_BITS, UNITS

FITS = 1.5
_TABLE = ("sounding", "reading")
# As in zero set-up: about Gardner's rule, without a step at the water table.
_DENSITY = PowerLaw("vs", 850.0, 0.14)


def as_they_are(observed):
    """The soundings with the errors of their file."""
    return observed


def from_10_hz_to_10_khz(observed):
    """With errors of 6 % and 1.7 degrees at least: 6 % of ρa is 3 % of the impedance, 0.03 rad."""
    frequency = 1 / observed["period"].values[0]
    observed = observed.isel(reading=np.flatnonzero((frequency >= 10) & (frequency <= 10e3)))
    least = {"apparent_resistivity": 0.06 * observed["apparent_resistivity"].values, "phase": np.degrees(0.03)}
    return observed.assign(
        {f"{name}_std": (_TABLE, np.fmax(observed[f"{name}_std"].values, error)) for name, error in least.items()}
    )


def with_eight_readings(observed):
    """Midpoints of a profile under which at least eight quadrupoles tell something."""
    return observed.isel(sounding=np.flatnonzero(observed["used"].values.sum(axis=1) >= 8))


def stated(observed, relative):
    """IP soundings with errors of `relative`, and 1 mV/V."""
    rhoa, charge = (observed[name].values for name in ("apparent_resistivity", "apparent_chargeability"))
    return observed.assign(
        apparent_resistivity_std=(_TABLE, relative * rhoa),
        apparent_chargeability_std=(_TABLE, np.hypot(relative * charge, 1.0)),
    )


@dataclass(frozen=True, eq=False)
class Case:
    """Soundings of one file.

    Attributes
    ----------
    name, file, method : str
    prior : bpinvert.LayeredPrior
    noise : bpinvert.Noise
        That the network is trained with; where the file states no errors, those that are assumed or estimated.
    depths : tuple of float
        Where intervals of the property are stated, m.
    known : str
        What is known of the ground.
    options : dict
        Of `read_soundings`.
    adjusted : function of the observed Dataset, giving that to be inverted
    """

    name: str
    file: str
    method: str
    prior: bp.LayeredPrior
    noise: bp.Noise
    depths: tuple[float, ...]
    known: str
    options: dict = field(default_factory=dict)
    adjusted: Callable = as_they_are

    def read(self, folder):
        """The soundings, ready to be inverted."""
        return self.adjusted(bp.read_soundings(Path(folder) / self.file, self.method, **self.options))

    def trained(self, observed, n_samples=4000, max_epochs=25, n_calibration=1000):
        """An inverter of the soundings' own survey and readings."""
        sheets = bp.Sheets(complete=1.0)
        if observed.sizes["sounding"] > 1:
            # The readings differ from midpoint to midpoint, and each number of them needs simulations of its own.
            sheets, n_calibration = bp.Sheets(complete=0.5), 4 * n_calibration
        inverter = bp.Inverter(
            bp.survey_of(observed), self.prior, self.noise, max_epochs=max_epochs, hidden=64, sheets=sheets
        )
        with warnings.catch_warnings():
            # Over a slow half-space no wave is guided; nobody has to do anything.
            warnings.filterwarnings("ignore", ".* of the models of the prior .* are left out")
            return inverter.fit(n_samples=n_samples, n_calibration=n_calibration, progress=False)


OYSAND = Case(
    "Øysand",
    "surface_wave/oysand_Oysand_dc.txt",
    "surface_waves",
    # Water from 1.8 m on: Poisson's ratio near a half below.
    bp.LayeredPrior(
        n_layers=(2, 4), thickness=(0.4, 12), vs=(60, 400), vp=PoissonRatio("vs", (0.3, 0.495)), density=1900
    ),
    bp.Noise(relative=0.02),
    (0.5, 1.0, 2.0, 5.0, 10.0),
    "deltaic sand; start model of its publishers 119, 127, 167, 189 m/s below 0, 0.8, 1.8, 9.8 m",
)
IITB = Case(
    "IIT Bombay, modes 0 and 1",
    "surface_wave/iitb_masw_2modes.csv",
    "surface_waves",
    bp.LayeredPrior(
        n_layers=(3, 5), thickness=(1, 15), vs=(80, 2500), vp=PoissonRatio("vs", (0.2, 0.49)), density=_DENSITY
    ),
    bp.Noise(relative=0.1),
    (1.5, 2.5, 5.0, 8.0, 12.0, 24.0),
    "models of its publishers 105, 289, 559, 625, 1229 m/s below 0, 1.6, 4.6, 7.9, 15.4 m; errors 10 %, assumed",
)
MAT = Case(
    "mat_inverse, example 2",
    "surface_wave/mat_inverse_example2.csv",
    "surface_waves",
    bp.LayeredPrior(
        n_layers=(3, 4), thickness=(0.5, 20), vs=(80, 600), vp=PoissonRatio("vs", (0.2, 0.49)), density=_DENSITY
    ),
    bp.Noise(relative=(0.01, 0.1)),
    (1.0, 5.0, 10.0, 20.0),
    "nothing; noisy below 8 Hz; no errors given, estimated",
)
COPROD1 = Case(
    "COPROD1",
    "mt/coprod1_occam1987.csv",
    "mt",
    bp.LayeredPrior(n_layers=(3, 5), thickness=(1000, 200e3), resistivity=(1, 10_000)),
    bp.Noise(relative=0.1, floor={"phase": 3.0}),
    (5e3, 15e3, 30e3, 100e3),
    "resistive crust over a conductor below 24 km (Jones & Hutton 1979); rms 1 attainable (Constable et al. 1987)",
)
WIT2 = {
    component: Case(
        f"WIT2, {component}",
        "mt/WIT2_SouthernThomson.edi",
        "mt",
        bp.LayeredPrior(n_layers=(3, 6), thickness=(5, 1000), resistivity=(0.5, 3000)),
        bp.Noise(relative={"apparent_resistivity": 0.06}, floor={"phase": 1.72}),
        (10.0, 60.0, 100.0, 300.0, 600.0),
        "conductive cover, regionally 0–600 m, over resistive basement; errors 6 % at least",
        {"component": component},
        from_10_hz_to_10_khz,
    )
    for component in ("determinant", "mean")
}
SCHLEIZ = Case(
    "Schleiz, IP",
    "ip/gimli_schleizTDIP.dat",
    "ip",
    bp.LayeredPrior(n_layers=3, thickness=(0.3, 8), resistivity=(5, 5000), chargeability=(1, 500)),
    bp.Noise(
        relative={"apparent_resistivity": (0.02, 0.2), "apparent_chargeability": (0.02, 0.2)},
        floor={"apparent_chargeability": 1.0},
    ),
    (1.0, 4.0, 10.0),
    "nothing; a profile over ground that changes along it",
    {"columns": {"ip": "chargeability (mV/V)"}},
    with_eight_readings,
)
CASES = (OYSAND, IITB, MAT, COPROD1, *WIT2.values(), SCHLEIZ)


def shown(case):
    """The property that a case is about."""
    return "vs" if case.method == "surface_waves" else "resistivity"


def profile(result, name, depth):
    """5, 50 and 95 % quantiles of a property there over all layer counts, of the first sounding."""
    return result[f"{name}_profile_quantile"].sel(quantile=[0.05, 0.5, 0.95])[:, 0].interp(depth_grid=depth).values


def describe(case, result):
    """Lines on one sounding's posterior."""
    one, name = result.isel(sounding=0), shown(case)
    unit = UNITS[name].replace("ohm m", "Ω·m")
    yield f"known: {case.known}"
    used = int(one["used"].sum())
    chances = zip(one["layer_count"].values, one["layer_probability"].values, strict=True)
    noise = f", noise estimate {float(one['noise_estimate']):.1%}" if np.isfinite(one["noise_estimate"]) else ""
    yield f"{used} readings; chi²/N {float(one['chi2']):.2f}{noise}{flags(result)}; k̂ {float(one['pareto_k']):.2f}"
    yield "layers " + ", ".join(f"{count}: {chance:.0%}" for count, chance in chances)
    values = ", ".join(f"{value:.4g}" for value in one[name].values if np.isfinite(value))
    depths = ", ".join(f"{value:.3g}" for value in one["depth"].values if np.isfinite(value))
    yield f"recommended: {values} {unit}, boundaries at {depths} m"
    for depth in case.depths:
        low, middle, high = profile(result, name, depth)
        yield f"  {name} at {depth:g} m: {middle:.3g} {unit}, 90 % {low:.3g}–{high:.3g}"
    if "vs30" in one:
        quantiles = ", ".join(f"{value:.0f}" for value in one["vs30_quantile"].values)
        yield f"  Vs30, quantiles 5, 25, 50, 75, 95 %: {quantiles} m/s"
        yield f"  half the longest wavelength {float(one['half_wavelength']):.1f} m"


def describe_profile(case, results):
    """Lines on the soundings of a profile, for each of the errors that were tried."""
    yield f"known: {case.known}"
    for errors, result in results.items():
        chi2 = result["chi2"].values
        estimate = result["noise_estimate"].values
        said = f", noise estimate {np.nanmedian(estimate):.0%} (median)" if np.isfinite(estimate).any() else ""
        yield (
            f"{errors}: {len(chi2)} soundings, chi²/N median {np.median(chi2):.2f}, largest {chi2.max():.1f}; "
            f"below {FITS}: {(chi2 < FITS).mean():.0%}{said}{flags(result)}"
        )
        for name in ("resistivity", "chargeability", "depth"):
            found = np.nanquantile(result[name].values, (0.05, 0.5, 0.95), axis=0).T
            layers = ", ".join(f"{middle:.3g} ({low:.3g}–{high:.3g})" for low, middle, high in found)
            yield f"  {name} of layers, median and 90 % of the soundings: {layers}"


def flags(result):
    """Share of flagged soundings, and by which checks."""
    flag = result["flag"].values
    checks = ", ".join(
        f"{name} {(flag & bit != 0).mean():.0%}" for name, bit in FLAG_BITS.items() if (flag & bit).any()
    )
    return f"; flagged {(flag != 0).mean():.0%}" + (f" ({checks})" if checks else "")


def main():
    """Print what came of every case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", nargs="+", help="parts of their names, e.g. Bombay; default: all")
    parser.add_argument("--samples", type=int, default=20_000, help="models that each network is trained on")
    parser.add_argument("--epochs", type=int, default=25, help="of training for each network")
    parser.add_argument("--calibration", type=int, default=2000, help="simulations that the flags are calibrated on")
    options = parser.parse_args()
    for case in CASES:
        if options.cases and not any(part.lower() in case.name.lower() for part in options.cases):
            continue
        if not (options.folder / case.file).exists():
            print(f"\n{case.name}: {case.file} not there")
            continue
        began = time.perf_counter()
        observed = case.read(options.folder)
        inverter = case.trained(observed, options.samples, options.epochs, options.calibration)
        print(f"\n{case.name}: trained in {time.perf_counter() - began:.0f} s", flush=True)
        began = time.perf_counter()
        if observed.sizes["sounding"] > 1:
            tried = {"errors estimated": observed} | {f"errors {e:.0%}": stated(observed, e) for e in (0.05, 0.1)}
            lines = describe_profile(case, {name: inverter.invert(some) for name, some in tried.items()})
        else:
            lines = describe(case, inverter.invert(observed, "posterior"))
        print(*lines, sep="\n")
        print(f"in {time.perf_counter() - began:.1f} s", flush=True)
    print("", *machine(("numpy", "scipy")), sep="\n")


if __name__ == "__main__":
    main()
