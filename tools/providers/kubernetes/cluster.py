"""One configured cluster: what the provider asks of it, whether it answers or not."""

import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from tools.providers.kubernetes import messages, naming
from tools.providers.kubernetes.client import Client, Object
from tools.providers.kubernetes.discovery import namespaced_by_name
from tools.providers.kubernetes.errors import ApiError, KindUnknown, Unreachable
from tools.providers.kubernetes.kubeconfig import KubeconfigError
from tools.providers.kubernetes.settings import Settings
from tools.providers.protocol import ProviderFailure
from tools.providers.values import get

_SETTLE: Final = 20.0  # seconds for a namespace, kind or webhook of the same program, or a restarted API server
_PAUSE: Final = 0.5  # seconds
_FORCE: Final = "pulumi.com/patchForce"


class Cluster:
    """The client of a cluster, or the reason why there is none."""

    def __init__(self, settings: Settings, cancelled: threading.Event) -> None:
        self.settings, self._cancelled = settings, cancelled
        self._client: Client | None = None
        self._reason = ""
        try:
            self._client = Client(settings.connection())
        except KubeconfigError as error:
            self._reason = str(error)

    @property
    def client(self) -> Client:
        """Raises Unreachable."""
        if self._client is None:
            raise Unreachable(f"no cluster is configured: {self._reason}")
        return self._client

    @property
    def namespace(self) -> str:
        """The namespace of objects that name none."""
        return self.settings.namespace or (self._client.connection.namespace if self._client else "default")

    def is_namespaced(self, api_version: str, kind: str) -> bool:
        """As the cluster says; as the name suggests where it does not answer or does not know the kind."""
        try:
            return self.client.kind(api_version, kind).namespaced
        except (Unreachable, KindUnknown, ApiError):
            return namespaced_by_name(api_version, kind)

    def placed(self, obj: Mapping[str, Any]) -> Object:
        """The object with the namespace that its kind wants: the guess of an earlier preview may have been wrong."""
        metadata = dict(obj.get("metadata") or {})
        if not self.is_namespaced(obj["apiVersion"], obj["kind"]):
            metadata.pop("namespace", None)
        elif not metadata.get("namespace"):
            metadata["namespace"] = self.namespace
        return {**obj, "metadata": metadata}

    def forces(self, obj: Mapping[str, Any]) -> bool:
        chosen = get(obj, ("metadata", "annotations", _FORCE))
        return chosen == "true" if chosen is not None else self.settings.patch_force

    def dry_run(self, obj: Mapping[str, Any], manager: str) -> Object | None:
        """The object as the server would make it; None where that cannot be known yet. Raises ApiError on a refusal."""
        try:
            placed = self.placed(obj)
            if not placed["metadata"].get("name"):
                return self.client.create(placed, manager, dry_run=True)
            return self.client.apply(placed, manager, force=self.forces(obj), dry_run=True)
        except (Unreachable, KindUnknown):
            return None
        except ApiError as error:
            if messages.is_transient(error):
                return None
            raise

    def apply(self, obj: Mapping[str, Any], manager: str) -> Object:
        """Applies an object; gives what it depends on a moment to come up. Raises ProviderFailure."""
        end = time.monotonic() + _SETTLE
        while True:
            try:
                placed = self._placed_now(obj)
                if not placed["metadata"].get("name"):
                    return self.client.create(placed, manager)
                return self.client.apply(placed, manager, force=self.forces(obj))
            except (KindUnknown, ApiError) as error:
                waits = isinstance(error, KindUnknown) or messages.is_transient(error)
                if not waits or time.monotonic() > end or self._cancelled.wait(_PAUSE):
                    raise ProviderFailure(explained(obj, error)) from None
            except Unreachable as error:
                # An apply can be sent again; a create under a generated name would make a second object.
                restarts = self._client is not None and self._client.has_answered and obj["metadata"].get("name")
                if not restarts or time.monotonic() > end or self._cancelled.wait(_PAUSE):
                    raise ProviderFailure(explained(obj, error)) from None

    def _placed_now(self, obj: Mapping[str, Any]) -> Object:
        self.client.kind(obj["apiVersion"], obj["kind"], fresh=True)
        return self.placed(obj)

    def live(self, obj: Mapping[str, Any]) -> Object | None:
        """The live object; None if there is none, or no such kind any more. Raises Unreachable, ProviderFailure."""
        try:
            return self.client.get(self.placed(obj))
        except KindUnknown:
            return None
        except ApiError as error:
            raise ProviderFailure(explained(obj, error)) from None

    def refuse_foreign(self, obj: Mapping[str, Any], manager: str) -> None:
        """Raises ProviderFailure if an object of that name exists and was not made by this very resource.

        One that this resource made is left from an update that was killed before it wrote the state: it is taken over.
        """
        if self.settings.upsert_existing_objects or not get(obj, ("metadata", "name")):
            return
        live = self.live(obj)
        if live is not None and messages.is_foreign(live, manager):
            raise ProviderFailure(
                f"{messages.title(obj)} exists already and this stack did not make it: import it (option `import_`, id "
                f"{naming.resource_id(live)}), choose another name, or set upsertExistingObjects on the provider"
            )


def explained(obj: Mapping[str, Any], error: Exception) -> str:
    return messages.refused(obj, error) if isinstance(error, ApiError) else f"{messages.title(obj)}: {error}"
