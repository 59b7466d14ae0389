"""When a Service, a volume claim or a custom resource definition counts as ready."""

from tools.providers.kubernetes.client import Client, Object
from tools.providers.kubernetes.errors import ApiError, KindUnknown
from tools.providers.kubernetes.readiness import condition
from tools.providers.values import get


def service(client: Client, live: Object) -> str | None:
    """A Service with a selector needs a ready endpoint; a load balancer also needs an address.

    A headless Service may exist before its pods, which look each other up through it, and an external name or a Service
    without a selector has no endpoints of its own.
    """
    spec = live.get("spec") or {}
    if spec.get("type") == "ExternalName":
        return None
    if spec.get("selector") and spec.get("clusterIP") != "None" and not _has_endpoint(client, live):
        return "it has no ready endpoint: no pod that its selector names is ready"
    if spec.get("type") == "LoadBalancer" and not get(live, ("status", "loadBalancer", "ingress")):
        return "its load balancer has no address yet"
    return None


def _has_endpoint(client: Client, live: Object) -> bool:
    metadata = live["metadata"]
    slices = client.list(
        "discovery.k8s.io/v1", "EndpointSlice", metadata["namespace"],
        labelSelector=f"kubernetes.io/service-name={metadata['name']}",
    )  # fmt: skip
    endpoints = [endpoint for entry in slices for endpoint in entry.get("endpoints") or []]
    return any(get(endpoint, ("conditions", "ready"), True) for endpoint in endpoints)


def claim(client: Client, live: Object) -> str | None:
    """A claim is bound, or its class binds only when a pod uses it."""
    phase = get(live, ("status", "phase"))
    if phase == "Bound" or _waits_for_consumer(client, live):
        return None
    events = client.list(
        "v1", "Event", live["metadata"]["namespace"], fieldSelector=f"involvedObject.uid={live['metadata']['uid']}"
    )
    why = f": {events[-1].get('message')}" if events else ""
    return f"the claim is {phase or 'Pending'}, not Bound{why}"


def _waits_for_consumer(client: Client, live: Object) -> bool:
    name = get(live, ("spec", "storageClassName"))
    if not name:
        return False
    try:
        found = client.get({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}})
    except (ApiError, KindUnknown):
        return False  # not allowed to look
    return bool(found and found.get("volumeBindingMode") == "WaitForFirstConsumer")


def definition(client: Client, live: Object) -> str | None:
    refused = condition(live, "NamesAccepted")
    if refused.get("status") == "False":
        return f"its names are not accepted: {refused.get('message')}"
    if condition(live, "Established").get("status") != "True":
        return "it is not established yet"
    # Established comes a moment before the API server answers for the kind.
    version = next((entry["name"] for entry in live["spec"]["versions"] if entry.get("served")), None)
    if version is None:
        return None
    try:
        client.kind(f"{live['spec']['group']}/{version}", live["spec"]["names"]["kind"], fresh=True)
    except KindUnknown:
        return "the API server does not serve it yet"
    return None
