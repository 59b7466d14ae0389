"""What the tests of the Kubernetes stand-in's life share: a program, and its objects as they are."""

from typing import Any

from tools.providers.kubernetes.client import Client

_CONFIG = """
conf = k8s.core.v1.ConfigMap("conf", metadata={{"namespace": "{namespace}"}}, data={{"key": "{value}"}})
web = k8s.apps.v1.Deployment(
    "web",
    metadata={{"namespace": "{namespace}", "name": "web", "annotations": {{"pulumi.com/skipAwait": "true"}}}},
    spec={{
        "replicas": {replicas},
        "selector": {{"matchLabels": {{"app": "web"}}}},
        "template": {{
            "metadata": {{"labels": {{"app": "web"}}}},
            "spec": {{"containers": [{{"name": "web", "image": "none:1", "resources": {{"limits": {{"cpu": "{cpu}"}}}},
                "envFrom": [{{"configMapRef": {{"name": conf.metadata.name}}}}]}}]}},
        }},
    }},
)
pulumi.export("name", conf.metadata.name)
"""
_SLOW = """
k8s.core.v1.Service("slow", metadata={{"namespace": "{namespace}", "name": "slow"}},
    spec={{"selector": {{"no": "pod"}}, "ports": [{{"port": 80}}]}})
"""


def config(namespace: str, *, value: str = "1", replicas: int = 1, cpu: str = "1") -> str:
    """A ConfigMap `conf` and a Deployment `web` that reads it."""
    return _CONFIG.format(namespace=namespace, value=value, replicas=replicas, cpu=cpu)


def slow(namespace: str) -> str:
    """A Service without a pod, for which an update waits until `make_ready`."""
    return _SLOW.format(namespace=namespace)


def make_ready(client: Client, namespace: str) -> None:
    """An endpoint for the Service `slow`, as a ready pod would give it."""
    slice_ = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"namespace": namespace, "name": "slow-1", "labels": {"kubernetes.io/service-name": "slow"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.0.0.9"], "conditions": {"ready": True}}],
    }
    client.apply(slice_, "test")


def live(client: Client, kind: str, namespace: str, name: str, api_version: str = "v1") -> Any:
    """The object as the API server has it, None where it has none."""
    return client.get({"apiVersion": api_version, "kind": kind, "metadata": {"namespace": namespace, "name": name}})
