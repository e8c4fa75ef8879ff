"""What joint inversion gains: VES, MT or TDEM, and two of them together, with one inverter and the same prior.

Run ``python -m benchmarks.joint`` (about twelve minutes on two cores). It prints

- 90 % intervals of the sounding of Wauchope with magnetotelluric data that are simulated over its own best model;
- the same of synthetic soundings as ratios, paired by sounding, with how often the truth is inside;
- that of VES and TDEM, of all soundings of a prior and of those whose second layer conducts;
- how often soundings are flagged, and in conflict, where the two methods see the same ground and where they do not.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import bpinvert as bp
from benchmarks.tasks import TEST_SEED
from bpinvert import geometry
from bpinvert.results import STATUS
from forward_models import CentralLoop, Joint, Magnetotelluric, Schlumberger

WAUCHOPE = Path(bp.__file__).parent / "data" / "wauchope.csv"
SURVEY = Joint(Schlumberger(ab2=np.geomspace(3, 10_000, 25)), Magnetotelluric(period=np.geomspace(1e-4, 10, 16)))
PRIOR = bp.LayeredPrior(n_layers=3, thickness=(0.3, 1000), resistivity=(1, 10_000))
NOISE = bp.Noise(relative={"ves_apparent_resistivity": 0.05, "mt_apparent_resistivity": 0.05}, floor={"mt_phase": 1.43})
TRANSIENT = Joint(Schlumberger(ab2=np.geomspace(1.5, 200, 16)), CentralLoop(np.geomspace(1e-5, 3e-3, 18), side=40.0))
SHALLOW = bp.LayeredPrior(n_layers=3, thickness=(2, 100), resistivity=(2, 1000))
TRANSIENT_NOISE = bp.Noise(relative={"ves_apparent_resistivity": 0.05, "tdem_dbdt": 0.03}, floor={"tdem_dbdt": 3e-10})


def main():
    """Print four tables, and one more where VES and TDEM see a conductive layer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--soundings", type=int, default=100)
    parser.add_argument("--transients", type=int, default=60, help="soundings of VES and TDEM; 0: leave these out")
    parser.add_argument("--samples", type=int, default=50_000)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--inverter", help="file to read the inverter from, or to write it to")
    options = parser.parse_args()
    inverter = fitted(options)
    rng = np.random.default_rng(TEST_SEED + 7)
    print(wauchope(inverter, rng))
    print(gain(inverter, PRIOR.draw(options.soundings, rng), rng))
    print(contradictions(inverter, 10 * options.soundings, rng))
    if options.transients:
        print(*transients(options.transients, rng), sep="\n")


def fitted(options):
    """The inverter of both methods, from its file where there is one."""
    if options.inverter and Path(options.inverter).exists():
        return bp.load_inverter(options.inverter, SURVEY)
    inverter = bp.Inverter(SURVEY, PRIOR, NOISE, max_epochs=options.epochs)
    inverter.fit(n_samples=options.samples, n_calibration=10_000, progress=False)
    if options.inverter:
        inverter.save(options.inverter)
    return inverter


def posteriors(inverter, observed):
    """Results of each method alone and of both; the other method's readings are masked."""
    everything = geometry.as_observed(observed, inverter.survey)
    results = {}
    for part in inverter.survey.channels.parts:
        kept = np.isfinite(everything[part.named(part.channels.coordinate)])
        results[part.name] = inverter.invert(everything.assign(used=everything["used"] & kept), "posterior")
    return results | {"both": inverter.invert(everything, "posterior")}


def intervals(result):
    """{parameter: (n, 2) ends of the 90 % intervals}."""
    found = {}
    for name in ("thickness", "depth", "resistivity"):
        ends = result[f"{name}_quantile"].sel(quantile=[0.05, 0.95]).transpose("sounding", ..., "quantile").values
        # The first layer's depth is its thickness.
        first = 1 if name == "depth" else 0
        found |= {f"{name} {k + 1}": ends[:, k] for k in range(first, ends.shape[1])}
    return found


def wauchope(inverter, rng) -> str:
    """Table of the real sounding's intervals."""
    ves = bp.read_soundings(WAUCHOPE)
    alone = bp.join_soundings({"ves": ves})
    best = inverter.invert(alone)
    model = {name: best[name].values for name in ("thickness", "resistivity")}
    mt, columns = SURVEY.surveys[1], SURVEY.channels.parts[1].columns
    noisy = NOISE.draw(SURVEY(**model), SURVEY.channels, rng)[:, columns]
    results = posteriors(inverter, bp.join_soundings({"ves": ves, "mt": geometry.as_observed(noisy, mt)}))
    lines = ["Wauchope: 90 % intervals (m, Ω·m)", f"{'':16}{'simulated':>11}" + "".join(f"{n:>20}" for n in results)]
    ends = {name: intervals(result) for name, result in results.items()}
    truth = _truth(model)
    for parameter in ends["both"]:
        words = "".join(f"{f'{own[parameter][0, 0]:.3g} – {own[parameter][0, 1]:.3g}':>20}" for own in ends.values())
        lines.append(f"{parameter:16}{truth[parameter][0]:>11.3g}{words}")
    both = results["both"]
    lines.append(
        f"chi²/N of both {float(both['chi2'][0]):.2f}, VES {float(both['chi2_ves'][0]):.2f}, "
        f"MT {float(both['chi2_mt'][0]):.2f}\n"
    )
    return "\n".join(lines)


def gain(inverter, models, rng, what="soundings of the prior") -> str:
    """Table of how much narrower intervals become, paired by sounding."""
    survey = inverter.survey
    data = inverter.noise.draw(survey(**models), survey.channels, rng)
    ends = {name: intervals(result) for name, result in posteriors(inverter, data).items()}
    truth = _truth(models)
    first, second = (name.upper() for name in survey.names)
    lines = [
        f"{len(data)} {what}: width of the 90 % interval in decades, and joint as a share of each alone",
        f"{'':16}{first:>8}{second:>8}{'both':>8}{f'both/{first}':>22}{f'both/{second}':>22}{'both/narrower':>22}"
        + f"{'truth inside':>22}",
    ]
    for parameter in ends["both"]:
        width = {name: np.log10(own[parameter][:, 1] / own[parameter][:, 0]) for name, own in ends.items()}
        alone = [width[name] for name in survey.names]
        ratios = "".join(_median(width["both"] / other, rng) for other in (*alone, np.fmin(*alone)))
        inside = [
            np.mean((truth[parameter] >= own[parameter][:, 0]) & (truth[parameter] <= own[parameter][:, 1]))
            for own in ends.values()
        ]
        words = "".join(f"{np.nanmedian(values):>8.3f}" for values in width.values())
        lines.append(f"{parameter:16}{words}{ratios}" + "".join(f"{share:>7.0%}" for share in inside))
    return "\n".join(lines) + "\n"


def transients(n, rng) -> list[str]:
    """The same of VES and TDEM: all soundings of a prior, and those whose second layer conducts best."""
    inverter = bp.Inverter(TRANSIENT, SHALLOW, TRANSIENT_NOISE, hidden=(64, 32), max_epochs=20)
    inverter.fit(n_samples=20_000, n_calibration=2000, progress=False)
    models = SHALLOW.draw(20 * n, rng)
    conducts = models["resistivity"].argmin(axis=1) == 1
    some, conductive = models.take(np.arange(n)), models.take(np.flatnonzero(conducts)[:n])
    return [gain(inverter, some, rng), gain(inverter, conductive, rng, "of them, the second layer conducting best")]


def contradictions(inverter, n, rng) -> str:
    """Table of flags where MT is that of the same ground, of another one, or shifted."""
    models, others = PRIOR.draw(n, rng), PRIOR.draw(n, rng)
    data, other = (NOISE.draw(SURVEY(**some), SURVEY.channels, rng) for some in (models, others))
    mt = SURVEY.channels.parts[1].columns
    apparent = SURVEY.channels.columns("mt_apparent_resistivity")
    few = np.setdiff1d(mt, np.concatenate([apparent[::5], apparent[::5] + len(apparent)]))
    kinds = {"the same ground": {}, "MT of another ground": {"mt": other[:, mt]}, "MT ρa times two": {"factor": 2.0}}
    lines = [f"{n} soundings: flagged, flagged by the misfit, methods in conflict"]
    for label, lacking in (("", few[:0]), (", MT at 4 periods", few)):
        for name, kind in kinds.items():
            changed = data.copy()
            changed[:, mt] = kind.get("mt", changed[:, mt])
            changed[:, apparent] *= kind.get("factor", 1.0)
            changed[:, lacking] = np.nan
            result = inverter.invert(changed)
            conflict = result["status"].values & STATUS["methods_conflict"][0] > 0
            flagged, misfit = result["flag"].values > 0, result["outside"].sel(check="misfit").values
            lines.append(f"{name + label:40}" + "".join(f"{x.mean():>9.1%}" for x in (flagged, misfit, conflict)))
    return "\n".join(lines)


def _truth(models):
    thickness, resistivity = models["thickness"], models["resistivity"]
    truth = {f"thickness {k + 1}": thickness[:, k] for k in range(thickness.shape[1])}
    truth |= {f"depth {k + 1}": thickness[:, : k + 1].sum(axis=1) for k in range(thickness.shape[1])}
    return truth | {f"resistivity {k + 1}": resistivity[:, k] for k in range(resistivity.shape[1])}


def _median(ratio, rng):
    """Median with its 95 % bootstrap interval."""
    ratio = ratio[np.isfinite(ratio)]
    again = np.median(rng.choice(ratio, (2000, len(ratio))), axis=1)
    low, high = np.quantile(again, (0.025, 0.975))
    return f"{f'{np.median(ratio):.2f} ({low:.2f}–{high:.2f})':>22}"


if __name__ == "__main__":
    main()
