"""What an operation would do: differences, and the outputs that a preview can promise."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tools.providers.kubernetes import diff, ignored, inputs, messages, naming, outputs
from tools.providers.kubernetes.client import Object
from tools.providers.kubernetes.cluster import Cluster
from tools.providers.kubernetes.diff import Difference
from tools.providers.kubernetes.errors import ApiError, Unreachable
from tools.providers.kubernetes.waiting import is_ready
from tools.providers.protocol import ProviderFailure
from tools.providers.values import Json, Path, Properties, get, has_unknown

# Replaced only on the fields of the table, never on the server's word: their deletion deletes data.
_PRECIOUS: Final = frozenset(("Namespace", "PersistentVolume", "PersistentVolumeClaim", "CustomResourceDefinition"))
_NONE: Final = Difference(changes={})
_REPLACE_UNREADY: Final[Path] = ("metadata", "annotations", "pulumi.com/replaceUnready")


@dataclass(frozen=True, kw_only=True)
class Planner:
    """Plans on one cluster, by its own dry runs where it answers and from the inputs where it does not."""

    cluster: Cluster

    def diff(
        self,
        urn: str,
        old: Mapping[str, Any],
        state: Mapping[str, Any],
        new: Mapping[str, Any],
        ignore: Iterable[str] = (),
    ) -> Difference:
        """What an update would change. Raises ProviderFailure if the server refuses the new inputs."""
        patch = naming.is_patch(urn, new.get("kind"))
        found = diff.compare(
            inputs.normalize(dict(old)),
            new,
            mutable=self.cluster.settings.mutable,
            namespaced=self.cluster.is_namespaced(str(new.get("apiVersion")), str(new.get("kind"))),
            patch=patch,
        )
        if not found.replaces and self._is_failed_job(new):
            return Difference(
                changes={**found.changes, _REPLACE_UNREADY: "UPDATE"},
                replaces=frozenset((_REPLACE_UNREADY,)),
                delete_first=diff.same_place(old, new),
            )
        moved = {("metadata", "name"), ("metadata", "namespace"), ("kind",)} & found.replaces
        if not found.changes or moved or has_unknown(new) or patch:
            return found
        try:
            return _NONE if self._changes_nothing(urn, state, new, list(ignore)) else found
        except Unreachable:
            return found
        except ApiError as error:
            return self._refused(found, old, new, error)

    def _is_failed_job(self, new: Mapping[str, Any]) -> bool:
        if new.get("kind") != "Job" or get(new, _REPLACE_UNREADY) != "true":
            return False
        try:
            live = self.cluster.live(new)
            return live is not None and is_ready(self.cluster.client, live) is not None
        except Unreachable:
            return False

    def _changes_nothing(
        self, urn: str, state: Mapping[str, Any], new: Mapping[str, Any], ignore: Iterable[str]
    ) -> bool:
        """Whether the server would leave the object as it is, as with `1000m` for `1`."""
        live = self.cluster.live(new)
        wanted = self.cluster.dry_run(ignored.kept(inputs.body(new), live, ignore), outputs.manager_of(state, new, urn))
        return wanted is not None and live is not None and _settled(wanted) == _settled(live)

    def _refused(
        self, found: Difference, old: Mapping[str, Any], new: Mapping[str, Any], error: ApiError
    ) -> Difference:
        if found.replaces or messages.is_conflict(error):
            return found  # the replacement is judged by its own preview, a conflict by the update's
        if messages.is_immutable(error) and new.get("kind") not in _PRECIOUS:
            return Difference(
                changes=found.changes, replaces=frozenset(found.changes), delete_first=diff.same_place(old, new)
            )
        raise ProviderFailure(messages.refused(new, error))

    def create(self, urn: str, new: Properties) -> Properties:
        """The outputs of a new object. Raises ProviderFailure if the server refuses it."""
        manager = outputs.manager_of({}, new.data, urn)
        dry_run = None
        if not has_unknown(new.data) and not naming.is_patch(urn, new.data.get("kind")):
            dry_run = self._dry_run_new(inputs.body(new.data), manager)
        return outputs.planned(new, dry_run, creating=True, manager=manager)

    def _dry_run_new(self, obj: Object, manager: str) -> Object | None:
        try:
            return self.cluster.dry_run(obj, manager)
        except ApiError as error:
            if not (messages.is_immutable(error) or messages.is_conflict(error)):
                _raise_unless_forbidden(obj, error)
                return None
        # The object that this one replaces is still there under its name: try the fields under another name.
        other = {**obj, "metadata": {**obj["metadata"], "name": f"pulumi-preview-{secrets.token_hex(4)}"}}
        try:
            planned = self.cluster.dry_run(other, manager)
        except ApiError as error:
            _raise_unless_forbidden(obj, error)
            return None
        if planned:
            planned["metadata"]["name"] = obj["metadata"]["name"]
        return planned

    def update(self, urn: str, state: Properties, new: Properties, ignore: Iterable[str] = ()) -> Properties:
        """The outputs of a changed object. Raises ProviderFailure if the server refuses the change."""
        manager = outputs.manager_of(state.data, new.data, urn)
        dry_run = None
        paths = list(ignore)
        try:
            if not has_unknown(new.data):
                obj = inputs.body(new.data)
                dry_run = self.cluster.dry_run(
                    ignored.kept(obj, self.cluster.live(obj) if paths else None, paths), manager
                )
        except Unreachable:
            pass
        except ApiError as error:
            _raise_unless_forbidden(new.data, error)
        if dry_run is None:
            kept = {"status": state.data["status"]} if state.data.get("status") else {}
            merged = {**new.data, **kept, "metadata": _kept_metadata(state.data, new.data)}
            new = Properties(data=merged, secrets=new.secrets)
        return outputs.planned(new, dry_run, creating=False, manager=manager)


def _raise_unless_forbidden(obj: Mapping[str, Any], error: ApiError) -> None:
    """A quota may be free again, or a right granted, by the time of the update: 403 is no verdict on the inputs."""
    if error.code != 403:
        raise ProviderFailure(messages.refused(obj, error))


def _settled(obj: Object) -> Object:
    metadata = {
        name: value
        for name, value in obj.get("metadata", {}).items()
        if name not in ("managedFields", "resourceVersion", "generation", "creationTimestamp")
    }
    return {**{name: value for name, value in obj.items() if name != "status"}, "metadata": metadata}


def _kept_metadata(state: Mapping[str, Any], new: Mapping[str, Any]) -> Json:
    metadata = new.get("metadata")
    if not isinstance(metadata, Mapping):
        return metadata
    kept = {name: get(state, ("metadata", name)) for name in ("uid", "creationTimestamp", "name", "namespace")}
    return {**{name: value for name, value in kept.items() if value}, **metadata}
