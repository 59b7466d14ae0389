"""Which server a conversation goes to: the one that has its prefix in the cache, unless that is far busier than others.

By least requests, any server; with affinity, by a consistent hash of the session, so that each turn meets the keys and
values of the turns before it. The load is bounded: a server with more than BOUND percent of the average number of open
requests is passed over for the next one on the ring, so a loved session can't drown its server.
"""

from enum import StrEnum
from typing import Any

Json = dict[str, Any]

SESSION = "x-session-id"
"""A header by which a client says that requests belong together. Without it, those of one client do."""
BOUND = 125


class Affinity(StrEnum):
    NONE = "none"
    SESSION = "session"


def balancing(affinity: Affinity) -> Json:
    """Fields of an upstream cluster."""
    if affinity is Affinity.NONE:
        return {"lb_policy": "LEAST_REQUEST"}
    return {
        "lb_policy": "RING_HASH",
        "common_lb_config": {"consistent_hashing_lb_config": {"hash_balance_factor": BOUND}},
    }


def hash_policy(affinity: Affinity, client_header: str) -> Json:
    """Fields of a route's action: the session, else the client."""
    if affinity is Affinity.NONE:
        return {}
    return {
        "hash_policy": [
            {"header": {"header_name": SESSION}, "terminal": True},
            {"header": {"header_name": client_header}},
        ]
    }
