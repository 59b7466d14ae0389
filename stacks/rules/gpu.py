"""The model and its cards: split evenly, inside their memory, enough of them for all servers."""

from collections.abc import Iterator

from components import accelerators, models, serving_pools
from components.instance_type import InstanceType
from components.models import ModelFacts
from components.platform import placement
from stacks.cloud import Cgpu, CloudParts, Mig, Qgpu, Sharing, TimeSlicing
from stacks.problems import Path, Problem, nearest
from stacks.rules.parts import Pool, asked
from stacks.rules.sharing import slots
from stacks.schema import Gpu, RegionSpec

_PATH: Path = ("serving", "gpu")
_GIB = 1024**3
_SIZES = (1, 2, 4, 8, 16)


def pool_exists(region: RegionSpec) -> Iterator[Problem]:
    gpu = region.serving.gpu
    if gpu and gpu.pool is not None and gpu.pool not in region.gpu_pools:
        known = ", ".join(region.gpu_pools)
        hint = nearest(gpu.pool, region.gpu_pools) or (f": name one of {known}" if known else ": add it to gpuPools")
        yield Problem(path=(*_PATH, "pool"), value=gpu.pool, reason=f"the file has no such pool{hint}")


def model_splits_over_its_cards(region: RegionSpec) -> Iterator[Problem]:
    """A server's cards are on one node, and each is whole."""
    for gpu, pool in asked(region):
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
        elif not placement.islands_hold(pool.kind, size):
            fits = " or ".join(str(able) for able in range(1, size) if placement.islands_hold(pool.kind, able))
            reason = (
                f"NVLink joins {pool.kind.island} cards of {name}, the rest of a server would be beyond it: use {fits}"
            )
        elif pool.sharing.type != "none":
            reason = f"the pool's cards are shared ({pool.sharing.type}), a split model needs whole ones: set it to 1"
        else:
            continue
        yield Problem(path=(*_PATH, "tensorParallelSize"), value=str(size), reason=reason)


def model_fits_its_cards(region: RegionSpec) -> Iterator[Problem]:
    """Weights and the cache of one longest conversation in what a server gets of a card's memory."""
    for gpu, pool in asked(region):
        if pool.kind is None or region.model.source.type in ("tiny", "tinyphone"):
            continue
        model = serving_pools.model_facts(region)
        if model is None:
            known = ", ".join(models.names())
            reason = f"its memory is not known, so nobody can say whether it fits {pool.kind.accelerator}: use one of "
            yield Problem(
                path=("model", "name"), value=region.model.name, reason=f"{reason}{known}, or declare model.facts"
            )
        elif problem := _too_large(region, model, gpu, pool):
            yield problem


def some_pool_holds_the_model(region: RegionSpec) -> Iterator[Problem]:
    """Where the file names no pool."""
    gpu = region.serving.gpu
    if gpu is None or gpu.pool is not None:
        return
    if serving_pools.model_facts(region) is None:
        reason = f"its memory is not known, so no pool can be chosen: use one of {', '.join(models.names())}, "
        yield Problem(path=("model", "name"), value=region.model.name, reason=f"{reason}or declare model.facts")
        return
    found = serving_pools.chosen(region)
    if found is None:
        why = "; ".join(f"{name}: {text}" for name, text in serving_pools.refusals(region).items()) or "there is none"
        reason = f"no pool can hold the model ({why}): add a larger one, or lower model.maxModelLen"
        yield Problem(path=(*_PATH, "pool"), reason=reason)
        return
    room = serving_pools.room(region)
    if room is not None and room < region.serving.most:
        reason = f"the pools {', '.join(found.pools)} hold at most {room} servers: lower it, or raise their sizes"
        yield Problem(path=_most(region), value=str(region.serving.most), reason=reason)


def pool_holds_all_servers(region: RegionSpec) -> Iterator[Problem]:
    for gpu, pool in asked(region):
        need = serving_pools.bytes_needed(region, gpu.tensor_parallel_size)
        each, wanted = slots(pool, gpu.tensor_parallel_size, need), region.serving.most
        if each and each * pool.max_size < wanted:
            fix = f"lower it, or raise the pool to {-(-wanted // each)} nodes"
            reason = f"the pool {pool.name} holds at most {each * pool.max_size} servers ({each} a node): {fix}"
            yield Problem(path=_most(region), value=str(wanted), reason=reason)


def an_update_keeps_a_server(region: RegionSpec) -> Iterator[Problem]:
    """Where there is no room for one more, an update ends an old server before its successor starts."""
    room = serving_pools.room(region)
    if region.environment == "production" and region.serving.replicas == 1 == room:
        reason = (
            "its pool holds no second server, so an update would leave the region without one until the new one has "
            "loaded: let the pool have room for two"
        )
        yield Problem(path=("serving", "replicas"), value="1", reason=reason)


def _most(region: RegionSpec) -> Path:
    """The field that says how many servers there may be."""
    return ("serving", "autoscaling", "maxReplicas") if region.serving.autoscaling else ("serving", "replicas")


def _too_large(region: RegionSpec, model: ModelFacts, gpu: Gpu, pool: Pool) -> Problem | None:
    kind, length, sharing = pool.kind, region.model.max_model_len, pool.sharing
    assert kind  # noqa: S101  the caller's check
    mig = sharing.profile if isinstance(sharing, Mig) else None
    replicas = sharing.replicas if isinstance(sharing, TimeSlicing) else 1
    given = sharing.memory_gib if isinstance(sharing, (Cgpu, Qgpu)) else None

    def missing(cards: int) -> int:
        return accelerators.shortfall(
            kind, model, max_model_len=length, tensor_parallel=cards, mig=mig, replicas=replicas, part_gib=given
        )

    size = gpu.tensor_parallel_size
    if size > kind.gpus or not _can_share(kind, sharing) or not missing(size):
        return None
    has = accelerators.usable_bytes(kind, mig=mig, replicas=replicas, part_gib=given)
    part = f"a slice {mig} of {kind.accelerator}" if mig else f"each {kind.accelerator}"
    part += f", shared by {replicas}," if replicas > 1 else ""
    part = f"a part of {given} GiB of {kind.accelerator}" if given else part
    even = [able for able in _SIZES if size < able <= kind.gpus and placement.islands_hold(kind, able)]
    more = [able for able in even if not missing(able)]
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
