"""ONNX models on onnxruntime, which is imported with the first of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autoglm_serving.errors import ModelError
from autoglm_serving.predict.tensors import ANY, Array, TensorError, TensorSpec

PLATFORM = "onnx_onnxv1"
FATAL_ONLY = 4
"""onnxruntime's own log goes to stderr past ours, and repeats what its exceptions say."""

DATATYPES: Mapping[str, str] = {
    "tensor(bool)": "BOOL",
    "tensor(uint8)": "UINT8",
    "tensor(uint16)": "UINT16",
    "tensor(uint32)": "UINT32",
    "tensor(uint64)": "UINT64",
    "tensor(int8)": "INT8",
    "tensor(int16)": "INT16",
    "tensor(int32)": "INT32",
    "tensor(int64)": "INT64",
    "tensor(float16)": "FP16",
    "tensor(float)": "FP32",
    "tensor(double)": "FP64",
    "tensor(string)": "BYTES",
}


class OnnxRuntime:
    """A session on the CPU. Names, types and shapes are the model's own."""

    platform = PLATFORM

    def __init__(self, path: Path, *, threads: int) -> None:
        """Raises ModelError."""
        import onnxruntime  # type: ignore[import-untyped]

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = FATAL_ONLY
        # Threads that spin between two requests take the cores from everything else in the process.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its exceptions share no class of their own
            raise ModelError(f"{path} can't be loaded as ONNX: {error}") from None
        self.inputs = tuple(_spec(path, node) for node in session.get_inputs())
        self.outputs = tuple(_spec(path, node) for node in session.get_outputs())
        self._strings = frozenset(spec.name for spec in self.inputs if spec.datatype == "BYTES")
        self._names = [spec.name for spec in self.outputs]
        self._session: Any = session

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        feed = {name: _text(name, array) if name in self._strings else array for name, array in inputs.items()}
        results: list[Array] = self._session.run(self._names, feed)
        return {name: _bytes(array) for name, array in zip(self._names, results, strict=True)}

    def close(self) -> None:
        self._session = None


def _spec(path: Path, node: Any) -> TensorSpec:
    if node.type not in DATATYPES:
        raise ModelError(
            f"{path}: {node.name!r} is {node.type}, which the protocol can't carry; export the model with plain tensors"
        )
    # A dimension that may vary has a name in ONNX, or none.
    shape = tuple(size if isinstance(size, int) and size >= 0 else ANY for size in node.shape)
    return TensorSpec(node.name, DATATYPES[node.type], shape)


def _text(name: str, array: Array) -> Array:
    """ONNX's strings are UTF-8."""
    text = np.empty(array.size, object)
    for index, value in enumerate(array.reshape(-1)):
        try:
            text[index] = value.decode()
        except UnicodeDecodeError:
            raise TensorError(name, "it has bytes that are no UTF-8, which this model's strings must be") from None
    return text.reshape(array.shape)


def _bytes(array: Array) -> Array:
    if array.dtype.kind not in "OU":
        return array
    content = np.empty(array.size, object)
    content[:] = [value.encode() for value in array.reshape(-1)]
    return content.reshape(array.shape)
