"""Which server a conversation goes to: the one that has its prefix in the cache, unless that is far busier than others.

By a consistent hash of the session, or else of how its first prompt begins, or of the client, so that each turn meets
the keys and values of the turns before it. The load is bounded: a server with more than BOUND percent of the average
number of open requests is passed over for the next one on the ring, so a loved session can't drown its server.
"""

from enum import StrEnum
from typing import Any

from components import envoy_prompt

Json = dict[str, Any]

SESSION = "x-session-id"
"""A header by which a client says that requests belong together. Without it, those of one client do."""
BOUND = 125


class Affinity(StrEnum):
    NONE = "none"
    SESSION = "session"  # else the client
    PROMPT = "prompt"  # the session, else the prompt, else the client


def balancing(affinity: Affinity) -> Json:
    """Fields of an upstream cluster; none where `envoy_balancing` chooses."""
    if affinity is Affinity.NONE:
        return {}
    return {
        "lb_policy": "RING_HASH",
        "common_lb_config": {"consistent_hashing_lb_config": {"hash_balance_factor": BOUND}},
    }


def hash_policy(affinity: Affinity, client_header: str) -> Json:
    """Fields of a route's action."""
    if affinity is Affinity.NONE:
        return {}
    prompt = [envoy_prompt.HEADER] if affinity is Affinity.PROMPT else []
    told = [{"header": {"header_name": name}, "terminal": True} for name in (SESSION, *prompt)]
    return {"hash_policy": [*told, {"header": {"header_name": client_header}}]}


def filters(affinity: Affinity) -> list[Json]:
    """Behind the filter that takes the body in."""
    return envoy_prompt.filters(SESSION) if affinity is Affinity.PROMPT else []
