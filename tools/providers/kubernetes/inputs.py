"""What Check makes of a program's inputs, and why it refuses some."""

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tools.marks import UNKNOWN
from tools.providers.values import Json, Path, Properties, format_path, get

Failure = tuple[str, str]  # property path, reason

_DNS_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_DNS_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_MAX_NAME: Final = 253  # characters, RFC 1123 subdomain
_LISTS: Final = "List"


def without_nulls(value: Json) -> Json:
    """The same data without null members: an unset argument of the SDK is not a field that the program owns."""
    if isinstance(value, Mapping):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def body(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The object to send: without nulls, status and the members that only Pulumi knows."""
    return {name: without_nulls(item) for name, item in inputs.items() if item is not None and not _is_own(name)}


def _is_own(name: str) -> bool:
    return name == "status" or name.startswith("__")


def failures(inputs: Mapping[str, Any]) -> Iterator[Failure]:
    """Mistakes that need no cluster to be seen."""
    for name in ("apiVersion", "kind"):
        if not isinstance(inputs.get(name), str):
            yield name, f"{name} is required and must be a string, not {inputs.get(name)!r}"
            return
    if inputs["kind"].endswith(_LISTS) and isinstance(inputs.get("items"), list):
        yield "kind", f"{inputs['kind']} is not supported by this stand-in: make a resource of each item"
    metadata = inputs.get("metadata")
    if metadata is not None and metadata != UNKNOWN and not isinstance(metadata, Mapping):
        yield "metadata", f"metadata must be an object, not {metadata!r}"
        return
    yield from _name_failures(metadata or {})


def _name_failures(metadata: Json) -> Iterator[Failure]:
    if metadata == UNKNOWN:
        return
    namespace = metadata.get("namespace")
    if namespace not in (None, "", UNKNOWN) and not (isinstance(namespace, str) and _DNS_LABEL.fullmatch(namespace)):
        yield "metadata.namespace", f"{namespace!r} is no namespace name: lower case letters, digits and '-' only"
    for member in ("labels", "annotations"):
        entries = metadata.get(member)
        if entries is not None and entries != UNKNOWN and not isinstance(entries, Mapping):
            yield f"metadata.{member}", f"{member} must be a map of strings, not {entries!r}"
        for name, value in entries.items() if isinstance(entries, Mapping) else ():
            if value is not None and not isinstance(value, str):
                path = format_path(("metadata", member, name))
                yield path, f"{value!r} is not a string: write it in quotes"


def name_failures(inputs: Mapping[str, Any]) -> Iterator[Failure]:
    """Names that no kind takes. RBAC and custom names with ':' are the API server's to judge."""
    name = get(inputs, ("metadata", "name"))
    group = str(inputs.get("apiVersion", ""))
    if not isinstance(name, str) or name == UNKNOWN or group.startswith("rbac.authorization.k8s.io/"):
        return
    if len(name) > _MAX_NAME or not _DNS_SUBDOMAIN.fullmatch(name):
        yield (
            "metadata.name",
            f"{name!r} is no object name: lower case letters, digits, '-' and '.', at most 253 characters",
        )


def normalize(inputs: dict[str, Any]) -> dict[str, Any]:
    """Brings inputs into the form in which the server keeps them: a Secret's `stringData` becomes `data`."""
    if inputs.get("kind") != "Secret" or inputs.get("apiVersion") != "v1" or not inputs.get("stringData"):
        return inputs
    normal = {name: value for name, value in inputs.items() if name != "stringData"}
    texts, data = inputs["stringData"], inputs.get("data") or {}
    if UNKNOWN in (texts, data):
        return normal | {"data": UNKNOWN}
    return normal | {"data": {**data, **{name: _base64(text) for name, text in texts.items() if text is not None}}}


def _base64(text: Json) -> str:
    return UNKNOWN if text == UNKNOWN else base64.b64encode(str(text).encode()).decode()


def secret_paths(properties: Properties) -> frozenset[Path]:
    """The secrets of an object: what the program marked, and all data of a Secret whatever it marked."""
    data = properties.data
    if data.get("kind") == "Secret" and data.get("apiVersion") == "v1":
        return properties.secrets | {(name,) for name in ("data", "stringData") if data.get(name)}
    return properties.secrets
