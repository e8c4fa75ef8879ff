"""The benchmark tasks, each defined once: survey, prior, noise, and test soundings that no training uses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bpinvert import LayeredPrior, Noise
from forward_models import Magnetotelluric, Schlumberger

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
    )
}
