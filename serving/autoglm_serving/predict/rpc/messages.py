"""Between the protocol's messages and tensors."""

from collections.abc import Mapping, Sequence
from typing import Any

from autoglm_serving.predict.codec import to_raw
from autoglm_serving.predict.faults import BadRequest
from autoglm_serving.predict.model import PredictModel
from autoglm_serving.predict.rpc import open_inference_pb2 as pb
from autoglm_serving.predict.service import GivenTensor, InferAnswer, InferRequest
from autoglm_serving.predict.tensors import Array, TensorError, TensorSpec

CONTENTS: Mapping[str, str] = {
    "BOOL": "bool_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
"""The list of a datatype's values; FP16 has none and is always raw."""


def parse(message: pb.ModelInferRequest) -> InferRequest:
    """Raises BadRequest or TensorError."""
    raw = message.raw_input_contents
    if raw and len(raw) != len(message.inputs):
        raise BadRequest(
            f"raw_input_contents: {len(raw)} contents for {len(message.inputs)} inputs; give as many, in their order"
        )
    if not message.inputs:
        raise BadRequest("inputs: none given")
    given = [_given(tensor, raw[number] if raw else None) for number, tensor in enumerate(message.inputs)]
    return InferRequest(
        model=message.model_name,
        version=message.model_version or None,
        inputs=given,
        outputs=[output.name for output in message.outputs],
        size=message.ByteSize(),
    )


def render(answer: InferAnswer, message: pb.ModelInferRequest) -> pb.ModelInferResponse:
    """Raw where the request was, or where an output has no other form."""
    raw = bool(message.raw_input_contents) or any(spec.datatype not in CONTENTS for spec, _ in answer.outputs)
    return pb.ModelInferResponse(
        model_name=answer.model,
        model_version=answer.version,
        id=message.id,
        outputs=[_output(spec, array, raw) for spec, array in answer.outputs],
        raw_output_contents=[to_raw(array) for _, array in answer.outputs] if raw else [],
    )


def metadata(model: PredictModel, versions: Sequence[str]) -> pb.ModelMetadataResponse:
    return pb.ModelMetadataResponse(
        name=model.name,
        versions=versions,
        platform=model.platform,
        inputs=[_metadata(spec) for spec in model.inputs],
        outputs=[_metadata(spec) for spec in model.outputs],
    )


def _metadata(spec: TensorSpec) -> pb.ModelMetadataResponse.TensorMetadata:
    return pb.ModelMetadataResponse.TensorMetadata(name=spec.name, datatype=spec.datatype, shape=spec.shape)


def _given(tensor: pb.ModelInferRequest.InferInputTensor, raw: bytes | None) -> GivenTensor:
    values: list[Any] | None = None
    filled = [field.name for field, _ in tensor.contents.ListFields()]
    if raw is not None and filled:
        raise TensorError(tensor.name, "both contents and raw_input_contents given; give one of them")
    if raw is None:
        wanted = CONTENTS.get(tensor.datatype)
        if wanted is None and filled:
            raise TensorError(tensor.name, f"{tensor.datatype[:20]!r} has no typed contents; use raw_input_contents")
        if filled not in ([], [wanted]):
            raise TensorError(tensor.name, f"{', '.join(filled)} given, but {tensor.datatype} goes into {wanted}")
        values = list(getattr(tensor.contents, wanted)) if wanted else []
    return GivenTensor(name=tensor.name, datatype=tensor.datatype, shape=list(tensor.shape), values=values, raw=raw)


def _output(spec: TensorSpec, array: Array, raw: bool) -> pb.ModelInferResponse.InferOutputTensor:
    output = pb.ModelInferResponse.InferOutputTensor(name=spec.name, datatype=spec.datatype, shape=array.shape)
    if not raw:
        getattr(output.contents, CONTENTS[spec.datatype]).extend(array.reshape(-1).tolist())
    return output
