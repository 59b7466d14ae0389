"""Which server a request goes to, where no conversation is to stay on one.

By least requests, each gateway goes by what it has open itself. By load reports, all go by what the servers say of
themselves in their answers (serving/autoglm_serving/api/load.py): the better choice where many gateways share a server,
each of which has next to nothing open there. Between two answers of a server nothing is known, and one that has said
nothing for long counts as the others do.
"""

from enum import StrEnum
from typing import Any

Json = dict[str, Any]

_NAME = "client_side_weighted_round_robin"
_POLICY = f"type.googleapis.com/envoy.extensions.load_balancing_policies.{_NAME}.v3.ClientSideWeightedRoundRobin"
_ASK, _TOLD = "endpoint-load-metrics-format", "endpoint-load-metrics"
_BLACKOUT = "10s"
"""A new server's first answers say little of its rate."""


class Balancing(StrEnum):
    LEAST_REQUESTS = "leastRequests"
    LOAD_REPORTS = "loadReports"


def cluster(balancing: Balancing) -> Json:
    """Fields of an upstream cluster."""
    if balancing is Balancing.LEAST_REQUESTS:
        return {"lb_policy": "LEAST_REQUEST"}
    settings = {"@type": _POLICY, "blackout_period": _BLACKOUT, "weight_update_period": "1s"}
    policy = {"name": f"envoy.load_balancing_policies.{_NAME}", "typed_config": settings}
    return {"load_balancing_policy": {"policies": [{"typed_extension_config": policy}]}}


def virtual_host(balancing: Balancing) -> Json:
    """Fields of the clients' virtual host: servers are asked for reports, which clients don't get."""
    if balancing is Balancing.LEAST_REQUESTS:
        return {}
    asked = {"header": {"key": _ASK, "value": "TEXT"}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
    return {"request_headers_to_add": [asked], "response_headers_to_remove": [_TOLD]}
