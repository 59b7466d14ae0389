"""A model without torch or onnxruntime, whose every batch the test sees and may hold up."""

import threading
from collections.abc import Mapping

import numpy as np

from autoglm_serving.predict.tensors import Array, TensorSpec

POISON = -1.0
"""A value at which the model breaks."""


class Doubler:
    """Gives `y = 2 x`, row by row."""

    platform = "fake"
    inputs = (TensorSpec("x", "FP32", (-1, -1)),)
    outputs = (TensorSpec("y", "FP32", (-1, -1)),)

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.closed = False

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        self.batches.append(len(inputs["x"]))
        self.entered.release()
        assert self.gate.wait(timeout=60)
        if (inputs["x"] == POISON).any():
            raise ValueError("poison")
        return {"y": inputs["x"] * 2}

    def close(self) -> None:
        self.closed = True


def rows(*values: float, width: int = 2) -> dict[str, Array]:
    """One input with these rows, each `width` times the value."""
    return {"x": np.repeat(np.array(values, np.float32)[:, None], width, axis=1)}
