"""The provider's own arguments."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tools.marks import UNKNOWN
from tools.providers.kubernetes import kubeconfig
from tools.providers.kubernetes.kubeconfig import Connection, KubeconfigAbsent, KubeconfigError
from tools.providers.values import has_unknown

_REFUSED: Final = {
    "renderYamlToDirectory": "the stand-in applies to a cluster only; render manifests with the official plugin",
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Arguments of `kubernetes.Provider`; flags fall back on the same environment variables as the official plugin."""

    kubeconfig: str | None = None
    context: str | None = None
    cluster: str | None = None
    namespace: str | None = None
    delete_unreachable: bool = False
    skip_update_unreachable: bool = False
    upsert_existing_objects: bool = False
    patch_force: bool = False
    mutable: frozenset[str] = frozenset()

    def connection(self) -> Connection:
        """Raises KubeconfigError."""
        return kubeconfig.load(self.kubeconfig, self.context, self.cluster)


def from_arguments(arguments: Mapping[str, Any]) -> Settings:
    mutable = {
        kind
        for kind, name in (("ConfigMap", "enableConfigMapMutable"), ("Secret", "enableSecretMutable"))
        if _flag(arguments, name)
    }
    return Settings(
        kubeconfig=_text(arguments, "kubeconfig"),
        context=_text(arguments, "context"),
        cluster=_text(arguments, "cluster"),
        namespace=_text(arguments, "namespace"),
        delete_unreachable=_flag(arguments, "deleteUnreachable"),
        skip_update_unreachable=_flag(arguments, "skipUpdateUnreachable"),
        upsert_existing_objects=_flag(arguments, "upsertExistingObjects"),
        patch_force=_flag(arguments, "enablePatchForce"),
        mutable=frozenset(mutable),
    )


def _text(arguments: Mapping[str, Any], name: str) -> str | None:
    value = arguments.get(name)
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else json.dumps(value)  # a kubeconfig may come as an object


_VARIABLES: Final = {
    "deleteUnreachable": "PULUMI_K8S_DELETE_UNREACHABLE",
    "skipUpdateUnreachable": "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE",
    "upsertExistingObjects": "PULUMI_K8S_UPSERT_EXISTING_OBJECTS",
    "enablePatchForce": "PULUMI_K8S_ENABLE_PATCH_FORCE",
    "enableConfigMapMutable": "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
    "enableSecretMutable": "PULUMI_K8S_ENABLE_SECRET_MUTABLE",
}


def _flag(arguments: Mapping[str, Any], name: str) -> bool:
    value = arguments.get(name, os.environ.get(_VARIABLES[name], ""))
    return str(value).lower() in ("true", "1")


def failures(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Arguments that cannot work. A kubeconfig that is not there yet may come with the cluster: no failure."""
    for name, reason in _REFUSED.items():
        if arguments.get(name):
            yield name, f"{name} is not supported: {reason}"
    if has_unknown(arguments):
        return
    try:
        from_arguments(arguments).connection()
    except KubeconfigAbsent:
        return
    except KubeconfigError as error:
        yield error.field, str(error)


def replaced_by(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The arguments whose change means another cluster, so that all resources must be made anew."""
    if "clusterIdentifier" in old or "clusterIdentifier" in new:
        return ["clusterIdentifier"] if old.get("clusterIdentifier") != new.get("clusterIdentifier") else []
    changed = [name for name in ("kubeconfig", "context", "cluster") if old.get(name) != new.get(name)]
    if not changed or UNKNOWN in (new.get(name) for name in changed):
        return []
    before, after = _server(old), _server(new)
    return changed if before and after and before != after else []


def _server(arguments: Mapping[str, Any]) -> str | None:
    try:
        return from_arguments(arguments).connection().server
    except KubeconfigError:
        return None
