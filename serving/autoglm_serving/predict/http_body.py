"""Bodies of the protocol's HTTP: JSON, and after it the binary data of tensors that have some."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError
from pydantic_core import to_json

from autoglm_serving.predict.codec import to_raw, to_values
from autoglm_serving.predict.faults import BadRequest
from autoglm_serving.predict.service import GivenTensor, InferAnswer, InferRequest
from autoglm_serving.predict.tensors import Array, TensorError, TensorSpec

JSON_LENGTH = "Inference-Header-Content-Length"
"""The header that says where the JSON ends and the binary data begins."""

MOST_DIGITS = 20
"""Of that number: Python refuses to read one of thousands."""

JSON_TYPE = "application/json"
BINARY_TYPE = "application/octet-stream"

Parameters = Mapping[str, Any]


class RequestInput(BaseModel):
    name: str = Field(min_length=1)
    datatype: str
    shape: list[StrictInt]
    parameters: Parameters = {}
    data: list[Any] | None = None
    """Row-major, nested or flat; none with the parameter `binary_data_size`."""


class RequestOutput(BaseModel):
    name: str = Field(min_length=1)
    parameters: Parameters = {}


class InferenceRequest(BaseModel):
    # Extensions of other servers add fields of their own, which mean nothing here.
    model_config = ConfigDict(extra="ignore")

    id: str | None = Field(default=None, max_length=256)
    parameters: Parameters = {}
    inputs: list[RequestInput] = Field(min_length=1, max_length=1024)
    outputs: list[RequestOutput] = Field(default=[], max_length=1024)


class ParsedRequest(BaseModel):
    """A request, and how its answer shall look."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    id: str | None
    request: InferRequest
    binary: frozenset[str] | None
    """Outputs that are asked for as binary data; None for all."""


def parse(model: str, version: str | None, body: bytes, json_length: str | None) -> ParsedRequest:
    """`json_length` is the header's value. Raises BadRequest or TensorError."""
    end = _json_length(json_length, len(body))
    try:
        asked = InferenceRequest.model_validate_json(body[:end] if end < len(body) else body)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, fault["loc"])) or "the body"
        raise BadRequest(f"{where}: {fault['msg']}") from None
    request = InferRequest(
        model=model,
        version=version,
        inputs=_given(asked.inputs, memoryview(body)[end:]),
        outputs=[output.name for output in asked.outputs],
        size=len(body),
    )
    return ParsedRequest(id=asked.id, request=request, binary=_binary(asked))


def render(answer: InferAnswer, request_id: str | None, binary: frozenset[str] | None) -> tuple[bytes, dict[str, str]]:
    """The body and its headers. Raises TensorError for an output that JSON can't hold."""
    outputs: list[dict[str, Any]] = []
    contents: list[bytes] = []
    for spec, array in answer.outputs:
        outputs.append(_output(spec, array))
        if binary is None or spec.name in binary:
            contents.append(to_raw(array))
            outputs[-1]["parameters"] = {"binary_data_size": len(contents[-1])}
        else:
            outputs[-1]["data"] = to_values(spec.name, array)
    named = {"id": request_id} if request_id is not None else {}
    head = to_json({"model_name": answer.model, "model_version": answer.version, **named, "outputs": outputs})
    if not contents:
        return head, {"Content-Type": JSON_TYPE}
    return b"".join([head, *contents]), {"Content-Type": BINARY_TYPE, JSON_LENGTH: str(len(head))}


def _output(spec: TensorSpec, array: Array) -> dict[str, Any]:
    return {"name": spec.name, "datatype": spec.datatype, "shape": list(array.shape)}


def _json_length(header: str | None, size: int) -> int:
    if header is None:
        return size
    digits = header.isascii() and header.isdecimal() and len(header) <= MOST_DIGITS
    if not digits or int(header) > size:
        raise BadRequest(f"{JSON_LENGTH}: {header[:20]!r} is not a number of bytes of this body, which has {size}")
    return int(header)


def _given(inputs: Sequence[RequestInput], rest: memoryview) -> list[GivenTensor]:
    """The inputs with their contents; the binary data must be used up."""
    given = []
    for tensor in inputs:
        size = tensor.parameters.get("binary_data_size")
        raw = None
        if size is not None:
            if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= len(rest):
                raise TensorError(tensor.name, f"binary_data_size: {str(size)[:20]} bytes, but {len(rest)} are left")
            raw, rest = rest[:size], rest[size:]
        if (raw is None) == (tensor.data is None):
            what = "neither data nor" if raw is None else "both data and"
            raise TensorError(tensor.name, f"{what} binary_data_size given; give one of them")
        given.append(
            GivenTensor(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape, values=tensor.data, raw=raw)
        )
    if rest:
        raise BadRequest(f"{len(rest)} bytes of binary data belong to no input; check the inputs' binary_data_size")
    return given


def _binary(asked: InferenceRequest) -> frozenset[str] | None:
    by_default = _flag(asked.parameters, "binary_data_output", False)
    if not asked.outputs:
        return None if by_default else frozenset()
    return frozenset(output.name for output in asked.outputs if _flag(output.parameters, "binary_data", by_default))


def _flag(parameters: Parameters, name: str, default: bool) -> bool:
    value = parameters.get(name, default)
    if not isinstance(value, bool):
        raise BadRequest(f"parameters: {name}: {str(value)[:20]!r} is not allowed; use true or false")
    return value
