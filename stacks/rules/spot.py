"""Servers on machines that the cloud may take back."""

from collections.abc import Iterator

from components import serving_pools
from stacks.cloud import CloudParts
from stacks.problems import Problem
from stacks.schema import RegionSpec

_SETTLE = 20  # seconds until the node is being drained, and the gateway sends its servers nothing new


def streams_end_within_the_notice(region: RegionSpec) -> Iterator[Problem]:
    chosen = serving_pools.chosen(region)
    if region.environment != "production" or chosen is None or not isinstance(region, CloudParts):
        return
    on_spot = [name for name in chosen.pools if region.gpu_pools[name].spot]
    notice = region.spot_notice_seconds
    asked, most = region.gateway.max_stream_seconds, notice - _SETTLE
    if on_spot and asked > most:
        reason = (
            f"the pool {on_spot[0]} is spot, and {notice} s after the cloud's notice its machine is gone, with what "
            f"still streams: set it to {most} or less, or have the servers on a pool without spot"
        )
        yield Problem(path=("gateway", "maxStreamSeconds"), value=str(asked), reason=reason)
