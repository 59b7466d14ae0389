"""What GPU nodes need beside their driver: a device plugin where none is, metrics of the cards, a check of the node."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_kubernetes import core, networking

from components import naming
from components.connections import Pods
from components.platform.device_plugin import DevicePlugin, DevicePluginArgs
from components.platform.gpu_metrics import PORT, GpuMetrics, GpuMetricsArgs
from components.platform.node_check import NodeCheck, NodeCheckArgs
from components.platform.tuning import Tuning

if TYPE_CHECKING:
    from stacks.cloud import Sharing


@dataclass(frozen=True, kw_only=True)
class GpuPoolRuntime:
    """A pool as this sees it. `plugin`: whether its nodes lack a device plugin; `slices`: MIG slices of a node;
    `nvidia`: whether its cards are NVIDIA's."""

    name: str
    sharing: "Sharing"
    tolerated: tuple[str, ...]
    plugin: bool
    slices: int = 0
    nvidia: bool = True


@dataclass(frozen=True, kw_only=True)
class GpuRuntimeArgs:
    """`namespace`: of these pods alone, since they may do what others may not. `exporter_image`: None for no metrics.
    `tuning`: None for no check; `apply`: the check sets nodes up as well."""

    namespace: str
    plugin_image: str
    exporter_image: str | None
    check_image: str
    pools: tuple[GpuPoolRuntime, ...]
    tuning: Tuning | None = None
    apply: bool = False


class GpuRuntime(pulumi.ComponentResource):
    """A namespace with what runs on each GPU node."""

    metrics: Pods | None  # whom Prometheus asks, on `gpu_metrics.PORT`

    def __init__(self, name: str, args: GpuRuntimeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:platform:GpuRuntime", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = self._namespace(name, args)
        for pool in args.pools:
            if pool.plugin and pool.nvidia:
                plugin = DevicePluginArgs(
                    namespace=namespace,
                    image=args.plugin_image,
                    pool=pool.name,
                    sharing=pool.sharing,
                    tolerated=pool.tolerated,
                    slices=pool.slices,
                )
                DevicePlugin(f"{name}-{pool.name}", plugin, child)
        self.metrics = self._metrics(name, args, namespace)
        if args.tuning:
            _checks(name, args, args.tuning, namespace, child)
        self.register_outputs({"namespace": namespace})

    def _namespace(self, name: str, args: GpuRuntimeArgs) -> pulumi.Output[str]:
        child, common = pulumi.ResourceOptions(parent=self), naming.labels("gpu", name, "platform")
        made = core.v1.Namespace(
            f"{name}-namespace",
            # Sockets of the kubelet, files of the host: no profile below allows them.
            metadata={
                "name": args.namespace,
                "labels": common | {"pod-security.kubernetes.io/enforce": "privileged"},
            },
            opts=child,
        )
        namespace = made.metadata.name.apply(lambda found: found or args.namespace)
        for key, description, spec in _POLICIES:
            networking.v1.NetworkPolicy(
                f"{name}-{key}",
                metadata={
                    "namespace": namespace,
                    "labels": common,
                    "annotations": {"open-autoglm/description": description},
                },
                spec=spec,
                opts=child,
            )
        return namespace

    def _metrics(self, name: str, args: GpuRuntimeArgs, namespace: pulumi.Output[str]) -> Pods | None:
        nvidia = [pool for pool in args.pools if pool.nvidia]
        if args.exporter_image is None or not nvidia:
            return None
        asked = GpuMetricsArgs(
            namespace=namespace,
            image=args.exporter_image,
            pools=tuple(pool.name for pool in nvidia),
            tolerated=_tolerated(nvidia),
        )
        pods = GpuMetrics(f"{name}-metrics", asked, pulumi.ResourceOptions(parent=self)).pods
        return Pods(name=pods.name, labels=pods.labels, namespace=args.namespace)


_POLICIES: tuple[tuple[str, str, Any], ...] = (
    (
        "default-deny",
        "Nothing in, nothing out, unless another policy allows it.",
        {"pod_selector": {}, "policy_types": ["Ingress", "Egress"]},
    ),
    (
        "outside-to-metrics",
        "Pods of the cluster read the cards' metrics",
        {
            "pod_selector": {"match_labels": {"app.kubernetes.io/name": "dcgm-exporter"}},
            "policy_types": ["Ingress"],
            "ingress": [{"from_": [{"namespace_selector": {}}], "ports": [{"port": PORT, "protocol": "TCP"}]}],
        },
    ),
)


def _checks(
    name: str, args: GpuRuntimeArgs, asked: Tuning, namespace: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> None:
    """One for NVIDIA's cards, which have a driver to check, one for the others."""
    for key, nvidia in (("nodes", True), ("other-nodes", False)):
        found = [pool for pool in args.pools if pool.nvidia is nvidia]
        if not found:
            continue
        check = NodeCheckArgs(
            namespace=namespace,
            image=args.check_image,
            pools=tuple(pool.name for pool in found),
            tolerated=_tolerated(found),
            tuning=asked,
            apply=args.apply,
            driver=nvidia,
        )
        NodeCheck(f"{name}-{key}", check, opts)


def _tolerated(pools: list[GpuPoolRuntime]) -> tuple[str, ...]:
    return tuple(sorted({key for pool in pools for key in pool.tolerated}))
