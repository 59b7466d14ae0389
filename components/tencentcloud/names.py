"""Names within Tencent Cloud's limits, and what its ids and zones say. Pure."""

import hashlib

NODE_POOL = 25  # docstring of kubernetes.NodePool.name
BUCKET = 60  # COS, with the hyphen and the APPID at its end
REGISTRY = 50  # TCR: lower-case letters, digits, hyphens; unique among all accounts
ALIAS = 60  # of a KMS key
ROLE = 64  # CAM: unique in the account


def fitted(name: str, limit: int) -> str:
    """The name itself, or its start and a digest of it all: names that differ stay different."""
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{name[: limit - 7].rstrip('-.')}-{digest}"


def region_of(zone: str) -> str:
    """ap-guangzhou of ap-guangzhou-3."""
    return zone.rpartition("-")[0]
