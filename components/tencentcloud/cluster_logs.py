"""Logs of a cluster: audit, events, and the system's own containers, all kept for the same time."""

from dataclasses import dataclass

import pulumi
from tencentcloud_iac_pulumi import kubernetes

from components.tencentcloud.logs import Logs

AUDIT, EVENTS, SYSTEM = "audit", "events", "system"
TOPICS = {
    AUDIT: "Every request to the Kubernetes API: who, what, when",
    EVENTS: "Events of the cluster: scheduling, scaling, failures",
    SYSTEM: "What the containers of kube-system write",
}
_NAMESPACE = "kube-system"


@dataclass(frozen=True, kw_only=True)
class CollectorArgs:
    cluster: pulumi.Input[str]
    region: str
    logs: Logs


def collect_system(name: str, args: CollectorArgs, opts: pulumi.ResourceOptions) -> kubernetes.LogConfig:
    """Has the log agent send what system containers write. The workloads' own logs are the monitoring's part."""
    return kubernetes.LogConfig(
        name,
        cluster_id=args.cluster,
        cluster_type="tke",
        log_config_name=name,
        logset_id=args.logs.logset,
        log_config=pulumi.Output.json_dumps(_config(name, args)),
        opts=opts,
    )


def _config(name: str, args: CollectorArgs) -> dict[str, object]:
    """The agent's custom resource, as kubernetes.LogConfig's docstring shows it."""
    return {
        "apiVersion": "cls.cloud.tencent.com/v1",
        "kind": "LogConfig",
        "metadata": {"name": name},
        "spec": {
            "clsDetail": {
                "extractRule": {},
                "logFormat": "default",
                "logType": "minimalist_log",
                "logsetId": args.logs.logset,
                "topicId": args.logs.topics[SYSTEM],
                "region": args.region,
            },
            "inputDetail": {
                "type": "container_stdout",
                "containerStdout": {"allContainers": True, "namespace": _NAMESPACE, "nsLabelSelector": ""},
            },
        },
    }
