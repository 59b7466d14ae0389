"""Create, update, read and delete of objects, on plain property bags. `planning` says what they would do."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from tools.providers.kubernetes import ignored, inputs, messages, naming, outputs
from tools.providers.kubernetes.client import Object
from tools.providers.kubernetes.cluster import Cluster, explained
from tools.providers.kubernetes.errors import ApiError, KindUnknown, Unreachable
from tools.providers.kubernetes.waiting import NotReady, Waiter, is_ready
from tools.providers.protocol import InitFailure, ProviderFailure
from tools.providers.values import Properties, get

_PROPAGATION: Final = "pulumi.com/deletionPropagationPolicy"


@dataclass(frozen=True, kw_only=True)
class Resources:
    """The operations on one cluster."""

    cluster: Cluster
    waiter: Callable[[str], Waiter]  # makes a waiter that reports on a URN

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

    def update(
        self, urn: str, state: Properties, new: Properties, timeout: float, ignore: Iterable[str] = ()
    ) -> Properties:
        """Raises ProviderFailure, or InitFailure once the change is made."""
        manager = outputs.manager_of(state.data, new.data, urn)
        obj = inputs.body(new.data)
        if get(obj, ("metadata", "generateName")) and not get(obj, ("metadata", "name")):
            obj["metadata"]["name"] = get(state.data, ("metadata", "name"))
        initial = str(state.data.get(outputs.INITIAL_API_VERSION) or obj["apiVersion"])
        try:
            paths = list(ignore)
            obj = ignored.kept(obj, self.cluster.live(obj) if paths else None, paths)
            return self._apply(urn, obj, new, manager, initial, timeout)[1]
        except Unreachable as error:
            if self.cluster.settings.skip_update_unreachable:
                return state
            raise ProviderFailure(explained(obj, error)) from None
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
        except (ApiError, Unreachable, KindUnknown) as error:  # it exists: without a state it would be an orphan
            made = outputs.from_live(live, new, manager=manager, initial_version=initial)
            raise InitFailure(identifier, made, new, [explained(obj, error)]) from None
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
