"""Whether the nodes of the GPU pools are set up as the region file says; on nodes that exist, what sets them up."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import apps, core
from pulumi_kubernetes.core.v1 import ContainerArgsDict, VolumeArgsDict, VolumeMountArgsDict

from components import naming
from components.platform import gpu_pods, tuning
from components.platform.tuning import Tuning

_MOUNT = "/etc/autoglm"
_HOST = "/host"
_EVERY = 300  # seconds
# What the host keeps to itself. The kernel asks for the user root to write there, and for no capability; but for one to
# load the module of a congestion control.
_WRITTEN = ("/proc/sys", "/sys")
_LOOP = """\
while true; do
  {apply}sh {script} check && echo "all settings are in force"
  sleep {every} & wait $!
done
"""


@dataclass(frozen=True, kw_only=True)
class NodeCheckArgs:
    """`image`: any with a POSIX shell; these nodes have the serving image anyway. `apply`: sets nodes up, too, where no
    cloud's user data does. `driver`: whether their cards are NVIDIA's."""

    namespace: pulumi.Input[str]
    image: str
    pools: tuple[str, ...]
    tolerated: tuple[str, ...]
    tuning: Tuning
    apply: bool = False
    driver: bool = True


class NodeCheck(pulumi.ComponentResource):
    """DaemonSet whose pods are ready where everything is in force; their logs say what is not.

    They share the node's network, whose settings they read, and open no port. An update does not wait for them: a node
    that lacks a setting serves, if slower.
    """

    def __init__(self, name: str, args: NodeCheckArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:platform:NodeCheck", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels, selector = naming.labels("node-check", name, "platform"), naming.selector("node-check", name)
        settings = tuning.rows(args.tuning, gpus=args.driver)
        script = core.v1.ConfigMap(
            f"{name}-script",
            metadata={"namespace": args.namespace, "labels": labels},
            data={tuning.SCRIPT: tuning.script(settings)},
            opts=child,
        )
        apps.v1.DaemonSet(
            f"{name}-check",
            metadata={
                "namespace": args.namespace,
                "labels": labels,
                "annotations": {"pulumi.com/skipAwait": "true"},
            },
            spec={
                "selector": {"match_labels": selector},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        **gpu_pods.on(pools=args.pools, tolerated=args.tolerated, containers=[_container(args)]),
                        "host_network": True,
                        "termination_grace_period_seconds": 5,
                        "volumes": _volumes(args, script.metadata["name"]),
                    },
                },
            },
            opts=child,
        )
        self.register_outputs({})


def _container(args: NodeCheckArgs) -> ContainerArgsDict:
    script = f"{_MOUNT}/{tuning.SCRIPT}"
    apply = f"sh {script} apply {_HOST} >/dev/null; " if args.apply else ""
    mounts: list[VolumeMountArgsDict] = [{"name": "script", "mount_path": _MOUNT, "read_only": True}]
    if args.apply:
        mounts += [{"name": path.strip("/").replace("/", "-"), "mount_path": f"{_HOST}{path}"} for path in _WRITTEN]
    return {
        "name": "check",
        "image": args.image,
        "command": ["sh", "-c", _LOOP.format(apply=apply, script=script, every=_EVERY)],
        # Images for GPUs ask the node's runtime for every card, which are others'.
        "env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"}],
        "security_context": gpu_pods.root("NET_ADMIN") if args.apply else _nobody(),
        "readiness_probe": {
            "exec_": {"command": ["sh", script, "check"]},
            "period_seconds": 60,
            "timeout_seconds": 20,
            "failure_threshold": 2,
        },
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "100m", "memory": "64Mi"}},
        "volume_mounts": mounts,
    }


def _volumes(args: NodeCheckArgs, script: pulumi.Input[str]) -> list[VolumeArgsDict]:
    made: list[VolumeArgsDict] = [{"name": "script", "config_map": {"name": script}}]
    if args.apply:
        made += [
            {"name": path.strip("/").replace("/", "-"), "host_path": {"path": path, "type": "Directory"}}
            for path in _WRITTEN
        ]
    return made


def _nobody() -> core.v1.SecurityContextArgsDict:
    """The image's own user."""
    return {
        "run_as_non_root": True,
        "allow_privilege_escalation": False,
        "read_only_root_filesystem": True,
        "capabilities": {"drop": ["ALL"]},
        "seccomp_profile": {"type": "RuntimeDefault"},
    }
