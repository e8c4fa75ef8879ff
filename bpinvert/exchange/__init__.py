"""Fitted networks for others: weights in a readable file, and ONNX for programs without Python."""

from bpinvert.exchange.export import export_onnx
from bpinvert.exchange.files import load_network, save_network

__all__ = ["export_onnx", "load_network", "save_network"]
