"""What cards say of themselves (use, memory, temperature, Xid errors), for Prometheus: NVIDIA's DCGM exporter."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import apps, core
from pulumi_kubernetes.core.v1 import ContainerArgsDict

from components import naming
from components.connections import Pods, workload
from components.platform import gpu_pods
from components.workloads import pod

PORT = 9400
_PODS = "/var/lib/kubelet/pod-resources"  # the kubelet's list of who has which card


@dataclass(frozen=True, kw_only=True)
class GpuMetricsArgs:
    """`pools`: those with NVIDIA's cards; `tolerated`: keys of their taints."""

    namespace: pulumi.Input[str]
    image: str
    pools: tuple[str, ...]
    tolerated: tuple[str, ...]


class GpuMetrics(pulumi.ComponentResource):
    """DaemonSet and headless Service; each sample names the pod that has the card."""

    pods: Pods

    def __init__(self, name: str, args: GpuMetricsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:platform:GpuMetrics", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels, self.pods = naming.labels("dcgm-exporter", name, "platform"), workload("dcgm-exporter", name)
        meta = pod.metadata(args.namespace, labels)
        apps.v1.DaemonSet(
            f"{name}-exporter",
            metadata=meta,
            spec={
                "selector": {"match_labels": dict(self.pods.labels)},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        **gpu_pods.on(pools=args.pools, tolerated=args.tolerated, containers=[_exporter(args)]),
                        "volumes": [
                            {"name": "pods", "host_path": {"path": _PODS, "type": "Directory"}},
                            {"name": "tmp", "empty_dir": {"size_limit": "64Mi"}},
                        ],
                    },
                },
            },
            opts=child,
        )
        core.v1.Service(
            f"{name}-service",
            metadata=pod.metadata(args.namespace, labels, name),
            spec={
                "cluster_ip": "None",
                "selector": dict(self.pods.labels),
                "ports": [{"name": "metrics", "port": PORT}],
            },
            opts=child,
        )
        self.register_outputs({})


def _exporter(args: GpuMetricsArgs) -> ContainerArgsDict:
    told = {
        "DCGM_EXPORTER_KUBERNETES": "true",
        "DCGM_EXPORTER_LISTEN": f":{PORT}",
        "NVIDIA_VISIBLE_DEVICES": "all",
        "NVIDIA_MIG_MONITOR_DEVICES": "all",
    }
    return {
        "name": "exporter",
        "image": args.image,
        "env": [{"name": key, "value": value} for key, value in told.items()],
        "ports": [{"name": "metrics", "container_port": PORT}],
        # Counters of use (DCGM_FI_PROF_*), the only ones that MIG slices have, are for administrators.
        "security_context": gpu_pods.root("SYS_ADMIN"),
        "readiness_probe": {"http_get": {"path": "/health", "port": "metrics"}, "initial_delay_seconds": 30},
        "liveness_probe": {"http_get": {"path": "/health", "port": "metrics"}, "initial_delay_seconds": 60},
        "resources": {
            "requests": {"cpu": "50m", "memory": "256Mi"},
            "limits": {"cpu": "500m", "memory": "1Gi"},
        },
        "volume_mounts": [
            {"name": "pods", "mount_path": _PODS, "read_only": True},
            {"name": "tmp", "mount_path": "/tmp"},  # noqa: S108  the container's own
        ],
    }
