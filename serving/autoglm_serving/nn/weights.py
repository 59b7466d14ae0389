"""The tensors of a checked folder, one after the other. Each is copied out of its file once; then the files close."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from autoglm_serving.errors import ModelError

OLD_PREFIXES = (
    ("model.visual.", "visual."),
    ("model.language_model.", "model."),
    ("model.language_model.", "language_model.model."),
)
"""Today's names of a GLM-4V's parts, and how checkpoints made before 2025-07 call them."""


class Weights:
    """Maps its files into memory while the context is open: what is taken is a view of them, to be copied."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = ExitStack()
        self._where: dict[str, Any] = {}
        self._left: set[str] = set()

    def __enter__(self) -> Self:
        try:
            for path in sorted(self._folder.glob("*.safetensors")):
                file = self._files.enter_context(safe_open(path, framework="pt"))
                self._where.update(dict.fromkeys(file.keys(), file))
        except (SafetensorError, OSError) as error:
            self._files.close()
            raise ModelError(f"{path} can't be read as safetensors: {error}") from error
        self._left = set(self._where)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._where.clear()
        self._files.close()

    def take(self, name: str, shape: Sequence[int]) -> Tensor:
        """Raises ModelError when it is missing or of another shape."""
        stored = self._stored(name)
        try:
            tensor: Tensor = self._where[stored].get_tensor(stored)
        except (SafetensorError, OSError, RuntimeError) as error:
            raise ModelError(f"{self._folder}: weight {stored} can't be read: {error}") from error
        if list(tensor.shape) != list(shape):
            raise ModelError(
                f"{self._folder}: weight {stored} has shape {list(tensor.shape)}, and config.json needs {list(shape)}"
            )
        if not tensor.is_floating_point():
            raise ModelError(f"{self._folder}: weight {stored} is {tensor.dtype}; only floating point is served")
        self._left.discard(stored)
        return tensor

    def dtype_of(self, name: str) -> torch.dtype:
        stored = self._stored(name)
        dtype: torch.dtype = self._where[stored].get_slice(stored)[:1].dtype
        return dtype

    def unused(self) -> list[str]:
        return sorted(self._left)

    def _stored(self, name: str) -> str:
        names = [name, *(old + name.removeprefix(new) for new, old in OLD_PREFIXES if name.startswith(new))]
        for candidate in names:
            if candidate in self._where:
                return candidate
        raise ModelError(f"{self._folder}: weight {name} is missing from its safetensors files")
