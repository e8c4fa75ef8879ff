"""Strategies that move the weights: small objects with settings of their own and no state."""

from bpinvert.network.strategies import strategy_from_dict
from bpinvert.network.trainers.adam import Adam
from bpinvert.network.trainers.adaptive import Adaptive, Rprop
from bpinvert.network.trainers.base import Trainer
from bpinvert.network.trainers.descent import GradientDescent, Momentum
from bpinvert.network.trainers.lbfgs import LBFGS
from bpinvert.network.trainers.marquardt import BayesianRegularisation, LevenbergMarquardt
from bpinvert.network.trainers.soap import Soap

TRAINERS = {
    trainer.name: trainer
    for trainer in (
        GradientDescent,
        Momentum,
        Adaptive,
        Rprop,
        Adam,
        Soap,
        LBFGS,
        LevenbergMarquardt,
        BayesianRegularisation,
    )
}


def trainer_from_dict(settings: dict | str) -> Trainer:
    """Rebuild a trainer from :meth:`Trainer.to_dict`, or from its name."""
    return strategy_from_dict(settings, "trainer", TRAINERS)


__all__ = [
    "LBFGS",
    "TRAINERS",
    "Adam",
    "Adaptive",
    "BayesianRegularisation",
    "GradientDescent",
    "LevenbergMarquardt",
    "Momentum",
    "Rprop",
    "Soap",
    "Trainer",
    "trainer_from_dict",
]
