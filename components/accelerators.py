"""Questions to the tables of machine types: what is it, does a model fit, what does it cost. Pure."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from components import cards, instance_types_alicloud, instance_types_aws, instance_types_tencentcloud, models
from components.instance_type import InstanceType
from components.models import ModelFacts

if TYPE_CHECKING:
    from stacks.cloud import Facts

# What a model server may take of a card's memory: vLLM's default `gpu_memory_utilization`; the rest is for the
# driver, activations and the vision tower. https://docs.vllm.ai/en/latest/configuration/engine_args/
USABLE = 0.9

# The oldest cards that vLLM's packages run on: built with CUDA 13, they have no code for those before Turing.
# https://docs.nvidia.com/cuda/archive/13.0.0/cuda-toolkit-release-notes/ (deprecated architectures)
OLDEST = (7, 5)

_GIB = 1024**3
_ANYWHERE = ""  # the region of a price that a file gives for itself
_TABLE = {
    (kind.provider, kind.name): kind
    for module in (instance_types_aws, instance_types_alicloud, instance_types_tencentcloud)
    for kind in module.TYPES
}


def find(provider: str, instance_type: str) -> InstanceType | None:
    """With cards or, for system pools, without (`gpus` 0). None: not in the table, the file has to say `facts`."""
    return _TABLE.get((provider, instance_type))


def from_facts(provider: str, name: str, facts: "Facts") -> InstanceType:
    """A type that the table does not have, from what the region file says of it: offered wherever the file is for.

    What the file can't say of the card, its name does if the table of cards has it."""
    card = cards.find(facts.accelerator)
    price = {} if facts.usd_per_hour is None else {_ANYWHERE: facts.usd_per_hour}
    return InstanceType(
        provider=provider,
        name=name,
        accelerator=facts.accelerator,
        gpus=facts.gpus,
        gpu_memory_gib=facts.gpu_memory_gib,
        vcpus=facts.vcpus,
        memory_gib=facts.memory_gib,
        source="the region file's facts",
        date="",
        interconnect=facts.interconnect,
        island=facts.island or facts.gpus,
        capability=card.capability if card else None,
        bandwidth=card.bandwidth if card else 0,
        mig=card.mig if card else {},
        sharing=frozenset({"none", "timeSlicing", "mig", "cgpu", "qgpu"}),
        spot=True,
        resource=facts.resource,
        usd_per_hour=price,
        price_source={region: "the region file's facts" for region in price},
        verified=False,
    )


def names(provider: str, region: str | None = None, *, gpus: bool = True) -> tuple[str, ...]:
    """Types with cards (`gpus`) or without, offered in `region` or anywhere; sorted."""
    return tuple(sorted(kind.name for kind in _offered(provider, region) if (kind.gpus > 0) == gpus))


def usd_per_hour(kind: InstanceType, region: str, *, spot: bool = False) -> float | None:
    """Of one node; None where no price is known. A price from a file's facts holds for its region."""
    prices = kind.spot_usd_per_hour if spot else kind.usd_per_hour
    return prices.get(region, prices.get(_ANYWHERE))


def usable_bytes(
    kind: InstanceType, *, mig: str | None = None, replicas: int = 1, part_gib: float | None = None
) -> int:
    """What a model server gets of one card, or of a MIG slice or another part of it, or of a card that `replicas` pods
    share."""
    size = float(mig.split(".")[1].removesuffix("gb")) if mig else part_gib or kind.gpu_memory_gib
    return int(size * _GIB * USABLE / replicas)


def shortfall(
    kind: InstanceType,
    model: ModelFacts,
    *,
    max_model_len: int,
    tensor_parallel: int = 1,
    mig: str | None = None,
    replicas: int = 1,
    part_gib: float | None = None,
) -> int:
    """Bytes that each card lacks to hold the model and one longest conversation; 0 when it fits."""
    need = models.memory_needed(model, max_model_len, tensor_parallel)
    return max(0, need - usable_bytes(kind, mig=mig, replicas=replicas, part_gib=part_gib))


def fits(kind: InstanceType, model: ModelFacts, *, max_model_len: int, tensor_parallel: int = 1) -> bool:
    """Whether a node has the cards, and each of them the memory."""
    missing = shortfall(kind, model, max_model_len=max_model_len, tensor_parallel=tensor_parallel)
    return kind.gpus >= tensor_parallel and missing == 0


def runs_vllm(kind: InstanceType) -> bool:
    """Whether its cards are new enough for vLLM's packages; those that the table does not know are taken to be."""
    return kind.capability is None or kind.capability >= OLDEST


def cheapest(
    provider: str,
    region: str,
    model: ModelFacts,
    *,
    max_model_len: int,
    tensor_parallel: int = 1,
    spot: bool = False,
) -> InstanceType | None:
    """The type with the lowest known price an hour whose cards hold and run the model; None when none has a price and
    fits."""
    priced = [
        (price, kind.name, kind)
        for kind in _offered(provider, region)
        if fits(kind, model, max_model_len=max_model_len, tensor_parallel=tensor_parallel)
        and runs_vllm(kind)
        and (kind.spot or not spot)
        and (price := usd_per_hour(kind, region, spot=spot)) is not None
    ]
    return min(priced)[2] if priced else None


def usd_per_million_tokens(usd_per_hour: float, tokens_per_second: float) -> float:
    """What a million tokens cost on a machine that is busy all the time. Raises ValueError without throughput."""
    if tokens_per_second <= 0:
        raise ValueError(f"tokens_per_second = {tokens_per_second}: it must be more than 0")
    return usd_per_hour / (tokens_per_second * 3600) * 1_000_000


def _offered(provider: str, region: str | None) -> Iterable[InstanceType]:
    return (
        kind for kind in _TABLE.values() if kind.provider == provider and (region is None or region in kind.regions)
    )
