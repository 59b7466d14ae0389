"""Create, update, read and delete of objects, on plain property bags."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tools.providers.kubernetes import diff, inputs, messages, naming, outputs
from tools.providers.kubernetes.client import Object
from tools.providers.kubernetes.cluster import Cluster, explained
from tools.providers.kubernetes.diff import Difference
from tools.providers.kubernetes.errors import ApiError, Unreachable
from tools.providers.kubernetes.waiting import NotReady, Waiter, is_ready
from tools.providers.protocol import InitFailure, ProviderFailure
from tools.providers.values import Json, Properties, get, has_unknown

_PROPAGATION: Final = "pulumi.com/deletionPropagationPolicy"
# Replaced only on the fields of the table, never on the server's word: their deletion deletes data.
_PRECIOUS: Final = frozenset(("Namespace", "PersistentVolume", "PersistentVolumeClaim", "CustomResourceDefinition"))
_NONE: Final = Difference(changes={})


@dataclass(frozen=True, kw_only=True)
class Resources:
    """The operations on one cluster."""

    cluster: Cluster
    waiter: Any  # Callable[[str], Waiter]: a waiter that reports on a URN

    def diff(self, urn: str, old: Mapping[str, Any], state: Mapping[str, Any], new: Mapping[str, Any]) -> Difference:
        """What an update would change. Raises ProviderFailure if the server refuses the new inputs."""
        namespaced = self.cluster.is_namespaced(str(new.get("apiVersion")), str(new.get("kind")))
        found = diff.compare(
            inputs.normalize(dict(old)), new, mutable=self.cluster.settings.mutable, namespaced=namespaced
        )
        moved = {("metadata", "name"), ("metadata", "namespace"), ("kind",)} & found.replaces
        if not found.changes or moved or has_unknown(new) or naming.is_patch(urn, new.get("kind")):
            return found
        try:
            return _NONE if self._changes_nothing(urn, state, new) else found
        except Unreachable:
            return found
        except ApiError as error:
            return self._refused(found, old, new, error)

    def _changes_nothing(self, urn: str, state: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        """Whether the server would leave the object as it is, as with `1000m` for `1`."""
        wanted = self.cluster.dry_run(inputs.body(new), outputs.manager_of(state, new, urn))
        live = self.cluster.live(new)
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

    def preview_create(self, urn: str, new: Properties) -> Properties:
        """Raises ProviderFailure if the server refuses the object."""
        manager = outputs.manager_of({}, new.data, urn)
        dry_run = None
        if not has_unknown(new.data):
            dry_run = self._dry_run_new(inputs.body(new.data), manager)
        return outputs.planned(new, dry_run, creating=True, manager=manager)

    def _dry_run_new(self, obj: Object, manager: str) -> Object | None:
        try:
            return self.cluster.dry_run(obj, manager)
        except ApiError as error:
            if not (messages.is_immutable(error) or messages.is_conflict(error)):
                raise ProviderFailure(messages.refused(obj, error)) from None
        # The object that this one replaces is still there under its name: try the fields under another name.
        other = {**obj, "metadata": {**obj["metadata"], "name": f"pulumi-preview-{secrets.token_hex(4)}"}}
        try:
            planned = self.cluster.dry_run(other, manager)
        except ApiError as error:
            raise ProviderFailure(messages.refused(obj, error)) from None
        if planned:
            planned["metadata"]["name"] = obj["metadata"]["name"]
        return planned

    def create(self, urn: str, new: Properties, timeout: float) -> tuple[str, Properties]:
        """Makes an object and waits for it. Raises ProviderFailure, or InitFailure once it exists."""
        manager = outputs.manager_of({}, new.data, urn)
        obj = inputs.body(new.data)
        try:
            if not naming.is_patch(urn, obj.get("kind")):
                self.cluster.refuse_foreign(obj, manager)
        except Unreachable as error:
            raise ProviderFailure(explained(obj, error)) from None
        return self._apply(urn, obj, new, manager, obj["apiVersion"], timeout)

    def preview_update(self, urn: str, state: Properties, new: Properties) -> Properties:
        manager = outputs.manager_of(state.data, new.data, urn)
        try:
            dry_run = None if has_unknown(new.data) else self.cluster.dry_run(inputs.body(new.data), manager)
        except ApiError as error:
            raise ProviderFailure(messages.refused(new.data, error)) from None
        if dry_run is None:
            base = {"status": state.data.get("status")} if state.data.get("status") else {}
            merged = {**new.data, **base, "metadata": _kept_metadata(state.data, new.data)}
            return outputs.planned(Properties(data=merged, secrets=new.secrets), None, creating=False, manager=manager)
        return outputs.planned(new, dry_run, creating=False, manager=manager)

    def update(self, urn: str, state: Properties, new: Properties, timeout: float) -> Properties:
        """Raises ProviderFailure, or InitFailure once the change is made."""
        manager = outputs.manager_of(state.data, new.data, urn)
        obj = inputs.body(new.data)
        if get(obj, ("metadata", "generateName")) and not get(obj, ("metadata", "name")):
            obj["metadata"]["name"] = get(state.data, ("metadata", "name"))
        initial = str(state.data.get(outputs.INITIAL_API_VERSION) or obj["apiVersion"])
        try:
            return self._apply(urn, obj, new, manager, initial, timeout)[1]
        except ProviderFailure:
            if self.cluster.settings.skip_update_unreachable and not self._answers():
                return state
            raise

    def _answers(self) -> bool:
        try:
            self.cluster.client.get_json("/version")
        except (Unreachable, ApiError):
            return False
        return True

    def _apply(
        self, urn: str, obj: Object, new: Properties, manager: str, initial: str, timeout: float
    ) -> tuple[str, Properties]:
        live = self.cluster.apply(obj, manager)
        identifier = naming.resource_id(live)
        waiter: Waiter = self.waiter(urn)
        try:
            live = waiter.ready(live, timeout)
        except NotReady as failure:
            made = outputs.from_live(failure.live, new, manager=manager, initial_version=initial)
            raise InitFailure(identifier, made, new, failure.reasons) from None
        except ApiError as error:
            made = outputs.from_live(live, new, manager=manager, initial_version=initial)
            raise InitFailure(identifier, made, new, [messages.refused(obj, error)]) from None
        return identifier, outputs.from_live(live, new, manager=manager, initial_version=initial)

    def read(
        self, urn: str, identifier: str, state: Properties, old: Properties
    ) -> tuple[str, Properties, Properties] | None:
        """The live outputs and inputs; None if the object is gone. An object that is not ready raises InitFailure."""
        known = bool(state.data.get("kind"))
        try:
            live = self.cluster.live(state.data if known else naming.object_of_id(urn, identifier))
        except Unreachable as error:
            if self.cluster.settings.delete_unreachable:
                return None
            raise ProviderFailure(f"{identifier}: {error}") from None
        if live is None:
            return None
        manager = outputs.manager_of(state.data, old.data, urn)
        initial = str(state.data.get(outputs.INITIAL_API_VERSION) or live["apiVersion"])
        if not known or not old.data:
            data = outputs.imported_inputs(live)
            found = Properties(data=data, secrets=inputs.secret_paths(Properties(data=data)))
            return identifier, outputs.from_live(live, found, manager=manager, initial_version=initial), found
        data = outputs.live_inputs(live, inputs.normalize(dict(old.data)))
        found = Properties(data=data, secrets=inputs.secret_paths(Properties(data=data, secrets=old.secrets)))
        read = outputs.from_live(live, found, manager=manager, initial_version=initial)
        missing = None if naming.is_patch(urn, live.get("kind")) else is_ready(self.cluster.client, live)
        if missing:
            raise InitFailure(identifier, read, found, [f"{messages.title(live)} is not ready: {missing}"])
        return identifier, read, found

    def delete(self, urn: str, state: Properties, timeout: float) -> None:
        """Deletes an object and waits until it is gone; a Patch only gives up its fields. Raises ProviderFailure."""
        try:
            live = self.cluster.live(state.data)
            if live is None:
                return
            if naming.is_patch(urn, live["kind"]):
                self._release(live, outputs.manager_of(state.data, state.data, urn))
                return
            policy = get(live, ("metadata", "annotations", _PROPAGATION), "foreground").capitalize()
            self.cluster.client.delete(live, policy, get(state.data, ("metadata", "uid")))
            self.waiter(urn).gone(live, timeout)
        except NotReady as failure:
            raise ProviderFailure(str(failure)) from None
        except Unreachable as error:
            if not self.cluster.settings.delete_unreachable:
                raise ProviderFailure(f"{messages.title(state.data)}: {error}") from None
        except ApiError as error:
            gone = error.code == 404 or (error.code == 409 and "uid" in error.message.lower())
            if not gone:  # another object under the same name is not ours to delete
                raise ProviderFailure(messages.refused(state.data, error)) from None

    def _release(self, live: Object, manager: str) -> None:
        metadata = {name: live["metadata"][name] for name in ("name", "namespace") if live["metadata"].get(name)}
        bare = {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": metadata}
        self.cluster.client.apply(bare, manager, force=True)


def _settled(obj: Object) -> Object:
    metadata = {
        name: value
        for name, value in obj.get("metadata", {}).items()
        if name not in ("managedFields", "resourceVersion", "generation", "creationTimestamp")
    }
    return {**{name: value for name, value in obj.items() if name != "status"}, "metadata": metadata}


def _kept_metadata(state: Mapping[str, Any], new: Mapping[str, Any]) -> Json:
    metadata = new.get("metadata")
    kept = {name: get(state, ("metadata", name)) for name in ("uid", "creationTimestamp", "name", "namespace")}
    return (
        {**{name: value for name, value in kept.items() if value}, **metadata}
        if isinstance(metadata, dict)
        else metadata
    )
