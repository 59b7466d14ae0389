"""What servers on GPUs get beside those on CPUs: vLLM's typed settings, shared memory, a place for compiled kernels."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from pulumi_kubernetes.core.v1 import EnvVarArgsDict, VolumeArgsDict, VolumeMountArgsDict

_CACHE = "/var/cache/autoglm"
# vLLM's cache of preprocessed images takes 2 GiB of it (serving/autoglm_serving/vllm/flags.py), NCCL the rest. A
# container has 64 MiB by default, and a process whose shared memory runs out dies by a bus error.
_SHARED_MEMORY = "3Gi"
_CACHE_SIZE = "8Gi"


@dataclass(frozen=True, kw_only=True)
class VllmArgs:
    """`memory_share`: of a card's memory, for this server. None leaves the choice to the server, which knows the card.

    `max_image_pixels`: larger screenshots are scaled down; Open-AutoGLM's README sets 5 million. `nccl`: environment.
    """

    tensor_parallel_size: int = 1
    memory_share: float
    dtype: str = "auto"
    weight_quantization: str | None = None
    kv_cache_dtype: str = "auto"
    max_num_batched_tokens: int | None = None
    enforce_eager: bool = False
    max_image_pixels: int = 5_000_000
    nccl: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.memory_share <= 0.98:
            raise ValueError(f"VllmArgs.memory_share: {self.memory_share} is not allowed: it is a share up to 0.98")


def flags(args: VllmArgs) -> list[str]:
    """Of `serve`, which makes vLLM's own of them."""
    given = [
        "--engine=vllm",
        f"--tensor-parallel-size={args.tensor_parallel_size}",
        f"--gpu-memory-utilization={args.memory_share:g}",
        f"--mm-processor-kwargs={json.dumps({'max_pixels': args.max_image_pixels})}",
    ]
    if args.dtype != "auto":
        given.append(f"--dtype={args.dtype}")
    if args.weight_quantization is not None:
        given.append(f"--weight-quantization={args.weight_quantization}")
    if args.kv_cache_dtype != "auto":
        given.append(f"--kv-cache-dtype={args.kv_cache_dtype}")
    if args.max_num_batched_tokens is not None:
        given.append(f"--max-num-batched-tokens={args.max_num_batched_tokens}")
    if args.enforce_eager:
        given.append("--enforce-eager=true")
    return given


def environment(args: VllmArgs) -> list[EnvVarArgsDict]:
    """Where compiled kernels go (vLLM's; Triton's, FlashInfer's, CUDA's under HOME), as /tmp is small; NCCL's own."""
    told = {"HOME": _CACHE, "TORCHINDUCTOR_CACHE_DIR": f"{_CACHE}/inductor", **args.nccl}
    return [{"name": name, "value": value} for name, value in told.items()]


def volumes() -> list[VolumeArgsDict]:
    return [
        {"name": "shared-memory", "empty_dir": {"medium": "Memory", "size_limit": _SHARED_MEMORY}},
        {"name": "kernels", "empty_dir": {"size_limit": _CACHE_SIZE}},
    ]


def mounts() -> list[VolumeMountArgsDict]:
    return [
        {"name": "shared-memory", "mount_path": "/dev/shm"},  # noqa: S108  the container's own
        {"name": "kernels", "mount_path": _CACHE},
    ]
