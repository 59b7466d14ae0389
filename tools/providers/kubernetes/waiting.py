"""Waiting for an object to become ready, or to be gone."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from tools.providers.kubernetes import pods, ready_core, ready_workloads
from tools.providers.kubernetes.client import Client, Object
from tools.providers.kubernetes.errors import ApiError, Unreachable
from tools.providers.kubernetes.readiness import Hopeless
from tools.providers.values import get

# None once ready, else what is still missing.
Check: TypeAlias = Callable[[Client, Object], str | None]

_SKIP: Final = "pulumi.com/skipAwait"
_TIMEOUT: Final = "pulumi.com/timeoutSeconds"
_DEFAULT_TIMEOUT: Final = 600.0  # seconds; the official provider's for workloads
_CLAIM_TIMEOUT: Final = 300.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.5  # seconds between looks
_REPORT_EVERY: Final = 3.0  # seconds; a pod's events cost requests, so they are not read at each look

_CHECKS: Final[Mapping[tuple[str, str], tuple[Check, float]]] = {
    ("apps", "Deployment"): (ready_workloads.deployment, _DEFAULT_TIMEOUT),
    ("apps", "StatefulSet"): (ready_workloads.stateful_set, _DEFAULT_TIMEOUT),
    ("apps", "DaemonSet"): (ready_workloads.daemon_set, _DEFAULT_TIMEOUT),
    ("batch", "Job"): (ready_workloads.job, _DEFAULT_TIMEOUT),
    ("", "Pod"): (ready_workloads.pod, _DEFAULT_TIMEOUT),
    ("", "ReplicationController"): (ready_workloads.replication_controller, _DEFAULT_TIMEOUT),
    ("", "Service"): (ready_core.service, _DEFAULT_TIMEOUT),
    ("", "PersistentVolumeClaim"): (ready_core.claim, _CLAIM_TIMEOUT),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): (ready_core.definition, _DEFAULT_TIMEOUT),
}

_OWN_PODS: Final = frozenset(
    (("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "DaemonSet"), ("batch", "Job"), ("", "Pod"))
)


class NotReady(Exception):
    """The wait ended without success; `live` is the object as last seen."""

    def __init__(self, live: Object, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.live, self.reasons = live, reasons


@dataclass(frozen=True, kw_only=True)
class Waiter:
    client: Client
    cancelled: threading.Event
    progress: Callable[[str], None]

    def ready(self, live: Object, timeout: float) -> Object:
        """Waits until an object is ready. `timeout`: seconds, 0 for the annotation or the default. Raises NotReady."""
        check, default = _CHECKS.get(group_kind(live), (None, 0.0))
        if check is None or skips(live):
            return live
        limit = timeout or _annotated(live) or default
        return self._until(live, lambda now: check(self.client, now), limit, "become ready")

    def gone(self, live: Object, timeout: float) -> None:
        """Waits until an object is deleted, its finalizers done. Raises NotReady."""
        uid = get(live, ("metadata", "uid"))

        def look(now: Object) -> str | None:
            if get(now, ("metadata", "uid")) != uid:
                return None  # a controller made a new one under the same name
            return _what_holds(now)

        self._until(live, look, timeout or _annotated(live) or _DEFAULT_TIMEOUT, "be deleted", absent_ends=True)

    def _until(
        self, live: Object, look: Callable[[Object], str | None], limit: float, goal: str, absent_ends: bool = False
    ) -> Object:
        title = f"{live['kind']} {get(live, ('metadata', 'name'))}"
        start = told_at = time.monotonic()
        end, pause, told = start + limit, _FIRST_PAUSE, ""
        while True:
            try:
                missing = look(live)
            except Hopeless as hopeless:
                raise NotReady(live, [f"{title} did not {goal}: {hopeless}{_why(self.client, live)}"]) from None
            except (Unreachable, ApiError) as error:
                missing = _passing(error)
            if missing is None:
                return live
            now = time.monotonic()
            if now >= end:
                raise NotReady(live, [f"{title} did not {goal} within {limit:g} s: {missing}{_why(self.client, live)}"])
            if now - told_at >= _REPORT_EVERY:
                told_at, message = now, missing + _why(self.client, live)
                if message != told:
                    self.progress(message)
                    told = message
            if self.cancelled.wait(min(pause, end - now)):
                raise NotReady(live, [f"the wait for {title} was cancelled: {missing}"])
            pause = min(pause * 1.5, _LONGEST_PAUSE)
            try:
                found = self.client.get(live)
            except (Unreachable, ApiError) as error:
                _passing(error)
                continue
            if found is None:
                if absent_ends:
                    return live
                raise NotReady(live, [f"{title} was deleted by someone else while it was awaited"])
            live = found


def _what_holds(obj: Object) -> str:
    """Why an object that is being deleted is still there."""
    if finalizers := get(obj, ("metadata", "finalizers"), []):
        return f"its finalizers are not done: {', '.join(finalizers)}"
    conditions = get(obj, ("status", "conditions"), []) if obj["kind"] == "Namespace" else []
    told = [entry["message"] for entry in conditions if entry.get("status") == "True" and entry.get("message")]
    return "; ".join(told) or "its deletion is under way"


def _passing(error: Unreachable | ApiError) -> str:
    """An API server that restarts or is busy is no reason to give up: the deadline is. Raises all other errors."""
    if isinstance(error, ApiError) and error.code not in (408, 429) and error.code < 500:
        raise error
    return str(error)


def group_kind(obj: Mapping[str, Any]) -> tuple[str, str]:
    return str(obj["apiVersion"]).rpartition("/")[0], str(obj["kind"])


def skips(obj: Mapping[str, Any]) -> bool:
    return bool(get(obj, ("metadata", "annotations", _SKIP)) == "true")


def is_ready(client: Client, live: Object) -> str | None:
    """One look: None if ready or not awaited at all, else what is missing."""
    check, _ = _CHECKS.get(group_kind(live), (None, 0.0))
    if check is None or skips(live):
        return None
    try:
        missing = check(client, live)
    except Hopeless as hopeless:
        missing = str(hopeless)
    return missing and missing + _why(client, live)


def _why(client: Client, live: Object) -> str:
    return pods.trouble(client, live) if group_kind(live) in _OWN_PODS else ""


def _annotated(obj: Mapping[str, Any]) -> float:
    text = get(obj, ("metadata", "annotations", _TIMEOUT), "")
    return float(text) if text.isdigit() else 0.0
