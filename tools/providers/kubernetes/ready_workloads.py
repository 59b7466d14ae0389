"""When a workload counts as ready: what `kubectl rollout status` and the official provider ask."""

from typing import Any

from tools.providers.kubernetes.client import Client, Object
from tools.providers.kubernetes.readiness import Hopeless, condition, is_observed
from tools.providers.values import get


def deployment(client: Client, live: Object) -> str | None:
    if not is_observed(live):
        return "the deployment controller has not seen the change yet"
    wanted: int = get(live, ("spec", "replicas"), 1)
    status = live.get("status") or {}
    progressing = condition(live, "Progressing")
    failed = condition(live, "ReplicaFailure")
    missing = None
    if status.get("updatedReplicas", 0) < wanted:
        missing = f"{status.get('updatedReplicas', 0)} of {wanted} replicas are of the new version"
    elif status.get("replicas", 0) > status.get("updatedReplicas", 0):
        missing = f"{status['replicas'] - status['updatedReplicas']} replicas of the old version are still there"
    elif status.get("availableReplicas", 0) < wanted:
        missing = f"{status.get('availableReplicas', 0)} of {wanted} replicas are available"
    if missing is None:
        return None
    if failed.get("status") == "True":
        missing += f"; {failed.get('message')}"
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        raise Hopeless(f"its progress deadline is over: {missing}")
    return missing


def stateful_set(client: Client, live: Object) -> str | None:
    if not is_observed(live):
        return "the stateful set controller has not seen the change yet"
    wanted: int = get(live, ("spec", "replicas"), 1)
    status = live.get("status") or {}
    strategy = get(live, ("spec", "updateStrategy", "type"), "RollingUpdate")
    partition: int = get(live, ("spec", "updateStrategy", "rollingUpdate", "partition"), 0)
    ready, updated = status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
    if ready < wanted:
        return f"{ready} of {wanted} replicas are ready"
    rolling = strategy == "RollingUpdate" and status.get("updateRevision") != status.get("currentRevision")
    if rolling and updated < wanted - partition:
        return f"{updated} of {wanted - partition} replicas are of the new version"
    return None


def daemon_set(client: Client, live: Object) -> str | None:
    if not is_observed(live):
        return "the daemon set controller has not seen the change yet"
    status = live.get("status") or {}
    wanted: int = status.get("desiredNumberScheduled", 0)
    on_delete = get(live, ("spec", "updateStrategy", "type")) == "OnDelete"
    updated, available = status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0)
    if updated < wanted and not on_delete:
        return f"{updated} of {wanted} pods are of the new version"
    if available < wanted:
        return f"{available} of {wanted} pods are available"
    return None


def replication_controller(client: Client, live: Object) -> str | None:
    wanted, ready = get(live, ("spec", "replicas"), 1), get(live, ("status", "readyReplicas"), 0)
    return None if is_observed(live) and ready >= wanted else f"{ready} of {wanted} replicas are ready"


def job(client: Client, live: Object) -> str | None:
    if condition(live, "Complete").get("status") == "True" or get(live, ("spec", "suspend")):
        return None  # a suspended job waits for an admission controller, which may take hours
    failed = condition(live, "Failed")
    if failed.get("status") == "True":
        raise Hopeless(f"{failed.get('reason')}: {failed.get('message')}")
    done, wanted = get(live, ("status", "succeeded"), 0), get(live, ("spec", "completions"), 1)
    return f"{done} of {wanted} completions"


def pod(client: Client, live: Object) -> str | None:
    phase: Any = get(live, ("status", "phase"))
    if phase == "Succeeded" or condition(live, "Ready").get("status") == "True":
        return None
    if phase == "Failed":
        raise Hopeless("its phase is Failed")
    return f"its phase is {phase}"
