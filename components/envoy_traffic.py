"""Which share of the requests goes to the candidate: a canary's weights, read anew from a folder while Envoy runs.

The folder has a file for each of KEYS with a whole number; a request goes by its share of their sum. Files are changed
together: `..data` in it is a link that is replaced in one step, as a ConfigMap's volume does. Open streams go on where
they are. Each request says in TRACK which of the two it is meant for, so that both may be the same servers.
"""

from typing import Any

Json = dict[str, Any]

STABLE, CANDIDATE = "serving", "candidate"
"""Names of Envoy's clusters, and so the label `envoy_cluster_name` of each one's metrics."""
TRACK = "x-autoglm-track"
"""The header that tells a server that hosts two versions which one is asked for: `stable` or `candidate`."""
_PREFIX = "traffic"
KEYS = {"stable": f"{_PREFIX}.{STABLE}", "candidate": f"{_PREFIX}.{CANDIDATE}"}
"""Names of the files."""


def shares(candidate: int) -> dict[str, str]:
    """The folder's files when `candidate` percent go there."""
    if not 0 <= candidate <= 100:
        raise ValueError(f"candidate: {candidate} % is not allowed: use 0 to 100")
    return {KEYS["stable"]: str(100 - candidate), KEYS["candidate"]: str(candidate)}


def target(*, by_hash: bool) -> Json:
    """The part of a route's action that says where requests go. Until a file says more: to the stable version.

    `by_hash`: by the route's hash policy instead of at random, so that a session keeps its version.
    """
    clusters = [_weighted(STABLE, "stable", 100), _weighted(CANDIDATE, "candidate", 0)]
    steady = {"use_hash_policy": True} if by_hash else {}
    return {"weighted_clusters": {"clusters": clusters, "runtime_key_prefix": _PREFIX, **steady}}


def runtime(folder: str) -> Json:
    """Envoy's `layered_runtime` that watches `folder`."""
    return {"layers": [{"name": "traffic", "disk_layer": {"symlink_root": f"{folder}/..data"}}]}


def _weighted(cluster: str, track: str, weight: int) -> Json:
    header = {"header": {"key": TRACK, "value": track}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
    return {"name": cluster, "weight": weight, "request_headers_to_add": [header]}
