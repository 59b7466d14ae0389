"""Why pods are stuck: image, configuration, probe, scheduling, crash with its last log lines."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tools.providers.kubernetes.client import Client, Object
from tools.providers.kubernetes.errors import ApiError, KindUnknown, Unreachable
from tools.providers.kubernetes.readiness import condition, selector_text
from tools.providers.values import get

_LOG_LINES: Final = 10
_MOST_PODS: Final = 3  # the rest of a workload's pods are stuck for the same reason
_STARTING: Final = frozenset(("ContainerCreating", "PodInitializing"))
_EVENT_REASONS: Final = frozenset(("FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"))


def trouble(client: Client, owner: Object) -> str:
    """What keeps a workload's pods from being ready, as an addition to a sentence; empty when nothing is known."""
    try:
        if owner["kind"] == "Pod":
            return "".join(f"\n  - {reason}" for reason in reasons(client, owner))
        found = list(_creation_failures(client, owner)) + list(_pod_failures(client, owner))
    except (ApiError, KindUnknown, Unreachable):
        return ""  # diagnosis only: without the right to list pods the wait itself still works
    return "".join(f"\n  - {reason}" for reason in dict.fromkeys(found))


def _pod_failures(client: Client, owner: Object) -> Iterator[str]:
    selector = get(owner, ("spec", "selector"), {})
    namespace = owner["metadata"]["namespace"]
    pods = client.list("v1", "Pod", namespace, labelSelector=selector_text(selector))
    stuck = [(pod, list(reasons(client, pod))) for pod in sorted(pods, key=_newest_first)]
    for pod, why in [entry for entry in stuck if entry[1]][:_MOST_PODS]:
        yield f"pod {pod['metadata']['name']}: {'; '.join(why)}"


def _newest_first(pod: Object) -> tuple[int, ...]:
    created: str = get(pod, ("metadata", "creationTimestamp"), "")
    return tuple(-ord(character) for character in created)


def _creation_failures(client: Client, owner: Object) -> Iterator[str]:
    """Pods that were never made: quota, pod security, a missing service account."""
    metadata = owner["metadata"]
    objects = [owner]
    if owner["kind"] == "Deployment":
        sets = client.list(
            "apps/v1", "ReplicaSet", metadata["namespace"], labelSelector=selector_text(owner["spec"]["selector"])
        )
        revision = get(metadata, ("annotations", "deployment.kubernetes.io/revision"))
        objects = [
            entry
            for entry in sets
            if get(entry, ("metadata", "annotations", "deployment.kubernetes.io/revision")) == revision
        ]
    for obj in objects:
        for event in _events(client, obj):
            if event.get("reason") == "FailedCreate":
                yield str(event.get("message"))


def reasons(client: Client, pod: Mapping[str, Any]) -> Iterator[str]:
    """Why one pod is not ready; nothing for a ready or finished one."""
    if get(pod, ("status", "phase")) == "Succeeded" or condition(pod, "Ready").get("status") == "True":
        return
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        yield f"not scheduled: {scheduled.get('message') or scheduled.get('reason')}"
        return
    status = pod.get("status") or {}
    if status.get("reason"):
        yield f"{status['reason']}: {status.get('message', '')}"
    for entry in (status.get("initContainerStatuses") or []) + (status.get("containerStatuses") or []):
        yield from _container(client, pod, entry)
    for event in _events(client, pod):
        if event.get("reason") in _EVENT_REASONS:
            yield f"{event['reason']}: {event.get('message')}"


def _container(client: Client, pod: Mapping[str, Any], entry: Mapping[str, Any]) -> Iterator[str]:
    name, state = entry["name"], entry.get("state") or {}
    waiting, ended = state.get("waiting") or {}, state.get("terminated") or get(entry, ("lastState", "terminated"), {})
    if waiting.get("reason") and waiting["reason"] not in _STARTING and waiting["reason"] != "CrashLoopBackOff":
        yield f"container {name}: {waiting['reason']}: {waiting.get('message', '')}".rstrip(": ")
    if ended and (ended.get("exitCode") != 0 or "waiting" in state):
        why = f"container {name} ended with exit code {ended.get('exitCode')} ({ended.get('reason')})"
        yield why + _last_log_lines(client, pod, name, previous="terminated" not in state)
    elif "running" in state and not entry.get("ready"):
        failing = [event.get("message") for event in _events(client, pod) if event.get("reason") == "Unhealthy"]
        yield f"container {name} runs but is not ready" + (f": {failing[-1]}" if failing else "")


def _last_log_lines(client: Client, pod: Mapping[str, Any], container: str, *, previous: bool) -> str:
    metadata = pod["metadata"]
    try:
        text = client.log_tail(metadata["namespace"], metadata["name"], container, _LOG_LINES, previous=previous)
    except (ApiError, Unreachable):
        return ""
    return "; its last log lines:" + "".join(f"\n      {line}" for line in text.splitlines()) if text else ""


def _events(client: Client, obj: Mapping[str, Any]) -> list[Object]:
    metadata = obj["metadata"]
    fields = f"involvedObject.uid={metadata.get('uid', '')}"
    found = client.list("v1", "Event", metadata["namespace"], fieldSelector=fields)
    return sorted(found, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))
