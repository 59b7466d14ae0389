"""TorchScript models on torch, which is imported with the first of them. Off unless the operator allows it:
such a file holds a program, and only someone trusted may write one."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autoglm_serving.errors import ModelError
from autoglm_serving.predict.tensors import Array, TensorSpec

PLATFORM = "pytorch_torchscript"
DEPRECATED = "`torch.jit"
"""How torch's warnings on TorchScript begin. It still runs it, and that is all that is asked here."""


class TorchScriptRuntime:
    """A scripted or traced module. Such a file has no names or shapes, so the settings give them, in order."""

    platform = PLATFORM

    def __init__(
        self, path: Path, *, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec], device: str = "cpu"
    ) -> None:
        """Raises ModelError."""
        import torch

        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message=DEPRECATED, category=DeprecationWarning)
                module = torch.jit.load(path, map_location=device)  # type: ignore[no-untyped-call]
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"{path} can't be loaded as TorchScript: {error}") from None
        module.eval()
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        self._torch = torch
        self._device = device
        self._module: Any = module
        _check_arguments(path, module, self.inputs)

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        torch = self._torch
        arguments = [torch.from_numpy(_writable(inputs[spec.name])).to(self._device) for spec in self.inputs]
        with torch.inference_mode():
            result = self._module(*arguments)
        return {name: tensor.cpu().numpy() for name, tensor in self._named(result).items()}

    def close(self) -> None:
        self._module = None

    def _named(self, result: Any) -> dict[str, Any]:
        """One tensor, a sequence in the order of `outputs`, or a dict by name."""
        if isinstance(result, dict):
            return result
        tensors = list(result) if isinstance(result, tuple | list) else [result]
        if len(tensors) != len(self.outputs):
            raise ValueError(f"{len(tensors)} tensors given, the settings name {len(self.outputs)} outputs")
        return {spec.name: tensor for spec, tensor in zip(self.outputs, tensors, strict=True)}


def _check_arguments(path: Path, module: Any, inputs: Sequence[TensorSpec]) -> None:
    for spec in inputs:
        if spec.datatype == "BYTES":
            raise ModelError(f"{path}: input {spec.name!r} is BYTES, and TorchScript has no such tensor; use UINT8")
    arguments = module.forward.schema.arguments[1:]  # the first is the module itself
    needed = sum(1 for argument in arguments if not argument.has_default_value())
    if not needed <= len(inputs) <= len(arguments):
        names = ", ".join(argument.name for argument in arguments)
        raise ModelError(f"{path}: its settings name {len(inputs)} inputs, the module takes {len(arguments)} ({names})")


def _writable(array: Array) -> Array:
    """torch refuses to share memory that must not be written to, as a request's body is."""
    return array if array.flags.writeable else np.array(array)
