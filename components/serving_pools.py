"""Which pools of a region its model servers go to, and what each server asks of a node there. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from components import accelerators, models, precision, quantities, slices
from components.instance_type import InstanceType
from components.models import ModelFacts
from components.platform.placement import Candidate, Need, lack, ranked

if TYPE_CHECKING:
    from stacks.cloud import GpuPool
    from stacks.schema import PrivateNodes, RegionSpec

# What comes with the serving image fits any card.
_SMALL = ModelFacts(weights_bytes=1024**3, kv_bytes_per_token=1024, kv_heads=1, source="serving/tinyphone")


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """`pools`: the best first. `asks`: a server's limits, by resource; the same in each of them."""

    pools: tuple[str, ...]
    tensor_parallel: int
    asks: dict[str, int]


def chosen(spec: "RegionSpec") -> Chosen | None:
    """The pool that the file names; without one, those whose tokens are cheapest, as far as they give out their cards
    alike: the rest of them take the servers that the first has no room for. None: on CPUs, or nothing can hold it."""
    asked = spec.serving.gpu
    if asked is None:
        return None
    found = dict(kinds(spec))
    if asked.pool is not None:
        kind = found.get(asked.pool)
        if kind is None:
            return None
        asks = _asks(spec, asked.pool, kind, asked.tensor_parallel_size)
        return Chosen(pools=(asked.pool,), tensor_parallel=asked.tensor_parallel_size, asks=asks)
    fits = ranked(need(spec), candidates(spec))
    if not fits:
        return None
    size = fits[0].tensor_parallel
    asks = _asks(spec, fits[0].pool, fits[0].candidate.kind, size)
    alike = [
        fit.pool
        for fit in fits
        if fit.tensor_parallel == size
        and fit.candidate.sharing == fits[0].candidate.sharing
        and _asks(spec, fit.pool, fit.candidate.kind, size) == asks
    ]
    return Chosen(pools=tuple(alike), tensor_parallel=size, asks=asks)


def room(spec: "RegionSpec") -> int | None:
    """How many servers the chosen pools hold when they are as large as they may be. None: on CPUs, or where nobody
    knows what a node of a pool gives out."""
    found = chosen(spec)
    if found is None:
        return None
    size, known, total = found.tensor_parallel, dict(kinds(spec)), 0
    for name in found.pools:
        kind, pool = known[name], spec.gpu_pools[name]
        each = slices.servers(pool.sharing, kind, cards=size, need=bytes_needed(spec, size)) if kind else None
        if each is None:
            return None
        total += each * pool.max_size
    return total


def kinds(spec: "RegionSpec") -> Iterator[tuple[str, InstanceType | None]]:
    """The machine type of each pool, the file's own facts before the table's; None where neither knows it."""
    for name, pool in spec.gpu_pools.items():
        kind = getattr(pool, "instance_type", name)
        if pool.facts:
            yield name, accelerators.from_facts(spec.provider, kind, pool.facts)
        else:
            yield name, accelerators.find(spec.provider, kind)


def candidates(spec: "RegionSpec") -> Iterator[Candidate]:
    """Pools that run vLLM as the file asks, and are kept for nobody else, as taints of the file's own do."""
    region = getattr(spec, "region", "")
    for name, kind in kinds(spec):
        if kind is not None and _unfit(spec, name, kind) is None:
            pool: GpuPool | PrivateNodes = spec.gpu_pools[name]
            spot = getattr(pool, "spot", None) is not None
            price = accelerators.usd_per_hour(kind, region, spot=spot) or accelerators.usd_per_hour(kind, region)
            yield Candidate(pool=name, kind=kind, sharing=pool.sharing, usd_per_hour=price)


def refusals(spec: "RegionSpec") -> dict[str, str]:
    """Of each pool that no server can go to unless the file names it, why not."""
    asked, able = need(spec), {candidate.pool: candidate for candidate in candidates(spec)}
    found = (
        (name, lack(asked, able[name]) if name in able else _unfit(spec, name, kind)) for name, kind in kinds(spec)
    )
    return {name: reason for name, reason in found if reason}


def need(spec: "RegionSpec") -> Need:
    asked = spec.serving.gpu
    split = asked is not None and "tensor_parallel_size" in asked.model_fields_set
    return Need(
        model=model_facts(spec) or _SMALL,
        tokens=spec.model.max_model_len,
        sequences=spec.serving.max_num_seqs,
        tensor_parallel=asked.tensor_parallel_size if asked and split else None,
        nvlink=asked is not None and asked.interconnect == "nvlink",
    )


def model_facts(spec: "RegionSpec") -> ModelFacts | None:
    """As the server will load it; the file's own facts before the table's. None for a model that neither knows."""
    if spec.model.source.type in ("tiny", "tinyphone"):
        return _SMALL
    facts, asked = spec.model.facts, spec.serving.gpu
    found = models.find(spec.model.name)
    if facts is not None:
        found = ModelFacts(
            weights_bytes=quantities.whole(facts.weights),
            kv_bytes_per_token=facts.kv_bytes_per_token,
            kv_heads=facts.kv_heads,
            source="the region file's facts",
        )
    packs = asked is not None and asked.vllm.weight_quantization in ("fp8_per_tensor", "fp8_per_block")
    return models.packed(found) if found and packs else found


def bytes_needed(spec: "RegionSpec", tensor_parallel: int) -> int:
    """On each of a server's cards; 0 for a model that is not known."""
    facts = model_facts(spec)
    return models.memory_needed(facts, spec.model.max_model_len, tensor_parallel) if facts else 0


def _unfit(spec: "RegionSpec", name: str, kind: InstanceType | None) -> str | None:
    """Why a pool is no candidate, whatever the model."""
    if kind is None:
        return "its machine type is not known"
    if spec.gpu_pools[name].taints:
        return "its taints keep it for others"
    if not accelerators.runs_vllm(kind):
        return f"vLLM's packages do not run on {kind.accelerator}"
    unmet = precision.unmet(spec.serving.gpu.vllm, kind.capability) if spec.serving.gpu else []
    return f"{kind.accelerator} can't compute {unmet[0].key} {unmet[0].value}" if unmet else None


def _asks(spec: "RegionSpec", pool: str, kind: InstanceType, size: int) -> dict[str, int]:
    return slices.asks(spec.gpu_pools[pool].sharing, kind, cards=size, need=bytes_needed(spec, size))
