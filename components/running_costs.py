"""What a region costs an hour while it runs: the rest at its smallest size, and each model server. Pure."""

from typing import TYPE_CHECKING

from components import accelerators, cost, serving_pools, slices
from components.platform.monitoring.watched import Costs

if TYPE_CHECKING:
    from stacks.schema import RegionSpec


def find(spec: "RegionSpec", budget: float | None) -> Costs | None:
    """None where no price of a server is known. What is no server is counted at the region's smallest size."""
    chosen, kinds = serving_pools.chosen(spec), dict(serving_pools.kinds(spec))
    kind = kinds.get(chosen.pools[0]) if chosen else None
    price = accelerators.usd_per_hour(kind, getattr(spec, "region", "")) if kind else None
    if chosen is None or kind is None or price is None:
        return None
    size = chosen.tensor_parallel
    need = serving_pools.bytes_needed(spec, size)
    fit = slices.servers(spec.gpu_pools[chosen.pools[0]].sharing, kind, cards=size, need=need)
    if not fit:
        return None
    rest = [line for line in cost.estimate("", spec).lines if line.layer != "gpu" and line.usd_per_hour]
    base = sum(line.min_count * (line.usd_per_hour or 0) for line in rest)
    return Costs(base=round(base, 4), server=round(price / fit, 4), budget=budget)
