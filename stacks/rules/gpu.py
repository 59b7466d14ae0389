"""The model and its cards: split evenly, inside their memory, enough of them for all servers."""

from collections.abc import Iterator

from components import accelerators, models, quantities
from components.instance_type import InstanceType
from components.models import ModelFacts
from stacks.cloud import CloudParts, Mig, Sharing, TimeSlicing
from stacks.problems import Path, Problem, nearest
from stacks.rules.parts import Pool, gpu_pools
from stacks.rules.sharing import slots
from stacks.schema import Gpu, RegionSpec

_PATH: Path = ("serving", "gpu")
_GIB = 1024**3
_SIZES = (1, 2, 4, 8, 16)


def pool_exists(region: RegionSpec) -> Iterator[Problem]:
    gpu = region.serving.gpu
    if gpu and gpu.pool not in region.gpu_pools:
        known = ", ".join(region.gpu_pools)
        hint = nearest(gpu.pool, region.gpu_pools) or (f": name one of {known}" if known else ": add it to gpuPools")
        yield Problem(path=(*_PATH, "pool"), value=gpu.pool, reason=f"the file has no such pool{hint}")


def model_splits_over_its_cards(region: RegionSpec) -> Iterator[Problem]:
    """A server's cards are on one node, and each is whole."""
    for gpu, pool in _asked(region):
        size = gpu.tensor_parallel_size
        if pool.kind is None or size == 1:
            continue
        cards, name = pool.kind.gpus, pool.kind.name
        if size > cards:
            have = f"{cards} GPU{'s' if cards > 1 else ''}"
            reason = f"{name} has {have}, and a server's are on one node: set it to {cards}, or use a larger type"
        elif cards % size:
            even = ", ".join(str(able) for able in range(1, cards + 1) if cards % able == 0)
            reason = f"{cards % size} of the {cards} GPUs of {name} would stand idle: use one of {even}"
        elif pool.sharing.type != "none":
            reason = f"the pool's cards are shared ({pool.sharing.type}), a split model needs whole ones: set it to 1"
        else:
            continue
        yield Problem(path=(*_PATH, "tensorParallelSize"), value=str(size), reason=reason)


def model_fits_its_cards(region: RegionSpec) -> Iterator[Problem]:
    """Weights and the cache of one longest conversation in what a server gets of a card's memory."""
    for gpu, pool in _asked(region):
        if pool.kind is None or region.model.source.type in ("tiny", "tinyphone"):
            continue
        model = _facts(region)
        if model is None:
            known = ", ".join(models.names())
            reason = f"its memory is not known, so nobody can say whether it fits {pool.kind.accelerator}: use one of "
            yield Problem(
                path=("model", "name"), value=region.model.name, reason=f"{reason}{known}, or declare model.facts"
            )
        elif problem := _too_large(region, _as_loaded(model, gpu), gpu, pool):
            yield problem


def pool_holds_all_servers(region: RegionSpec) -> Iterator[Problem]:
    for gpu, pool in _asked(region):
        each, wanted = slots(pool, gpu.tensor_parallel_size), region.serving.replicas
        if each and each * pool.max_size < wanted:
            fix = f"lower it, or raise the pool to {-(-wanted // each)} nodes"
            reason = f"the pool {pool.name} holds at most {each * pool.max_size} servers ({each} a node): {fix}"
            yield Problem(path=("serving", "replicas"), value=str(wanted), reason=reason)


def _asked(region: RegionSpec) -> Iterator[tuple[Gpu, Pool]]:
    gpu = region.serving.gpu
    if gpu:
        yield from ((gpu, pool) for pool in gpu_pools(region) if pool.name == gpu.pool)


def _facts(region: RegionSpec) -> ModelFacts | None:
    """The file's own before the table's."""
    facts = region.model.facts
    if facts is None:
        return models.find(region.model.name)
    return ModelFacts(
        weights_bytes=quantities.whole(facts.weights),
        kv_bytes_per_token=facts.kv_bytes_per_token,
        kv_heads=facts.kv_heads,
        source="the region file's facts",
    )


def _as_loaded(model: ModelFacts, gpu: Gpu) -> ModelFacts:
    return models.packed(model) if gpu.vllm.weight_quantization in ("fp8_per_tensor", "fp8_per_block") else model


def _too_large(region: RegionSpec, model: ModelFacts, gpu: Gpu, pool: Pool) -> Problem | None:
    kind, length, sharing = pool.kind, region.model.max_model_len, pool.sharing
    assert kind  # noqa: S101  the caller's check
    mig = sharing.profile if isinstance(sharing, Mig) else None
    replicas = sharing.replicas if isinstance(sharing, TimeSlicing) else 1

    def missing(cards: int) -> int:
        return accelerators.shortfall(
            kind, model, max_model_len=length, tensor_parallel=cards, mig=mig, replicas=replicas
        )

    size = gpu.tensor_parallel_size
    if size > kind.gpus or not _can_share(kind, sharing) or not missing(size):
        return None
    has = accelerators.usable_bytes(kind, mig=mig, replicas=replicas)
    part = f"a slice {mig} of {kind.accelerator}" if mig else f"each {kind.accelerator}"
    part += f", shared by {replicas}," if replicas > 1 else ""
    more = [able for able in _SIZES if size < able <= kind.gpus and kind.gpus % able == 0 and not missing(able)]
    fix = f"set tensorParallelSize to {more[0]}" if more and sharing.type == "none" else _larger(region, model, size)
    needs = f"{region.model.name} needs {_gib(has + missing(size))} there for {length} tokens"
    reason = f"{part} has {_gib(has)} for the model, but {needs}: {fix}, or lower model.maxModelLen"
    return Problem(path=(*_PATH, "pool"), value=pool.name, reason=reason)


def _can_share(kind: InstanceType, sharing: Sharing) -> bool:
    """What the card can't has been told; how much memory a part of it would have says nothing."""
    possible = sharing.type in kind.sharing | {"none"}
    return possible and not (isinstance(sharing, Mig) and kind.mig and sharing.profile not in kind.mig)


def _larger(region: RegionSpec, model: ModelFacts, cards: int) -> str:
    if not isinstance(region, CloudParts):
        return "use larger cards"
    length = region.model.max_model_len
    best = accelerators.cheapest(region.provider, region.region, model, max_model_len=length, tensor_parallel=cards)
    return f"use whole cards of {best.name}" if best else "use larger cards"


def _gib(number: int) -> str:
    return f"{number / _GIB:.1f} GiB"
