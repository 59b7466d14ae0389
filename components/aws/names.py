"""Names within AWS's lengths. Pure."""

import hashlib

_RANDOM = 8  # `-` and what Pulumi adds to a name, so that a resource can be replaced by another of its kind
_DIGEST = 8


def bounded(name: str, limit: int) -> str | None:
    """None where Pulumi's own name of the resource fits; else one that does, the same each time."""
    if len(name) + _RANDOM <= limit:
        return None
    return f"{start(name, limit - _DIGEST - 1)}-{hashlib.sha256(name.encode()).hexdigest()[:_DIGEST]}"


def start(name: str, limit: int) -> str:
    return name[:limit].rstrip("-.")
