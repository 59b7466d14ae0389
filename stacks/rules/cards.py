"""What cards are, and can: as a file's facts say, as vLLM needs, as the file asks of them."""

from collections.abc import Iterator

from components import accelerators, precision
from components.precision import Capability
from stacks.problems import Path, Problem
from stacks.rules.parts import asked, gpu_pools
from stacks.schema import RegionSpec

_PATH: Path = ("serving", "gpu")


def islands_are_of_a_node(region: RegionSpec) -> Iterator[Problem]:
    """NVLink joins cards of one node, in islands of the same size."""
    for pool in gpu_pools(region):
        facts = region.gpu_pools[pool.name].facts
        if facts is None or facts.island is None:
            continue
        if facts.interconnect != "nvlink":
            reason = (
                f"islands are NVLink's, and interconnect is {facts.interconnect}: leave it out, or say nvlink there"
            )
        elif facts.gpus % facts.island:
            even = ", ".join(str(able) for able in range(1, facts.gpus + 1) if facts.gpus % able == 0)
            reason = f"a node's {facts.gpus} cards are no whole number of such islands: use one of {even}"
        else:
            continue
        yield Problem(path=(*pool.path, "facts", "island"), value=str(facts.island), reason=reason)


def links_are_as_asked(region: RegionSpec) -> Iterator[Problem]:
    for gpu, pool in asked(region):
        if gpu.interconnect == "any" or gpu.tensor_parallel_size == 1 or pool.kind is None:
            continue
        if pool.kind.interconnect != gpu.interconnect:
            reason = f"the cards of {pool.kind.name} have {_link(pool.kind.interconnect)}: use another pool, or any"
            yield Problem(path=(*_PATH, "interconnect"), value=gpu.interconnect, reason=reason)


def cards_run_vllm(region: RegionSpec) -> Iterator[Problem]:
    for _, pool in asked(region):
        if pool.kind is None or pool.kind.capability is None or accelerators.runs_vllm(pool.kind):
            continue
        has, least = _version(pool.kind.capability), _version(accelerators.OLDEST)
        reason = f"{pool.kind.accelerator} has compute capability {has}, and vLLM's packages need {least}"
        yield Problem(path=(*_PATH, "pool"), value=pool.name, reason=f"{reason}: use a pool of newer cards")


def numbers_are_the_card_s(region: RegionSpec) -> Iterator[Problem]:
    for gpu, pool in asked(region):
        if pool.kind is None or pool.kind.capability is None:
            continue
        for found in precision.unmet(gpu.vllm, pool.kind.capability):
            has, least = _version(pool.kind.capability), _version(found.needs)
            reason = f"{pool.kind.accelerator} has compute capability {has}, and it needs {least}: use {found.instead}"
            yield Problem(path=(*_PATH, "vllm", found.key), value=found.value, reason=reason)


def _link(interconnect: str) -> str:
    return "no link" if interconnect == "none" else interconnect


def _version(capability: Capability) -> str:
    return ".".join(map(str, capability))
