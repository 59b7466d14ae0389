"""What tells Kubernetes of a pool's cards, where a cloud has nothing that does, or nothing that shares them so.

NVIDIA's GPU Operator would bring driver, toolkit and a dozen more parts that the nodes' images have already, and does
not support Amazon Linux 2023 (NVIDIA/gpu-operator#1492): its device plugin alone is what is missing.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_kubernetes import apps, core
from pulumi_kubernetes.core.v1 import ContainerArgsDict, EnvVarArgsDict

from components import naming, pools
from components.platform import gpu_pods
from components.workloads import pod

if TYPE_CHECKING:
    from stacks.cloud import Sharing

_SOCKETS = "/var/lib/kubelet/device-plugins"
_CONFIG = "/etc/device-plugin"
_REQUEST = {"cpu": "20m", "memory": "64Mi"}
_LIMIT = {"cpu": "200m", "memory": "256Mi"}
# The plugin counts what there is when it starts: with slices missing, it would offer whole cards.
_WAIT = """\
until [ "$(nvidia-smi -L | grep -c ' MIG {profile} ')" -ge {slices} ]; do
  echo "{slices} MIG slices of {profile} are not there yet"
  sleep 10
done
"""


@dataclass(frozen=True, kw_only=True)
class DevicePluginArgs:
    """`slices`: MIG slices of a node, where it has some. `tolerated`: keys of the pool's taints."""

    namespace: pulumi.Input[str]
    image: str
    pool: str
    sharing: "Sharing"
    tolerated: tuple[str, ...]
    slices: int = 0

    def __post_init__(self) -> None:
        if (self.sharing.type == "mig") != (self.slices > 0):
            raise ValueError(f"DevicePluginArgs.slices: {self.slices} with sharing {self.sharing.type}: MIG needs some")


class DevicePlugin(pulumi.ComponentResource):
    """NVIDIA's device plugin on the nodes of one pool, as DaemonSet."""

    def __init__(self, name: str, args: DevicePluginArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:platform:DevicePlugin", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels, selector = naming.labels("device-plugin", name, "platform"), naming.selector("device-plugin", name)
        meta = pod.metadata(args.namespace, labels)
        config = core.v1.ConfigMap(
            f"{name}-config", metadata=meta, data={"config.json": json.dumps(settings(args.sharing))}, opts=child
        )
        placed = gpu_pods.on(pools=(args.pool,), tolerated=args.tolerated, containers=[_plugin(args)])
        apps.v1.DaemonSet(
            f"{name}-plugin",
            metadata=meta,
            spec={
                "selector": {"match_labels": selector},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        **placed,
                        "init_containers": [_waiting(args)] if args.sharing.type == "mig" else [],
                        "volumes": [
                            {"name": "sockets", "host_path": {"path": _SOCKETS, "type": "Directory"}},
                            {"name": "config", "config_map": {"name": config.metadata["name"]}},
                        ],
                    },
                },
            },
            opts=child,
        )
        self.register_outputs({})


def settings(sharing: "Sharing") -> dict[str, Any]:
    """https://github.com/NVIDIA/k8s-device-plugin#configuration-option-details. JSON is YAML, too."""
    made: dict[str, Any] = {
        "version": "v1",
        "flags": {"migStrategy": "mixed" if sharing.type == "mig" else "none", "failOnInitError": True},
    }
    if sharing.type == "timeSlicing":
        made["sharing"] = {
            "timeSlicing": {
                "renameByDefault": True,
                "failRequestsGreaterThanOne": True,  # two slices may be of one card, and no more than one
                "resources": [{"name": pools.TAINT, "replicas": sharing.replicas}],
            }
        }
    return made


def _plugin(args: DevicePluginArgs) -> ContainerArgsDict:
    return {
        "name": "device-plugin",
        "image": args.image,
        "command": ["nvidia-device-plugin", f"--config-file={_CONFIG}/config.json"],
        "env": _environment(args.sharing),
        "security_context": _security(args.sharing),
        "resources": {"requests": _REQUEST, "limits": _LIMIT},
        "volume_mounts": [
            {"name": "sockets", "mount_path": _SOCKETS},
            {"name": "config", "mount_path": _CONFIG, "read_only": True},
        ],
    }


def _waiting(args: DevicePluginArgs) -> ContainerArgsDict:
    profile: str = getattr(args.sharing, "profile", "")
    return {
        "name": "slices",
        "image": args.image,
        "command": ["sh", "-c", _WAIT.format(profile=profile, slices=args.slices)],
        "env": _environment(args.sharing),
        "security_context": _security(args.sharing),
        "resources": {"requests": _REQUEST, "limits": _LIMIT},
    }


def _environment(sharing: "Sharing") -> list[EnvVarArgsDict]:
    """By which the node's NVIDIA runtime gives the container all cards, and of MIG the right to see every slice."""
    told = {"NVIDIA_VISIBLE_DEVICES": "all", "NVIDIA_DRIVER_CAPABILITIES": "compute,utility"}
    if sharing.type == "mig":
        told["NVIDIA_MIG_MONITOR_DEVICES"] = "all"
    return [{"name": key, "value": value} for key, value in told.items()]


def _security(sharing: "Sharing") -> core.v1.SecurityContextArgsDict:
    """Root, whose the kubelet's folder of sockets is, and no more; of MIG, only administrators see all slices."""
    if sharing.type == "mig":
        return gpu_pods.root("SYS_ADMIN")
    return gpu_pods.root()
