"""What `serve` can be told: one field a flag, with vLLM's names. The command line is made from this class."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, Json, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError, PydanticKnownError

from autoglm_serving.store.settings import StoreSettings
from autoglm_serving.vllm.settings import VllmSettings

MIB = 1024 * 1024


class MultimodalLimits(BaseModel):
    """How many items of each kind one request may hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image: int = Field(default=10, ge=0)


class ProcessorOptions(BaseModel):
    """What is changed in the model's image processor. One image costs about `max_pixels` / 784 tokens at most."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_pixels: int | None = Field(default=None, ge=112 * 112)


class ServeSettings(VllmSettings, StoreSettings):
    """A description is the flag's help text; a bound is the check that the flag's value must pass."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    model_repository: Path | None = Field(
        default=None, description="folder of MODEL/VERSION/ folders, which is watched; instead of --model"
    )
    model_catalogue: str | None = Field(
        default=None,
        pattern=r"^https?://[^,\s]+(,https?://[^,\s]+)*$",
        description="etcd's client URLs, separated by commas: its catalogue says which versions of --served-model-name"
        " to hold and which is active; instead of --model",
    )
    model_catalogue_tls: Path | None = Field(
        default=None, description="folder of ca.crt, tls.crt and tls.key for these https:// URLs"
    )
    predict_repository: Path | None = Field(
        default=None,
        description="folder of MODEL/VERSION/ folders with ONNX or TorchScript models, watched; needs no --model",
    )
    model: Path | None = Field(
        default=None, validate_default=True, description="folder of the model, with its SHA256SUMS"
    )
    predict_memory_budget: int | None = Field(
        default=None,
        ge=1,
        description="bytes that these models may take together (default: a quarter of what models may take in all)",
    )
    grpc_port: int | None = Field(
        default=None, ge=0, le=65535, description="port of their gRPC API (default: none; 0 picks a free one)"
    )
    allow_torchscript: bool = Field(
        default=False, description="load .pt files of that folder: they hold programs, so trust who made them"
    )
    served_model_name: str = Field(
        default="autoglm-phone-9b", min_length=1, max_length=128, description="the model's name in the API"
    )
    model_loading: Literal["eager", "lazy"] = Field(
        default="eager", description="when a repository's models are loaded: at the start, or when first asked for"
    )
    model_memory_budget: int | None = Field(
        default=None,
        ge=1,
        description="bytes that a repository's loaded models may take together (default: 85% of the container's)",
    )
    model_poll_seconds: float = Field(
        default=5.0, gt=0, le=3600, allow_inf_nan=False, description="seconds between two looks at the repository"
    )
    model_standby_seconds: float = Field(
        default=60.0,
        ge=0,
        le=86400,
        allow_inf_nan=False,
        description="seconds that a replaced version stays in memory, to take over again if the new one gives trouble",
    )
    host: str = Field(default="0.0.0.0", min_length=1, description="address to listen on")  # noqa: S104  a pod's
    port: int = Field(default=8000, ge=0, le=65535, description="port to listen on; 0 picks a free one")
    max_model_len: int | None = Field(
        default=None, ge=16, description="longest prompt plus answer, in tokens (default: what the model was made for)"
    )
    max_num_seqs: int = Field(default=8, ge=1, le=1024, description="requests that generate at the same time")
    max_num_waiting: int = Field(
        default=64, ge=0, le=65536, description="requests that wait for a place; one more gets 429"
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        default="auto", description="type of the weights in memory; auto is the folder's own"
    )
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="auto is cuda where there is a GPU")
    threads: int | None = Field(
        default=None, ge=1, le=1024, description="CPU threads of the engine (default: the container's CPU limit)"
    )
    shutdown_timeout: float = Field(
        default=120.0, ge=0, le=86400, allow_inf_nan=False, description="seconds that open streams get after SIGTERM"
    )
    step_timeout: float = Field(
        default=600.0,
        gt=0,
        allow_inf_nan=False,
        description="seconds after which a step that has not returned means a dead engine",
    )
    chat_template_content_format: Literal["string", "openai"] = Field(
        default="string", description="how the chat template gets a message: one text, or OpenAI's list of parts"
    )
    limit_mm_per_prompt: Json[MultimodalLimits] = Field(
        default=MultimodalLimits(), description="items of each kind in one request, as JSON"
    )
    mm_processor_kwargs: Json[ProcessorOptions] = Field(
        default=ProcessorOptions(), description="options of the image processor, as JSON"
    )
    max_image_pixels: int = Field(
        default=25_000_000, ge=1, description="width times height of an image, before it is decoded"
    )
    max_body_bytes: int = Field(default=32 * MIB, ge=1024, description="size of a request's body")
    identity_header: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9-]+$",
        description="header in which the gateway says who asks, and which it removes from what clients send; it takes"
        " the API key's place for fairness and stored conversations (default: none)",
    )
    quarantine_crashes: int = Field(
        default=3, ge=0, description="a request that crashed the engine so often is refused; 0 refuses none"
    )
    quarantine_seconds: float = Field(
        default=3600.0, gt=0, allow_inf_nan=False, description="how long after its last crash it is refused"
    )
    quarantine_file: Path | None = Field(
        default=None, description="keeps the crashes over restarts, those of the process itself too (default: none)"
    )
    otlp_traces_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="where traces go, by OTLP over HTTP (default: OpenTelemetry's environment variables; none: off)",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="debug also logs the probes"
    )

    @field_validator("model")
    @classmethod
    def _one_place(cls, model: Path | None, info: ValidationInfo) -> Path | None:
        places = [name for name in ("model_repository", "model_catalogue") if info.data.get(name) is not None]
        if model is None and not places and info.data.get("predict_repository") is None:
            raise PydanticKnownError("missing")
        if len(places) + (model is not None) > 1:
            flags = " and ".join(f"--{name.replace('_', '-')}" for name in places)
            raise PydanticCustomError("two_places", "{flags} given too, and only one can be", {"flags": flags})
        return model
