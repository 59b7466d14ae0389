"""Between a tensor's contents on the wire and arrays: JSON values, typed lists of gRPC, and raw bytes."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autoglm_serving.predict.tensors import DATATYPES, Array, TensorError, element_count

LENGTH_BYTES = 4
"""Before each element of a raw BYTES tensor: its length, little-endian."""

_VALUES: Mapping[str, frozenset[type]] = {
    "b": frozenset({bool}),
    "u": frozenset({int}),
    "i": frozenset({int}),
    "f": frozenset({int, float}),
}
"""By the kind of the wanted type: what its values may be in JSON. A float is never cut to an integer."""


def from_values(name: str, datatype: str, shape: Sequence[int], values: Sequence[Any]) -> Array:
    """Values as JSON has them, nested or flat in row-major order. Raises TensorError."""
    dtype = dtype_of(name, datatype)
    flat = _flat(values)
    if datatype == "BYTES":
        return _shaped(name, shape, _objects(name, flat))
    if not flat:
        return _shaped(name, shape, np.empty(0, dtype))
    # Before numpy sees them: of numbers and one long string it would make an array of long strings.
    if not _VALUES[dtype.kind].issuperset(map(type, flat)):
        raise TensorError(name, f"its data has values that are no {datatype}")
    try:
        # Past the largest integer of a type numpy raises, past the largest float it gives infinity.
        found = np.array(values, np.float64 if dtype.kind == "f" else dtype)
    except OverflowError:
        found = None
    except ValueError:
        raise TensorError(name, "its data is a ragged list; give every row the same length") from None
    if found is None or (dtype.kind == "f" and not (np.abs(found) <= np.finfo(dtype).max).all()):
        raise TensorError(name, f"its data has values out of {datatype}'s range")
    return _shaped(name, shape, found.astype(dtype, copy=False))


def from_raw(name: str, datatype: str, shape: Sequence[int], content: bytes | memoryview) -> Array:
    """Raw bytes as the protocol lays them out. The array may be a read-only view of them. Raises TensorError."""
    dtype = dtype_of(name, datatype)
    if datatype == "BYTES":
        return _shaped(name, shape, _objects(name, list(_split(name, content))))
    wanted = element_count(name, shape) * dtype.itemsize
    if len(content) != wanted:
        raise TensorError(
            name, f"{len(content)} bytes of data, but shape {list(shape)} of {datatype} takes {wanted} bytes"
        )
    if datatype == "BOOL":
        return np.frombuffer(content, np.uint8).astype(np.bool_).reshape(shape)
    # A request's tensors follow each other in one body, so one may begin at an odd address.
    return np.require(np.frombuffer(content, dtype).reshape(shape), requirements=["C", "A"])


def to_values(name: str, array: Array) -> list[Any]:
    """Flat values in row-major order for JSON. Raises TensorError for what JSON has no way to say."""
    flat = array.reshape(-1)
    if array.dtype.kind == "O":
        try:
            return [value.decode() for value in flat]
        except UnicodeDecodeError:
            raise TensorError(name, "it has bytes that are no UTF-8; ask for it with binary_data") from None
    if array.dtype.kind == "f" and not np.isfinite(flat).all():
        raise TensorError(name, "it has NaN or infinite values, which JSON can't hold; ask for it with binary_data")
    values: list[Any] = flat.tolist()
    return values


def to_raw(array: Array) -> bytes:
    if array.dtype.kind == "O":
        return b"".join(len(value).to_bytes(LENGTH_BYTES, "little") + value for value in array.reshape(-1))
    return array.tobytes()


def dtype_of(name: str, datatype: str) -> np.dtype[Any]:
    if datatype not in DATATYPES:
        raise TensorError(name, f"datatype {datatype[:20]!r} is unknown; this server has {', '.join(DATATYPES)}")
    return DATATYPES[datatype]


def _shaped(name: str, shape: Sequence[int], array: Array) -> Array:
    wanted = element_count(name, shape)
    if array.size != wanted:
        raise TensorError(name, f"{array.size} values of data, but shape {list(shape)} takes {wanted}")
    if array.ndim > 1 and array.shape != tuple(shape):
        raise TensorError(name, f"its data is nested as {list(array.shape)}, but its shape is {list(shape)}")
    return array.reshape(shape)


def _objects(name: str, values: list[Any]) -> Array:
    array = np.empty(len(values), object)
    for index, value in enumerate(values):
        if not isinstance(value, str | bytes):
            raise TensorError(name, "its data has values that are no BYTES; give strings")
        array[index] = value.encode() if isinstance(value, str) else value
    return array


def _flat(values: Sequence[Any]) -> list[Any]:
    """Nested lists in row-major order; the depth of JSON was bounded when it was read."""
    while values and all(isinstance(value, list) for value in values):
        values = [inner for value in values for inner in value]
    return list(values)


def _split(name: str, content: bytes | memoryview) -> Iterator[bytes]:
    position = 0
    while position < len(content):
        length = int.from_bytes(content[position : position + LENGTH_BYTES], "little")
        position += LENGTH_BYTES
        if position + length > len(content):
            raise TensorError(name, f"an element says it has {length} bytes, more than are left of its data")
        yield bytes(content[position : position + length])
        position += length


def byte_size(array: Array) -> int:
    """Memory that an array's contents hold."""
    return sum(map(len, array.reshape(-1))) if array.dtype.kind == "O" else math.prod(array.shape) * array.itemsize
