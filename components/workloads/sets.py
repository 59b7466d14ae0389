"""Pods as several workloads have them: equal ones behind a headless Service, or one alone with a disk."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import apps, core
from pulumi_kubernetes.core.v1 import PodSpecArgsDict
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from components import naming
from components.types import Upstream, Volume
from components.workloads import pod

DISK = "data"  # the volume that the one alone keeps


@dataclass(frozen=True, kw_only=True)
class Pods:
    """Whose they are, and how they are reached. `name`: the workload's, by which others find its Service. `kind` and
    `part`: see naming.labels. `port_name`: the container calls its port so."""

    name: str
    kind: str
    part: str
    namespace: pulumi.Input[str]
    port_name: str
    port: int

    @property
    def labels(self) -> dict[str, str]:
        return naming.labels(self.kind, self.name, self.part)

    @property
    def selector(self) -> dict[str, str]:
        return naming.selector(self.kind, self.name)

    @property
    def metadata(self) -> ObjectMetaArgsDict:
        """Of what is named by the provider."""
        return pod.metadata(self.namespace, self.labels)

    @property
    def named(self) -> ObjectMetaArgsDict:
        return pod.metadata(self.namespace, self.labels, self.name)


def equal(pods: Pods, spec: PodSpecArgsDict, replicas: int, opts: pulumi.ResourceOptions) -> Upstream:
    """A headless Service, a Deployment spread over zones and nodes, and a budget."""
    _service(pods, {"cluster_ip": "None"}, opts)
    spec = {
        "service_account_name": pod.account(pods.name, pods.metadata, opts),
        "topology_spread_constraints": pod.spread(pods.selector),
        **spec,
    }
    apps.v1.Deployment(
        f"{pods.name}-deployment",
        metadata=pods.metadata,
        spec={
            "replicas": replicas,
            "strategy": pod.strategy(),
            "selector": {"match_labels": pods.selector},
            "template": pod.template(pods.labels, spec),
        },
        opts=opts,
    )
    pod.budget(pods.name, pods.metadata, pods.selector, opts)
    # Not from the Service's outputs: gateways need not wait for it, as they do without it, too.
    host = pulumi.Output.format("{0}.{1}.svc", pods.name, pods.namespace)
    return Upstream(host=host, port=pods.port, name=pods.name, pods=pods.selector)


def alone(pods: Pods, spec: PodSpecArgsDict, volume: Volume, opts: pulumi.ResourceOptions) -> core.v1.Service:
    """A Service and a StatefulSet of one, whose containers mount `DISK`."""
    service = _service(pods, {}, opts)
    spec = {"service_account_name": pod.account(pods.name, pods.metadata, opts), **spec}
    apps.v1.StatefulSet(
        f"{pods.name}-server",
        metadata=pods.named,
        spec={
            "service_name": pods.name,  # not from the Service, which is awaited until one of these pods is ready
            "replicas": 1,
            "selector": {"match_labels": pods.selector},
            "template": pod.template(pods.labels, spec),
            "volume_claim_templates": [{"metadata": {"name": DISK}, "spec": pod.claim(volume)}],
        },
        opts=opts,
    )
    return service


def _service(pods: Pods, kind: core.v1.ServiceSpecArgsDict, opts: pulumi.ResourceOptions) -> core.v1.Service:
    return core.v1.Service(
        f"{pods.name}-service",
        metadata=pods.named,
        spec={**kind, "selector": pods.selector, "ports": [{"name": pods.port_name, "port": pods.port}]},
        opts=opts,
    )
