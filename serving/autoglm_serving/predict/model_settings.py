"""`model-settings.json` of a model's version: what its file can't say, and how it is batched."""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from autoglm_serving.errors import ModelError
from autoglm_serving.predict.batcher import BatchPolicy
from autoglm_serving.predict.tensors import ANY, DATATYPES, TensorSpec

NAME = "model-settings.json"


class TensorSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=256)
    datatype: str
    shape: tuple[int, ...] = Field(max_length=32)

    @field_validator("datatype")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in DATATYPES:
            raise ValueError(f"{value!r} is unknown; use one of {', '.join(DATATYPES)}")
        return value

    @field_validator("shape")
    @classmethod
    def _sizes(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if any(size < ANY for size in value):
            raise ValueError(f"a dimension is a size, or {ANY} where any size is allowed")
        return value

    def spec(self) -> TensorSpec:
        return TensorSpec(self.name, self.datatype, self.shape)


class DynamicBatching(BaseModel):
    """Requests that wait together run as one batch. Only for a model whose first dimension counts rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_batch_size: int = Field(ge=2, le=65536)
    """Rows of a batch."""
    max_latency_ms: float = Field(default=5.0, ge=0, le=60_000, allow_inf_nan=False)
    """What the oldest request waits at most for others to come."""
    scale_factor: float = Field(default=1.0, ge=1, le=64, allow_inf_nan=False)
    """What a batch may grow by while the model works for more than 0.8 of its time."""


class ModelSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    inputs: tuple[TensorSettings, ...] = ()
    """For TorchScript, in the order of the module's arguments. ONNX has its own."""
    outputs: tuple[TensorSettings, ...] = ()
    dynamic_batching: DynamicBatching | None = None
    instances: int = Field(default=1, ge=1, le=64)
    """Batches that run side by side, on one copy of the weights."""
    warmup: bool = True
    """Run a request of zeros before the version becomes active, where the shapes say what such a request is."""
    max_waiting: int = Field(default=256, ge=1, le=65536)
    """Requests in the queue; one more gets 429."""

    @model_validator(mode="after")
    def _names_differ(self) -> "ModelSettings":
        for field, tensors in (("inputs", self.inputs), ("outputs", self.outputs)):
            names = [tensor.name for tensor in tensors]
            if len(set(names)) < len(names):
                raise ValueError(f"{field}: a name stands twice; names must differ")
        return self

    def policy(self) -> BatchPolicy:
        batching = self.dynamic_batching
        if batching is None:
            return BatchPolicy(max_waiting=self.max_waiting)
        return BatchPolicy(
            max_batch_size=batching.max_batch_size,
            max_latency=batching.max_latency_ms / 1000,
            scale_factor=batching.scale_factor,
            max_waiting=self.max_waiting,
        )


def read(folder: Path) -> ModelSettings:
    """The defaults where there is no such file. Raises ModelError that names the field."""
    path = folder / NAME
    try:
        return ModelSettings.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return ModelSettings()
    except OSError as error:
        raise ModelError(f"{path} can't be read: {error.strerror}") from None
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        if not fault["loc"]:
            raise ModelError(f"{path}: {fault['msg']}") from None
        where = ".".join(map(str, fault["loc"]))
        value = json.dumps(fault["input"], default=str)[:100]
        raise ModelError(f"{path}: {where}: {value} is not allowed: {fault['msg']}") from None
