"""What runs a model's arithmetic: onnxruntime or torch, behind one small seam."""

from collections.abc import Mapping
from typing import Protocol

from autoglm_serving.predict.tensors import Array, TensorSpec


class Runtime(Protocol):
    @property
    def platform(self) -> str:
        """The protocol's name of the format, as `onnx_onnxv1`."""

    @property
    def inputs(self) -> tuple[TensorSpec, ...]: ...

    @property
    def outputs(self) -> tuple[TensorSpec, ...]: ...

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """All outputs by name; inputs are as `inputs` says. Any thread. Raises what the model does."""

    def close(self) -> None:
        """Free its memory."""
