"""Tensors as the Open Inference Protocol tells them: names, datatypes, shapes. Imports numpy alone."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""An element of a BYTES tensor is a Python `bytes`, in an array of objects."""

DATATYPES: Mapping[str, np.dtype[Any]] = {
    "BOOL": np.dtype(np.bool_),
    "UINT8": np.dtype("<u1"),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "INT8": np.dtype("<i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
    "BYTES": np.dtype(object),
}
"""The protocol's names; its BF16 is not here, since numpy has no such type."""

ANY = -1
"""A dimension of a model's tensor that may have any size."""

MAX_RANK = 32
"""More dimensions than any model has, fewer than numpy's limit of 64."""


class TensorError(ValueError):
    """One tensor of a request is wrong; `tensor` is its name."""

    def __init__(self, tensor: str, fault: str) -> None:
        super().__init__(f"tensor {tensor[:100]!r}: {fault}")
        self.tensor = tensor


@dataclass(frozen=True)
class TensorSpec:
    """What a model takes or gives under one name."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    """ANY where every size is allowed."""

    def __str__(self) -> str:
        return f"{self.datatype}{list(self.shape)}"

    def check(self, datatype: str, shape: Sequence[int]) -> None:
        """Raises TensorError that says what was expected."""
        if datatype != self.datatype:
            raise TensorError(self.name, f"datatype {datatype[:20]!r} given, the model takes {self.datatype}")
        if len(shape) != len(self.shape):
            raise TensorError(self.name, f"shape {_short(shape)} has {len(shape)} dimensions, the model takes {self}")
        for axis, (size, wanted) in enumerate(zip(shape, self.shape, strict=True)):
            if wanted not in (ANY, size):
                raise TensorError(self.name, f"shape {_short(shape)}: dimension {axis} must be {wanted}, as in {self}")

    @property
    def is_batched(self) -> bool:
        """Whether its first dimension can count rows of several requests."""
        return bool(self.shape) and self.shape[0] == ANY


def spec_of(specs: Sequence[TensorSpec], name: str, *, what: str = "input") -> TensorSpec:
    """The spec of this name. Raises TensorError that lists the names there are."""
    for spec in specs:
        if spec.name == name:
            return spec
    raise TensorError(name, f"the model has no such {what}; it has {', '.join(spec.name for spec in specs)}")


def check_complete(specs: Sequence[TensorSpec], names: Sequence[str]) -> None:
    """Each of the model's inputs once. Raises TensorError."""
    for name in names:
        if names.count(name) > 1:
            raise TensorError(name, "given twice")
    for spec in specs:
        if spec.name not in names:
            raise TensorError(spec.name, f"missing; the model takes {spec}")


def check_outputs(specs: Sequence[TensorSpec], arrays: Mapping[str, Array]) -> None:
    """What a model gave against what it says it gives. Raises TensorError."""
    for spec in specs:
        if spec.name not in arrays:
            raise TensorError(spec.name, f"the model did not give it, though it is said to be {spec}")
        array = arrays[spec.name]
        spec.check(datatype_of(array, spec.name), array.shape)


def datatype_of(array: Array, name: str) -> str:
    """The protocol's name of an array's type. Raises TensorError where it has none."""
    for datatype, dtype in DATATYPES.items():
        if array.dtype == dtype:
            return datatype
    raise TensorError(name, f"{array.dtype} is no type of the protocol; it has {', '.join(DATATYPES)}")


def element_count(name: str, shape: Sequence[int]) -> int:
    """Raises TensorError for a shape that can't be one."""
    if len(shape) > MAX_RANK:
        raise TensorError(name, f"{len(shape)} dimensions; at most {MAX_RANK} are allowed")
    for size in shape:
        if size < 0:
            raise TensorError(name, f"shape {_short(shape)}: a request's dimensions can't be negative")
    return math.prod(shape)


def _short(shape: Sequence[int]) -> str:
    return str(list(shape[:MAX_RANK])) if len(shape) <= MAX_RANK else f"of {len(shape)} dimensions"
