"""The three-layer BP network: NumPy arrays in, NumPy arrays out."""

from bpinvert.network.backprop import Network
from bpinvert.network.classifier import BPClassifier
from bpinvert.network.ensemble import BPEnsemble
from bpinvert.network.estimators import BPRegressor
from bpinvert.network.gradients import GradientCheck, check_gradient
from bpinvert.network.heads import CrossEntropy, Gaussian, MeanSquaredError, Mixture
from bpinvert.network.learning import LearningCurve, learning_curve
from bpinvert.network.sizing import HiddenTrial, suggest_hidden, try_hidden
from bpinvert.network.trainers import (
    LBFGS,
    Adam,
    Adaptive,
    BayesianRegularisation,
    GradientDescent,
    LevenbergMarquardt,
    Momentum,
    Rprop,
    Soap,
)

__all__ = [
    "LBFGS",
    "Adam",
    "Adaptive",
    "BPClassifier",
    "BPEnsemble",
    "BPRegressor",
    "BayesianRegularisation",
    "CrossEntropy",
    "Gaussian",
    "GradientCheck",
    "GradientDescent",
    "HiddenTrial",
    "LearningCurve",
    "LevenbergMarquardt",
    "MeanSquaredError",
    "Mixture",
    "Momentum",
    "Network",
    "Rprop",
    "Soap",
    "check_gradient",
    "learning_curve",
    "suggest_hidden",
    "try_hidden",
]
