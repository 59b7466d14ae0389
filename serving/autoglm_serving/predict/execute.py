"""One batch through a model: laid together, run, checked, taken apart. A request that breaks it fails alone."""

from collections.abc import Mapping, Sequence

import numpy as np

from autoglm_serving.engine.base import RequestFailed
from autoglm_serving.predict.runtime import Runtime
from autoglm_serving.predict.tensors import Array, TensorError, check_outputs

Tensors = Mapping[str, Array]
Result = Tensors | TensorError | RequestFailed
"""TensorError where the request is at fault, RequestFailed where the model is."""

MAX_REASON = 500
"""Characters of a model's own error in an answer."""


def execute(runtime: Runtime, requests: Sequence[Tensors], rows: Sequence[int]) -> list[Result]:
    """A result for each request. `rows` is how many of the batch's rows are each request's."""
    if len(requests) == 1:
        return [_alone(runtime, requests[0])]
    names = requests[0]
    together = {name: np.concatenate([inputs[name] for inputs in requests]) for name in names}
    try:
        return [*_split(_run(runtime, together), rows)]
    except (TensorError, RequestFailed):
        return [_alone(runtime, inputs) for inputs in requests]


def _alone(runtime: Runtime, inputs: Tensors) -> Result:
    try:
        return _run(runtime, inputs)
    except (TensorError, RequestFailed) as error:
        return error


def _run(runtime: Runtime, inputs: Tensors) -> Tensors:
    try:
        outputs = runtime.run(inputs)
    except TensorError:
        raise
    except Exception as error:
        raise RequestFailed(f"the model failed: {_last_line(error)}") from error
    try:
        check_outputs(runtime.outputs, outputs)
    except TensorError as error:
        raise RequestFailed(f"the model gave what it does not say it gives: {error}") from None
    return outputs


def _last_line(error: Exception) -> str:
    """Of an interpreter's many lines, the reason: the rest is the model's code, which is no client's business."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:MAX_REASON]


def _split(outputs: Tensors, rows: Sequence[int]) -> list[Tensors]:
    for name, array in outputs.items():
        if len(array) != sum(rows):
            raise RequestFailed(f"the model made {len(array)} rows of {sum(rows)} in {name!r}: it can't be batched")
    ends = np.cumsum(rows)
    return [
        {name: array[end - count : end] for name, array in outputs.items()}
        for count, end in zip(rows, ends, strict=True)
    ]
