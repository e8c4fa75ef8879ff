"""Fitted networks for others: ONNX for programs without Python."""

from bpinvert.exchange.export import export_onnx

__all__ = ["export_onnx"]
