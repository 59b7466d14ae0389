"""Which workload may touch which part of the region's bucket: the one table that every cloud renders as policies."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Grant:
    """`prefix` ends in `/`. `write` adds putting and deleting objects to getting and listing them."""

    prefix: str
    write: bool = False


GRANTS = {
    "model-store": Grant(prefix="models/"),
    "serving": Grant(prefix="models/"),
    "etcd": Grant(prefix="snapshots/", write=True),
}


def service_account(region: str, workload: str) -> str:
    """The name that a workload's service account has in the region's namespace: identities are bound to it."""
    return f"{region}-{workload}"
