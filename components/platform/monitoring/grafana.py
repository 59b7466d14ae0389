"""Grafana of the region's own, which only shows: its source and its dashboards are provisioned, nothing is kept."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_random as random
from pulumi_kubernetes import apps, core
from pulumi_kubernetes.core.v1 import ContainerArgsDict, EnvVarArgsDict, VolumeArgsDict

from components import connections, naming
from components.platform.monitoring import sizes
from components.types import Resources
from components.workloads import pod

PORT = 3000
_PROVISIONING, _DASHBOARDS, _DATA = "/etc/grafana/provisioning", "/etc/grafana/dashboards", "/var/lib/grafana"
_SETTINGS = {
    "GF_PATHS_PROVISIONING": _PROVISIONING,
    "GF_PATHS_DATA": _DATA,
    "GF_LOG_MODE": "console",
    "GF_USERS_ALLOW_SIGN_UP": "false",
    # Nothing is fetched from or told to the world outside.
    "GF_ANALYTICS_REPORTING_ENABLED": "false",
    "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
    "GF_PLUGINS_PREINSTALL_DISABLED": "true",
    "GF_NEWS_NEWS_FEED_ENABLED": "false",
}


@dataclass(frozen=True, kw_only=True)
class GrafanaArgs:
    """`dashboards`: Grafana's JSON of each, by a name for its file. `prometheus`: its URL."""

    namespace: pulumi.Input[str]
    image: str
    prometheus: pulumi.Input[str]
    dashboards: Mapping[str, Mapping[str, Any]]
    resources: Resources = sizes.GRAFANA


class Grafana(pulumi.ComponentResource):
    """Deployment, Service inside the cluster, provisioned source and dashboards, the password of `admin`."""

    pods: connections.Pods

    def __init__(self, name: str, args: GrafanaArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:platform:Grafana", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels, self.pods = naming.labels("grafana", name, "monitoring"), connections.workload("grafana", name)
        metadata = pod.metadata(args.namespace, labels)
        password = random.RandomPassword(f"{name}-password", length=32, special=False, opts=child)
        # Asked for by its name in docs/monitoring.md.
        login = core.v1.Secret(
            f"{name}-login",
            metadata=pod.metadata(args.namespace, labels, f"{name}-login"),
            string_data={"password": password.result},
            opts=child,
        )
        maps: dict[str, dict[str, pulumi.Input[str]]] = {
            "sources": {"sources.json": _source(args.prometheus)},
            "providers": {"providers.json": json.dumps(_PROVIDER)},
            "dashboards": {f"{key}.json": json.dumps(board) for key, board in args.dashboards.items()},
        }
        made = {
            key: core.v1.ConfigMap(f"{name}-{key}", metadata=metadata, data=data, opts=child)
            for key, data in maps.items()
        }
        core.v1.Service(
            f"{name}-service",
            metadata=pod.metadata(args.namespace, labels, name),
            spec={"selector": dict(self.pods.labels), "ports": [{"name": "http", "port": PORT}]},
            opts=child,
        )
        apps.v1.Deployment(
            f"{name}-deployment",
            metadata=metadata,
            spec={
                "replicas": 1,
                "strategy": pod.strategy(),
                "selector": {"match_labels": dict(self.pods.labels)},
                "template": pod.template(
                    labels,
                    {
                        "service_account_name": pod.account(name, metadata, child),
                        "containers": [_container(args, login.metadata["name"])],
                        "volumes": [
                            {"name": "data", "empty_dir": {"size_limit": "256Mi"}},
                            *_volumes(made),
                        ],
                    },
                ),
            },
            opts=child,
        )
        self.register_outputs({})


def _volumes(maps: Mapping[str, core.v1.ConfigMap]) -> list[VolumeArgsDict]:
    return [{"name": key, "config_map": {"name": held.metadata["name"]}} for key, held in maps.items()]


_PROVIDER = {"apiVersion": 1, "providers": [{"name": "region", "type": "file", "options": {"path": _DASHBOARDS}}]}


def _source(url: pulumi.Input[str]) -> pulumi.Output[str]:
    """Grafana's provisioned source of figures."""
    return pulumi.Output.from_input(url).apply(
        lambda told: json.dumps(
            {
                "apiVersion": 1,
                "datasources": [
                    {"name": "Prometheus", "type": "prometheus", "url": told, "access": "proxy", "isDefault": True}
                ],
            }
        )
    )


def _container(args: GrafanaArgs, login: pulumi.Output[str]) -> ContainerArgsDict:
    environment: list[EnvVarArgsDict] = [{"name": key, "value": value} for key, value in _SETTINGS.items()]
    return pod.container(
        {
            "name": "grafana",
            "image": args.image,
            "env": [
                *environment,
                {
                    "name": "GF_SECURITY_ADMIN_PASSWORD",
                    "value_from": {"secret_key_ref": {"name": login, "key": "password"}},
                },
            ],
            "ports": [{"name": "http", "container_port": PORT}],
            "startup_probe": pod.probe("/api/health", "http", period=2, failures=60),
            "readiness_probe": pod.probe("/api/health", "http", period=5, failures=3),
            "liveness_probe": pod.probe("/api/health", "http", period=15, failures=4),
            "resources": pod.resources(args.resources),
            "volume_mounts": [
                {"name": "data", "mount_path": _DATA},
                {"name": "sources", "mount_path": f"{_PROVISIONING}/datasources", "read_only": True},
                {"name": "providers", "mount_path": f"{_PROVISIONING}/dashboards", "read_only": True},
                {"name": "dashboards", "mount_path": _DASHBOARDS, "read_only": True},
            ],
        }
    )
