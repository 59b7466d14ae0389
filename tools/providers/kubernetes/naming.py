"""Names: auto-naming, resource ids, and what a URN says of a kind."""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, Final

from tools.marks import UNKNOWN
from tools.providers.values import Json, get

AUTONAMED: Final = "pulumi.com/autonamed"
_SUFFIX: Final = 8  # hex characters, as in the official provider


class NameRequired(ValueError):
    """The stack's configuration forbids automatic names and the program gave none."""


def type_token(urn: str) -> tuple[str, str]:
    """API version and type name of a URN: `…::kubernetes:apps/v1:Deployment::web` -> ("apps/v1", "Deployment")."""
    token = urn.split("::")[2].rpartition("$")[2]
    _, module, name = token.split(":", 2)
    group, _, version = module.rpartition("/")
    return (version if group in ("", "core") else f"{group}/{version}"), name


def is_patch(urn: str, kind: Json) -> bool:
    """Whether the resource is a Patch of an object that someone else owns."""
    return type_token(urn)[1] == f"{kind}Patch"


def is_autonamed(inputs: Mapping[str, Any]) -> bool:
    return bool(get(inputs, ("metadata", "annotations", AUTONAMED)) == "true")


def resource_id(obj: Mapping[str, Any]) -> str:
    """`namespace/name`, or `name` outside namespaces."""
    metadata = obj["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else str(metadata["name"])


def object_of_id(urn: str, identifier: str) -> dict[str, Any]:
    """The least object that names a resource of which only type and id are known (import, `get`)."""
    api_version, kind = type_token(urn)
    namespace, _, name = identifier.rpartition("/")
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def field_manager(urn: str) -> str:
    """One manager per resource. From the URN, so that a create that was cut short is known again on the next run."""
    return f"pulumi-kubernetes-{hashlib.sha256(urn.encode()).hexdigest()[:8]}"


def assign_name(
    inputs: dict[str, Any],
    old: Mapping[str, Any],
    name: str,
    *,
    seed: bytes,
    proposed: str = "",
    forbidden: bool = False,
) -> None:
    """Names an object that has no name: the name it had if that was automatic, else `<resource>-<8 hex>`.

    An unknown name, or unknown metadata, stays: it is a name, the program just does not know it yet.
    """
    metadata = inputs.setdefault("metadata", {})
    if metadata == UNKNOWN or metadata.get("name") or metadata.get("generateName"):
        return
    if forbidden:
        raise NameRequired("automatic names are disabled in this stack's configuration: give the object a name")
    kept = get(old, ("metadata", "name")) if is_autonamed(old) else None
    metadata["name"] = kept or proposed or f"{name}-{_suffix(seed)}"
    annotations = metadata.get("annotations") or {}
    if annotations != UNKNOWN:
        metadata["annotations"] = {**annotations, AUTONAMED: "true"}


def _suffix(seed: bytes) -> str:
    return hashlib.sha256(seed).hexdigest()[:_SUFFIX] if seed else secrets.token_hex(_SUFFIX // 2)
