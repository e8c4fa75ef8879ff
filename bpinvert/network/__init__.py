"""The three-layer BP network: NumPy arrays in, NumPy arrays out."""

from bpinvert.network.backprop import Network
from bpinvert.network.estimators import BPRegressor
from bpinvert.network.heads import MeanSquaredError
from bpinvert.network.trainers import LBFGS, Adam

__all__ = ["LBFGS", "Adam", "BPRegressor", "MeanSquaredError", "Network"]
