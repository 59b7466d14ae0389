"""From a live object to what programs and the state see, and back to inputs."""

import copy
from collections.abc import Mapping
from typing import Any, Final

from tools.marks import UNKNOWN
from tools.providers.kubernetes import naming
from tools.providers.kubernetes.inputs import secret_paths
from tools.providers.values import Json, Path, Properties, get

INITIAL_API_VERSION: Final = "__initialApiVersion"
FIELD_MANAGER: Final = "__fieldManager"
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"

_SERVER_METADATA: Final = ("creationTimestamp", "generation", "resourceVersion", "uid")
# Fields the server fills with values that a dry run only makes up, per kind.
_SERVER_FIELDS: Final[Mapping[str, tuple[Path, ...]]] = {
    "Service": (("spec", "clusterIP"), ("spec", "clusterIPs"), ("spec", "healthCheckNodePort")),
    "Pod": (("spec", "nodeName"), ("spec", "hostname")),
    "PersistentVolumeClaim": (("spec", "volumeName"),),
    "Job": (("spec", "selector"), ("spec", "template", "metadata", "labels")),
}
_NODE_PORT_TYPES: Final = ("NodePort", "LoadBalancer")
_NOT_INPUTS: Final = (*_SERVER_METADATA, "managedFields", "selfLink", "ownerReferences", "deletionTimestamp")


def from_live(live: Mapping[str, Any], inputs: Properties, *, manager: str, initial_version: str) -> Properties:
    """The outputs of an object that exists."""
    data = copy.deepcopy(dict(live))
    data.get("metadata", {}).pop("managedFields", None)
    data[INITIAL_API_VERSION] = initial_version
    data[FIELD_MANAGER] = manager
    return _with_secrets(data, inputs)


def planned(inputs: Properties, dry_run: Mapping[str, Any] | None, *, creating: bool, manager: str) -> Properties:
    """The outputs that a preview can promise: the inputs and the server's defaults; the rest unknown."""
    data: dict[str, Any] = copy.deepcopy(dict(dry_run) if dry_run else inputs.data)
    kind = str(data.get("kind"))
    metadata = data.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("managedFields", None)
        for name in _SERVER_METADATA if creating else ("generation", "resourceVersion"):
            metadata[name] = UNKNOWN
        if "name" not in metadata or (get(inputs.data, ("metadata", "generateName")) and creating):
            metadata["name"] = UNKNOWN
    if creating:
        data["status"] = UNKNOWN
        for path in _SERVER_FIELDS.get(kind, ()):
            _set_unknown(data, inputs.data, path)
        if kind == "Service" and get(data, ("spec", "type")) in _NODE_PORT_TYPES:
            for index, _ in enumerate(get(data, ("spec", "ports"), ())):
                _set_unknown(data, inputs.data, ("spec", "ports", index, "nodePort"))
    data[INITIAL_API_VERSION] = data.get("apiVersion")
    data[FIELD_MANAGER] = manager
    return _with_secrets(data, inputs)


def _set_unknown(data: Json, inputs: Mapping[str, Any], path: Path) -> None:
    if get(inputs, path) is not None:
        return
    parent = get(data, path[:-1])
    if isinstance(parent, dict):
        parent[path[-1]] = UNKNOWN


def _with_secrets(data: dict[str, Any], inputs: Properties) -> Properties:
    secrets = {_place(data, inputs.data, path) for path in inputs.secrets}
    secrets |= secret_paths(Properties(data=data))
    if secrets and get(data, ("metadata", "annotations", _LAST_APPLIED)):
        secrets.add(("metadata", "annotations", _LAST_APPLIED))
    return Properties(data=data, secrets=frozenset(secrets))


def _place(data: Json, inputs: Json, path: Path) -> Path:
    """Where a secret of the inputs lies in the outputs: a list that others changed is secret as a whole."""
    for depth, step in enumerate(path):
        if isinstance(step, int) and not _is_aligned(data, inputs):
            return path[:depth]
        data, inputs = get(data, (step,)), get(inputs, (step,))
    return path


def _is_aligned(live: Json, inputs: Json) -> bool:
    """Whether two lists have the same items at the same places, as far as names tell."""
    if not (isinstance(live, list) and isinstance(inputs, list) and len(live) == len(inputs)):
        return False
    return all(get(one, ("name",)) == get(other, ("name",)) for one, other in zip(live, inputs, strict=True))


def live_inputs(live: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """The old inputs with the values that the cluster holds now, so that a refresh shows drift.

    Fields that the program does not set stay out: a default, or another manager's field, is no drift.
    """
    merged: dict[str, Any] = _overlay(live, old)
    return merged


def _overlay(live: Json, old: Json) -> Json:
    if isinstance(old, Mapping) and isinstance(live, Mapping):
        return {name: _overlay(live[name], item) for name, item in old.items() if name in live}
    if isinstance(old, list) and isinstance(live, list):
        return _overlay_list(live, old)
    return live


def _overlay_list(live: list[Any], old: list[Any]) -> list[Any]:
    key = next(
        (key for key in ("name", "type", "key", "ip", "topologyKey") if _keyed(old, key) and _keyed(live, key)), None
    )
    if key is None:
        return [_overlay(item, old[index]) if index < len(old) else item for index, item in enumerate(live)]
    by_key = {item[key]: item for item in live}
    return [_overlay(by_key[item[key]], item) for item in old if item[key] in by_key]


def _keyed(items: list[Any], key: str) -> bool:
    keys = [item.get(key) if isinstance(item, Mapping) else None for item in items]
    return None not in keys and len({str(item) for item in keys}) == len(keys)


def imported_inputs(live: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of an object that comes from elsewhere: all but what the server writes."""
    inputs = {name: copy.deepcopy(value) for name, value in live.items() if name != "status"}
    inputs["metadata"] = {name: value for name, value in inputs.get("metadata", {}).items() if name not in _NOT_INPUTS}
    return inputs


def manager_of(old: Mapping[str, Any], inputs: Mapping[str, Any], urn: str) -> str:
    """The field manager: the user's own, the one in the state, or the one made from the URN."""
    chosen = get(inputs, ("metadata", "annotations", "pulumi.com/patchFieldManager"))
    return str(chosen or old.get(FIELD_MANAGER) or naming.field_manager(urn))
