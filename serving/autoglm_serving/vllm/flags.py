"""From settings, model and card to vLLM's command line, each flag with its reason. Pure."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass

from autoglm_serving.errors import SettingsError
from autoglm_serving.settings import ServeSettings
from autoglm_serving.vllm.cards import Card
from autoglm_serving.vllm.shape import Shape

GIB = 1024**3

MEMORY_SHARE = 0.9
"""As the region files' arithmetic has it (components/accelerators.py); vLLM's own default is 0.92."""

ACTIVATIONS_GIB = 1.5
"""Of that share, what a step of a 9B model with one 5-megapixel image takes beside weights and cache: an estimate."""

PACKED = 0.6
"""Of the weights' size, in 8 bits: embeddings and head, an eighth of a 9B model, keep 16."""

STEP_SECONDS = 0.25
USED_SHARE = 0.4
"""How long a step full of prompt may take, and what of a card's peak large matrices reach."""

PROCESSOR_CACHE_GIB = 2
"""A screenshot at 5 megapixels is 120 MiB of patches in 32 bits: room for 16 that are on their way to the engine."""

OLDEST = (7, 5)
"""vLLM 0.32's own packages are of CUDA 13, which ended Volta; older cards need a build of it for CUDA 12."""

NO_DOMAIN = "data-urls-only.invalid"
"""A name that no host can have (RFC 2606)."""


@dataclass(frozen=True, kw_only=True)
class Flag:
    """`value` None is a switch."""

    name: str
    value: str | None
    reason: str

    @property
    def words(self) -> list[str]:
        return [f"--{self.name}"] if self.value is None else [f"--{self.name}={self.value}"]


def flags(settings: ServeSettings, shape: Shape, card: Card | None, *, shm_bytes: int) -> list[Flag]:
    """What vLLM is started with, but for the nodes of one server. `card` None is vLLM's CPU build; `shm_bytes` is
    what /dev/shm has. Raises SettingsError for a model that the card can't hold or compute."""
    found = [*_model(settings, shape), *_service(settings), *_parallel(settings)]
    found += _dtype(settings, card)
    if card is None:
        found.append(Flag(name="enforce-eager", value=None, reason="on a CPU, compiling takes minutes"))
    else:
        found += [*_memory(settings, shape, card), *_steps(settings, shape, card)]
        if settings.enforce_eager:
            found.append(Flag(name="enforce-eager", value=None, reason="as set"))
    return found + (_images(settings, shape, shm_bytes) if shape.vision else [])


def command_line(found: Iterable[Flag]) -> list[str]:
    return [word for flag in found for word in flag.words]


def _model(settings: ServeSettings, shape: Shape) -> list[Flag]:
    length = settings.max_model_len or shape.context
    if length > shape.context:
        raise SettingsError(f"--max-model-len: {length} is more than the {shape.context} tokens the model was made for")
    return [
        Flag(name="model", value=str(settings.model), reason="the folder, verified against its SHA256SUMS"),
        Flag(name="served-model-name", value=settings.served_model_name, reason="what clients ask for"),
        Flag(name="load-format", value=settings.load_format, reason="weights are never read from pickles"),
        Flag(name="max-model-len", value=str(length), reason="prompt and answer together"),
        Flag(name="max-num-seqs", value=str(settings.max_num_seqs), reason="requests that generate at the same time"),
        Flag(
            name="chat-template-content-format",
            value=settings.chat_template_content_format,
            reason="the client's README: images first, then the texts as one",
        ),
    ]


def _service(settings: ServeSettings) -> list[Flag]:
    prefix = "" if settings.enable_prefix_caching else "no-"
    return [
        Flag(name="host", value=settings.host, reason="as set"),
        Flag(name="port", value=str(settings.port), reason="as set"),
        Flag(
            name=f"{prefix}enable-prefix-caching",
            value=None,
            reason="every step of a task repeats the system prompt and the steps before" if not prefix else "as set",
        ),
        Flag(
            name="scheduling-policy",
            value="priority",
            reason="the request's field `priority`; equal ones stay in the order of arrival",
        ),
        Flag(
            name="allowed-media-domains",
            value=NO_DOMAIN,
            reason="screenshots come as data: URLs; a server that fetches URLs reaches what its network reaches",
        ),
        Flag(name="disable-uvicorn-access-log", value=None, reason="the middleware logs each request, without query"),
        Flag(name="no-enable-log-requests", value=None, reason="no prompt in the log"),
        Flag(name="enable-offline-docs", value=None, reason="/openapi.json, and no page that loads scripts from afar"),
        Flag(
            name="middleware",
            value="autoglm_serving.vllm.front.Front",
            reason="/healthz, /ready, drains, bounds of body and queue, and only the paths that both engines have",
        ),
        Flag(name="shutdown-timeout", value="0", reason="our process waits for open streams before it ends vLLM"),
    ]


def _parallel(settings: ServeSettings) -> list[Flag]:
    split = "every layer is split over these GPUs of one node"
    groups = "the layers are dealt out to these groups"
    copies = "copies behind one address; separate servers drain and fail one by one, and are the better copies"
    sizes = (
        ("tensor-parallel-size", settings.tensor_parallel_size, split),
        ("pipeline-parallel-size", settings.pipeline_parallel_size, groups),
        ("data-parallel-size", settings.data_parallel_size, copies),
    )
    return [Flag(name=name, value=str(size), reason=reason) for name, size, reason in sizes if size > 1]


def _dtype(settings: ServeSettings, card: Card | None) -> list[Flag]:
    if settings.dtype != "auto":
        if settings.dtype == "bfloat16" and card is not None and not card.bf16:
            raise SettingsError(f"--dtype: 'bfloat16' is not possible on {card.name}: use auto or float16")
        return [Flag(name="dtype", value=settings.dtype, reason="as set")]
    if card is not None and not card.bf16:
        major, minor = card.capability
        reason = f"{card.name} has compute capability {major}.{minor}; bfloat16 needs 8.0"
        if card.capability < OLDEST:
            reason += ", and vLLM's own packages 7.5: build it for CUDA 12"
        return [Flag(name="dtype", value="float16", reason=reason)]
    return [Flag(name="dtype", value="bfloat16", reason="what the weights are published in")]


def _memory(settings: ServeSettings, shape: Shape, card: Card) -> list[Flag]:
    share = settings.gpu_memory_utilization or MEMORY_SHARE
    found = [
        Flag(
            name="gpu-memory-utilization",
            value=f"{share:g}",
            reason=f"{card.memory_gib * share:.1f} of {card.name}'s {card.memory_gib:g} GiB; the rest is the driver's",
        )
    ]
    if settings.kv_cache_dtype != "auto":
        found.append(Flag(name="kv-cache-dtype", value=settings.kv_cache_dtype, reason="as set"))
    if settings.weight_quantization not in (None, "none") and card.capability < OLDEST:
        raise SettingsError(f"--weight-quantization: {card.name} can't compute it: leave it out")
    asked, missing = settings.weight_quantization, shortfall(settings, shape, card, packing=1.0)
    if asked == "none" or shape.packed is not None:
        needed = None
    else:
        needed = asked or ("fp8_per_tensor" if missing > 0 and card.capability >= OLDEST else None)
    lacking = shortfall(settings, shape, card, packing=PACKED if needed else 1.0)
    if lacking > 0:
        raise SettingsError(_too_small(settings, shape, card, share, lacking, packed=needed is not None))
    if needed is not None:
        computes = "computes in FP8" if card.fp8 else "keeps weights in 8 bits and computes in 16 (Marlin)"
        why = "as set" if asked else f"full weights lack {missing / GIB:.1f} GiB on {card.name}"
        found.append(Flag(name="quantization", value=needed, reason=f"{why}; {card.name} {computes}"))
    return found


def shortfall(settings: ServeSettings, shape: Shape, card: Card, *, packing: float) -> int:
    """Bytes that a card lacks for its part of the weights, one longest conversation and a step; below 0: is left."""
    split = settings.tensor_parallel_size * settings.pipeline_parallel_size
    weights = shape.weights_bytes * packing / split
    length = settings.max_model_len or shape.context
    halves = 0.5 if settings.kv_cache_dtype == "fp8" else 1.0
    shared = min(settings.tensor_parallel_size, shape.kv_heads) * settings.pipeline_parallel_size
    cache = shape.kv_bytes_per_token * halves * length / shared
    # The estimate is of a 9B model: smaller ones take less.
    step = ACTIVATIONS_GIB * GIB * min(1.0, shape.parameters / 9e9)
    share = settings.gpu_memory_utilization or MEMORY_SHARE
    return math.ceil(weights + cache + step - card.memory_gib * GIB * share)


def _too_small(settings: ServeSettings, shape: Shape, card: Card, share: float, lacking: int, *, packed: bool) -> str:
    size = settings.tensor_parallel_size
    packing = "" if packed or shape.packed or card.capability < OLDEST else " or --weight-quantization fp8_per_tensor"
    return (
        f"--tensor-parallel-size: {size} is not enough: {shape.weights_bytes / GIB:.1f} GiB of weights"
        f"{' in 8 bits' if packed else ''}, the cache of one conversation and a step lack {lacking / GIB:.1f} GiB"
        f" in the {card.memory_gib * share:.1f} GiB that vLLM gets of {card.name}; use {size * 2}{packing}, a shorter"
        " --max-model-len, or a larger card"
    )


def _steps(settings: ServeSettings, shape: Shape, card: Card) -> list[Flag]:
    if settings.max_num_batched_tokens is not None:
        return [Flag(name="max-num-batched-tokens", value=str(settings.max_num_batched_tokens), reason="as set")]
    tokens = step_tokens(shape, card, settings.tensor_parallel_size)
    reason = f"a step full of prompt keeps running streams waiting no longer than about {STEP_SECONDS} s"
    return [Flag(name="max-num-batched-tokens", value=str(tokens), reason=reason)]


def step_tokens(shape: Shape, card: Card, gpus: int) -> int:
    """A power of two from 2,048, vLLM's own smallest, to 16,384, its largest. Two operations a weight and token."""
    tokens = STEP_SECONDS * USED_SHARE * card.tflops * 1e12 * gpus / (2 * max(1, shape.parameters))
    return int(2 ** min(14, max(11, math.floor(math.log2(tokens)))))


def _images(settings: ServeSettings, shape: Shape, shm_bytes: int) -> list[Flag]:
    limits = {"image": settings.limit_mm_per_prompt.image, "video": 0}
    found = [
        Flag(name="limit-mm-per-prompt", value=json.dumps(limits), reason="no films: memory is not kept for them"),
        Flag(
            name="mm-encoder-tp-mode",
            value="data",
            reason="each GPU has the small vision tower whole and takes its part of the images",
        ),
    ]
    if settings.mm_processor_kwargs.max_pixels is not None:
        value = json.dumps({"max_pixels": settings.mm_processor_kwargs.max_pixels})
        found.append(Flag(name="mm-processor-kwargs", value=value, reason="bounds the tokens of one image"))
    # Shared memory that runs out ends the process with a bus error: a container has 64 MiB unless it is given more.
    enough = shm_bytes >= PROCESSOR_CACHE_GIB * GIB
    kind = Flag(
        name="mm-processor-cache-type",
        value="shm" if enough else "lru",
        reason="the client's README: patches reach the workers without a copy"
        if enough
        else f"the container's shared memory is {shm_bytes // 2**20} MiB; shm takes {PROCESSOR_CACHE_GIB} GiB",
    )
    size = Flag(
        name="mm-processor-cache-gb",
        value=str(PROCESSOR_CACHE_GIB),
        reason="a screenshot is never sent twice: room for those under way, not vLLM's 4 GiB",
    )
    return [*found, kind, size]
