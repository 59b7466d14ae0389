"""Names within the clouds' limits. Pure."""

import hashlib

BUCKET = 63  # OSS: 3 to 63 lower-case letters, digits and hyphens; unique among all accounts
LOG_PROJECT = 63  # SLS: the same, unique in its region
CLUSTER = 63  # ACK: clusters and node pools
ACCESS_GROUP = 64  # NAS
ROLE = 64  # RAM: unique in the account
POLICY = 128


def fitted(name: str, limit: int) -> str:
    """The name itself, or its start and a digest of it all: names that differ stay different."""
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: limit - 9].rstrip('-.')}-{digest}"
