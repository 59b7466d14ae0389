"""Where a model belongs: the pools that can hold a server of it, the cheapest token first. Pure.

A server's cards are on one node and in one NVLink island; large models get whole cards, small ones a slice.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from components import accelerators, models, slices
from components.instance_type import InstanceType
from components.models import ModelFacts

if TYPE_CHECKING:
    from stacks.cloud import Sharing

_SIZES = (1, 2, 4, 8, 16)
_GB, _GIB = 10**9, 1024**3


@dataclass(frozen=True, kw_only=True)
class Need:
    """What a server needs. `sequences`: how many conversations of `tokens` it answers at a time, at most.
    `tensor_parallel`: over so many cards; None leaves the choice, and fewer are better. `nvlink`: only over NVLink,
    where it is over several."""

    model: ModelFacts
    tokens: int
    sequences: int
    tensor_parallel: int | None = None
    nvlink: bool = False


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A pool. `usd_per_hour`: of a node; None where no price is known."""

    pool: str
    kind: InstanceType
    sharing: "Sharing"
    usd_per_hour: float | None = None


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A pool that can hold the server, over so many cards. `usd_per_million`: tokens, estimated; None without a price
    or for a card whose bandwidth is not known."""

    candidate: Candidate
    tensor_parallel: int
    cards: float  # how much of one, or how many
    tokens_per_second: float
    usd_per_million: float | None

    @property
    def pool(self) -> str:
        return self.candidate.pool


def ranked(need: Need, candidates: Iterable[Candidate]) -> list[Fit]:
    """The cheapest token first, of equals the smallest part of a card; then, of those without a price, the fastest.
    Empty when the model fits nowhere."""
    fits = [fit for candidate in candidates if (fit := _fit(need, candidate))]
    return sorted(fits, key=_rank)


def lack(need: Need, candidate: Candidate) -> str | None:
    """Why the pool can't hold a server, in words; None where it can."""
    if _size(need, candidate) is not None:
        return None
    kind = candidate.kind
    able = [size for size in _sizes(need) if _splits(need, candidate, size)]
    if not able:
        return f"a server of {need.tensor_parallel} cards can't be on {kind.name}"
    most = able[-1]
    has, needs = _usable(need, candidate) / _GIB, models.memory_needed(need.model, need.tokens, most) / _GIB
    over = f"over {most} cards, {needs:.1f}" if most > 1 else f"{needs:.1f}"
    alone = ", as NVLink does not join its cards" if need.nvlink and kind.gpus > 1 and most == 1 else ""
    return f"a server gets {has:.1f} GiB of each {kind.accelerator}, and needs {over}{alone}"


def islands_hold(kind: InstanceType, tensor_parallel: int) -> bool:
    """Whether servers fill the node's islands evenly: else two parts of a model would meet over the host's bus."""
    return tensor_parallel == 1 or kind.island % tensor_parallel == 0


def tokens_per_second(need: Need, candidate: Candidate, tensor_parallel: int) -> float:
    """Of one server, by the memory's bandwidth alone: each step reads the weights and every conversation's cache once.

    An upper bound of decoding, of use to compare cards; 0 for a card whose bandwidth is not known.
    """
    part = _usable(need, candidate)
    share = part / accelerators.usable_bytes(candidate.kind)
    conversation = need.model.kv_bytes_per_token * need.tokens
    room = part * tensor_parallel - need.model.weights_bytes
    at_once = max(1, min(need.sequences, int(room // conversation)))
    read = need.model.weights_bytes + at_once * conversation / 2  # conversations are half-way through, on average
    return at_once * candidate.kind.bandwidth * _GB * share * tensor_parallel / read


def _fit(need: Need, candidate: Candidate) -> Fit | None:
    size = _size(need, candidate)
    if size is None:
        return None
    speed = tokens_per_second(need, candidate, size)
    needed = models.memory_needed(need.model, need.tokens, size)
    servers = slices.servers(candidate.sharing, candidate.kind, cards=size, need=needed)
    price = None
    if candidate.usd_per_hour is not None and speed and servers:
        price = accelerators.usd_per_million_tokens(candidate.usd_per_hour, speed * servers)
    part = _usable(need, candidate) / accelerators.usable_bytes(candidate.kind)
    return Fit(
        candidate=candidate,
        tensor_parallel=size,
        cards=size * part,
        tokens_per_second=speed,
        usd_per_million=price,
    )


def _size(need: Need, candidate: Candidate) -> int | None:
    """Over how many cards of the pool a server is split; None where it can't be there."""
    usable = _usable(need, candidate)
    for size in _sizes(need):
        if _splits(need, candidate, size) and models.memory_needed(need.model, need.tokens, size) <= usable:
            return size
    return None


def _sizes(need: Need) -> tuple[int, ...]:
    return _SIZES if need.tensor_parallel is None else (need.tensor_parallel,)


def _splits(need: Need, candidate: Candidate, size: int) -> bool:
    """Whether a server can be over so many cards of a node, as far as their number and their links go."""
    kind = candidate.kind
    if size == 1:
        return True
    if candidate.sharing.type != "none" or size > kind.gpus or not islands_hold(kind, size):
        return False
    return kind.interconnect == "nvlink" or not need.nvlink


def _usable(need: Need, candidate: Candidate) -> int:
    """Bytes that a server gets of each of its cards."""
    kind, sharing = candidate.kind, candidate.sharing
    if sharing.type in ("cgpu", "qgpu"):
        needed = models.memory_needed(need.model, need.tokens)
        part = min(kind.gpu_memory_gib, slices.part_gib(sharing, kind, needed))
        return accelerators.usable_bytes(kind, part_gib=part)
    profile, replicas = getattr(sharing, "profile", None), getattr(sharing, "replicas", 1)
    return accelerators.usable_bytes(kind, mig=profile, replicas=replicas)


def _rank(fit: Fit) -> tuple[bool, float, float, float, str]:
    if fit.usd_per_million is None:
        return True, 0, 0, -fit.tokens_per_second, fit.pool
    return False, round(fit.usd_per_million, 3), fit.cards, -fit.tokens_per_second, fit.pool
