"""The benchmark tasks, each defined once: survey, prior, noise, and test soundings that no training uses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bpinvert import LayeredPrior, Noise
from bpinvert.priors import Relative
from bpinvert.readers.observed import FEWEST
from forward_models import InducedPolarization, LoopLoop, Magnetotelluric, Rayleigh, Schlumberger

# Seed of every test set; trainings use other seeds.
TEST_SEED = 20_261_121


@dataclass(frozen=True)
class Task:
    """A survey with prior and noise. `truth` is what test models are drawn from, where that is not the prior."""

    name: str
    survey: object
    prior: LayeredPrior
    noise: Noise
    truth: LayeredPrior | None = None

    def soundings(self, n, seed=TEST_SEED):
        """`n` test models, and their noisy data in physical units."""
        rng = np.random.default_rng(seed)
        models = (self.truth or self.prior).draw(n, rng)
        data = self.survey(**models)
        # Over a slow half-space there are no waves, and nothing to invert.
        models = models.take(np.isfinite(data).sum(axis=1) >= FEWEST)
        data = self.survey(**models)
        return models, self.noise.draw(data, self.survey.channels, rng)


_VES = Schlumberger(ab2=np.geomspace(1, 500, 20))


def _ves(n_layers):
    return LayeredPrior(n_layers=n_layers, thickness=(0.5, 100), resistivity=(1, 1e4))


TASKS = {
    task.name: task
    for task in (
        Task("VES3", _VES, _ves(3), Noise(relative=0.03)),
        Task("VES4", _VES, _ves(4), Noise(relative=0.03)),
        Task("VES2-5", _VES, _ves((2, 5)), Noise(relative=0.03)),
        Task(
            "MT3",
            Magnetotelluric(period=np.logspace(-3, 3, 20)),
            LayeredPrior(n_layers=3, thickness=(100, 1000), resistivity=(10, 1000)),
            # 0.015 rad on the phase, whatever its value
            Noise(
                relative={"apparent_resistivity": 0.03, "phase": 0.0},
                floor={"apparent_resistivity": 0.0, "phase": float(np.degrees(0.015))},
            ),
        ),
        Task(
            "FIT",
            Schlumberger(ab2=np.geomspace(1.3, 400, 18)),
            _ves(3),
            Noise(relative=0.03),
            truth=LayeredPrior(n_layers=3, thickness=(1, 50), resistivity=(2, 5000)),
        ),
        Task(
            "AEM",
            LoopLoop(
                frequency=[380.0, 1800.0, 8000.0, 36e3, 130e3, 3300.0],
                offset=[7.9] * 5 + [9.0],
                orientation=["HCP"] * 5 + ["VCX"],
                height=None,
            ),
            LayeredPrior(n_layers=(2, 5), thickness=(1, 60), resistivity=(0.3, 3000), context={"height": (25, 60)}),
            Noise(relative=0.05, floor=5.0),
        ),
        # Mode 1 ends at some period, with models and within them.
        Task(
            "WAVES",
            Rayleigh(period=np.tile(np.geomspace(0.04, 1, 20), 2), mode=np.repeat([0, 1], 20)),
            LayeredPrior(n_layers=3, thickness=(1, 30), vs=(100, 800), vp=Relative("vs", (1.5, 3)), density=1900),
            Noise(relative=0.02),
        ),
        Task(
            "IP",
            InducedPolarization(_VES),
            LayeredPrior(n_layers=3, thickness=(0.5, 100), resistivity=(1, 1e4), chargeability=(1, 300)),
            Noise(relative=0.03, floor={"apparent_resistivity": 0.0, "apparent_chargeability": 0.5}),
        ),
    )
}


@dataclass(frozen=True)
class FieldSheet:
    """Soundings of one synthetic field sheet, without errors.

    Attributes
    ----------
    survey : Schlumberger, the readings
    models : Models, the truth
    data : (n, n_readings) array in Ω·m, noisy and displaced
    level : (n,) array, true relative errors
    shift : (n, n_readings) array, true ln displacement of each reading's MN segment
    """

    survey: Schlumberger
    models: object
    data: np.ndarray
    level: np.ndarray
    shift: np.ndarray


# FIELD: what comes in as a spreadsheet. Schlumberger, 8 to 30 different AB/2 from 1–5 m to 80–3000 m, rounded as people
# write them, one reading in twenty missing; a third without MN, the others with MN kept while AB/2 < 15·MN/2, and the
# last two readings repeated with the next MN; each MN segment of two readings or more displaced by a factor with σ =
# 10 % (every fifth segment 40 %) where there are several; errors 1–10 %, not given; 2 to 5 layers, ρ 0.5–20 000 Ω·m,
# h 0.3–2000 m.
FIELD_PRIOR = LayeredPrior(n_layers=(2, 5), thickness=(0.3, 2000), resistivity=(0.5, 20_000))
FIELD_NOISE = Noise(relative=(0.01, 0.1))


def field_sheets(n_sheets, n_soundings, seed=TEST_SEED):
    """`n_sheets` sheets of task FIELD, each with `n_soundings` soundings."""
    rng = np.random.default_rng(seed)
    for _ in range(n_sheets):
        ab2, mn2 = _field_readings(rng)
        survey = Schlumberger(ab2=ab2, mn2=mn2)
        models = FIELD_PRIOR.draw(n_soundings, rng)
        level = FIELD_NOISE.draw_levels(n_soundings, rng)
        shift = np.zeros((n_soundings, len(ab2)))
        segments = [mn2 == value for value in np.unique(mn2)] if mn2 is not None else []
        segments = [segment for segment in segments if segment.sum() > 1]
        for segment in segments if len(segments) > 1 else ():
            spread = np.where(rng.random(n_soundings) < 0.2, 0.4, 0.1)
            shift[:, segment] = (spread * rng.standard_normal(n_soundings))[:, None]
        noise = level * rng.standard_normal(shift.shape)
        yield FieldSheet(survey, models, survey(**models) * np.exp(noise + shift), level[:, 0], shift)


def _field_readings(rng):
    start, end = np.exp(rng.uniform(np.log([1, 80]), np.log([5, 3000])))
    spacing = np.geomspace(start, end, rng.integers(8, 31))
    digits = 1 - np.floor(np.log10(spacing)).astype(int)
    spacing = np.unique([round(value, int(d)) for value, d in zip(spacing, digits, strict=True)])
    keep = rng.random(len(spacing)) > 0.05
    spacing = spacing[keep] if keep.sum() >= 8 else spacing
    if rng.random() < 1 / 3:
        return spacing, None
    ab2, mn2 = [], []
    half = round(spacing[0] / 3, 2)
    for value in spacing:
        if value > 15 * half:
            half *= 5
            repeated = [last for last in spacing[spacing < value][-2:] if last > 1.5 * half]
            ab2 += repeated
            mn2 += [half] * len(repeated)
        ab2.append(value)
        mn2.append(half)
    return np.array(ab2), np.array(mn2)
