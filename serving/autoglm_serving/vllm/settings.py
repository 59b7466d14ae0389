"""What `serve --engine vllm` can be told beyond what both engines know: vLLM's own names and meanings.

The values allowed are those of vLLM 0.32 that are safe and serve one model well; whatever loads pickles, runs code of
the model's folder or opens an engine's internals to its clients is not among them.
"""

import sys
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Quantization = Literal["fp8_per_tensor", "fp8_per_block", "int8_per_channel_weight_only"]
"""Made from full weights while loading. A folder that is packed already (FP8, AWQ, GPTQ, compressed-tensors) says so in
its config.json and needs no flag. vLLM 0.32 refuses the older `fp8` for full weights."""


class VllmSettings(BaseModel):
    """A description is the flag's help text. None leaves the choice to the table of models and cards."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    engine: Literal["auto", "torch", "vllm"] = Field(
        default="auto",
        description="what computes: our own torch engine, or vLLM; auto is vLLM where it is installed beside a GPU",
    )
    vllm_python: Path = Field(
        default=Path(sys.executable), description="vLLM: the Python in whose environment it is installed"
    )
    card: str = Field(
        default="auto",
        pattern=r"[A-Za-z0-9.-]{1,32}",
        description="vLLM: the GPU's name, as L40S or H100; auto asks nvidia-smi, none is a CPU",
    )
    tensor_parallel_size: int = Field(
        default=1, ge=1, le=64, description="vLLM: GPUs over which every layer is split; of one node, best with NVLink"
    )
    pipeline_parallel_size: int = Field(
        default=1, ge=1, le=64, description="vLLM: groups of GPUs over which the layers are dealt out; may span nodes"
    )
    data_parallel_size: int = Field(
        default=1, ge=1, le=64, description="vLLM: copies of the model behind this one address"
    )
    nnodes: int | None = Field(
        default=None, ge=1, le=64, description="vLLM: nodes of one server (default: LeaderWorkerSet's, or 1)"
    )
    node_rank: int | None = Field(
        default=None, ge=0, le=63, description="vLLM: this node's number; 0 answers (default: LeaderWorkerSet's, or 0)"
    )
    master_addr: str | None = Field(
        default=None,
        pattern=r"[0-9A-Za-z.:-]{1,253}",
        description="vLLM: node 0's address (default: LeaderWorkerSet's)",
    )
    master_port: int = Field(default=29501, ge=1, le=65535, description="vLLM: where node 0 waits for the others")
    distributed_executor_backend: Literal["mp", "ray"] = Field(
        default="mp", description="vLLM: what starts the workers of several nodes; mp needs nothing beside vLLM"
    )
    weight_quantization: Literal["none"] | Quantization | None = Field(
        default=None, description="vLLM: pack full weights while loading (default: only where they would not fit else)"
    )
    kv_cache_dtype: Literal["auto", "bfloat16", "fp8"] = Field(
        default="auto", description="vLLM: numbers of the KV cache; fp8 holds twice the tokens, a little less exactly"
    )
    gpu_memory_utilization: float | None = Field(
        default=None, gt=0, le=0.98, allow_inf_nan=False, description="vLLM: share of a GPU's memory that it takes"
    )
    enable_prefix_caching: bool = Field(
        default=True, description="vLLM: reuse the KV cache of equal beginnings, as of the system prompt"
    )
    max_num_batched_tokens: int | None = Field(
        default=None, ge=256, le=131072, description="vLLM: tokens of one step; smaller keeps running streams smoother"
    )
    load_format: Literal["safetensors", "runai_streamer", "dummy"] = Field(
        default="safetensors", description="vLLM: how weights are read; runai_streamer reads large files in parallel"
    )
    enforce_eager: bool = Field(
        default=False, description="vLLM: no compilation and no CUDA graphs: starts sooner, answers slower"
    )
