"""Alertmanager of the region's own: groups alerts, keeps quiet what another explains, and tells people."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import core
from pulumi_kubernetes.core.v1 import ContainerArgsDict, PodSpecArgsDict

from components import connections
from components.platform.monitoring import receivers, secrets, sizes
from components.platform.monitoring.receivers import SECRETS_FOLDER, Receiver
from components.platform.monitoring.rules import Severity
from components.types import Resources, Volume
from components.workloads import pod, sets

PORT = 9093
_FOLDER, _CONFIG, _DATA = "/etc/alertmanager/config", "alertmanager.json", "/alertmanager"


@dataclass(frozen=True, kw_only=True)
class AlertmanagerArgs:
    namespace: pulumi.Input[str]
    image: str
    receivers: Mapping[Severity, Receiver]
    volume: Volume = sizes.SILENCES
    resources: Resources = sizes.ALERTMANAGER


class Alertmanager(pulumi.ComponentResource):
    """StatefulSet, Service, configuration."""

    address: pulumi.Output[str]  # host:port
    pods: connections.Pods

    def __init__(self, name: str, args: AlertmanagerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:platform:Alertmanager", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        pods = sets.Pods(
            name=name, kind="alertmanager", part="monitoring", namespace=args.namespace, port_name="http", port=PORT
        )
        self.pods = connections.workload("alertmanager", name)
        settings = core.v1.ConfigMap(
            f"{name}-config",
            metadata=pods.metadata,
            data={_CONFIG: json.dumps(receivers.config(args.receivers))},
            opts=child,
        )
        addresses = [receiver.address for receiver in args.receivers.values()]
        spec: PodSpecArgsDict = {
            "containers": [_container(args)],
            "volumes": [
                {"name": "config", "config_map": {"name": settings.metadata["name"]}},
                *secrets.volumes(addresses),
            ],
        }
        service = sets.alone(pods, spec, args.volume, child)
        self.address = pulumi.Output.format("{0}:{1}", service.metadata["name"], PORT)
        self.register_outputs({"address": self.address})


def _container(args: AlertmanagerArgs) -> ContainerArgsDict:
    return pod.container(
        {
            "name": "alertmanager",
            "image": args.image,
            "args": [
                f"--config.file={_FOLDER}/{_CONFIG}",
                f"--storage.path={_DATA}/data",
                f"--web.listen-address=0.0.0.0:{PORT}",
                "--cluster.listen-address=",  # one alone has nobody to gossip with
            ],
            "ports": [{"name": "http", "container_port": PORT}],
            "readiness_probe": pod.probe("/-/ready", "http", period=5, failures=3),
            "liveness_probe": pod.probe("/-/healthy", "http", period=15, failures=4),
            "resources": pod.resources(args.resources),
            "volume_mounts": [
                {"name": "config", "mount_path": _FOLDER, "read_only": True},
                {"name": sets.DISK, "mount_path": _DATA},
                *secrets.mounts((receiver.address for receiver in args.receivers.values()), SECRETS_FOLDER),
            ],
        }
    )
