"""Monitoring by a Prometheus Operator that the cluster has: what it watches, by which rules, and what Grafana shows.

It finds these objects by `labels`, and Grafana's sidecar the dashboards by `grafana_dashboard`, as in the chart
kube-prometheus-stack.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_kubernetes import apiextensions, core

from components import naming
from components.connections import Connection, Pods, Port
from components.platform.monitoring import alerts, rules
from components.platform.monitoring.dashboards import dashboards
from components.platform.monitoring.dashboards.panels import grafana
from components.platform.monitoring.scrape import INTERVAL, Target
from components.platform.monitoring.watched import Watched

_API = "monitoring.coreos.com/v1"
_PROMETHEUS = {"app.kubernetes.io/name": "prometheus"}  # of the operator's pods


@dataclass(frozen=True, kw_only=True)
class OperatorMonitoringArgs:
    """`labels`: by which the operator selects PodMonitors and PrometheusRules. `prometheus_namespace`: of its
    Prometheus' pods, which may ask the targets."""

    namespace: pulumi.Input[str]
    watched: Watched
    targets: tuple[Target, ...]
    prometheus_namespace: str = "monitoring"
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.watched.own:
            raise ValueError("OperatorMonitoringArgs.watched: own is for a Prometheus of one's own: set it to false")


class OperatorMonitoring(pulumi.ComponentResource):
    """A PodMonitor for each job, one PrometheusRule, a ConfigMap for each dashboard."""

    connections: tuple[Connection, ...]

    def __init__(self, name: str, args: OperatorMonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:platform:OperatorMonitoring", name, None, opts)
        child, stack = pulumi.ResourceOptions(parent=self), args.watched.stack
        labels = naming.labels("monitoring", name, "monitoring")
        metadata = {"namespace": args.namespace, "labels": labels | dict(args.labels)}
        for target in args.targets:
            apiextensions.CustomResource(
                f"{name}-{target.job}",
                api_version=_API,
                kind="PodMonitor",
                metadata=metadata,
                spec=_monitor(target),
                opts=child,
            )
        document = rules.document(alerts.groups(args.watched), stack=stack, runbooks=args.watched.runbooks)
        apiextensions.CustomResource(
            f"{name}-rules", api_version=_API, kind="PrometheusRule", metadata=metadata, spec=document, opts=child
        )
        for board in dashboards(args.watched):
            core.v1.ConfigMap(
                f"{name}-{board.key}",
                metadata={"namespace": args.namespace, "labels": labels | {"grafana_dashboard": "1"}},
                data={f"{stack}-{board.key}.json": json.dumps(grafana(board, stack))},
                opts=child,
            )
        source = Pods(name="prometheus", labels=_PROMETHEUS, namespace=args.prometheus_namespace)
        self.connections = tuple(
            Connection(
                description=f"The cluster's Prometheus asks {target.job} for its figures.",
                source=source,
                target=target.pods,
                ports=(Port(number=target.port),),
            )
            for target in args.targets
            if target.pods.namespace is None
        )
        self.register_outputs({})


def _monitor(target: Target) -> rules.Json:
    """The job is named as in a Prometheus of our own: the rules ask for it."""
    elsewhere = {"namespaceSelector": {"matchNames": [target.pods.namespace]}} if target.pods.namespace else {}
    return {
        "selector": {"matchLabels": dict(target.pods.labels)},
        "podMetricsEndpoints": [
            {
                "port": target.port_name,
                "interval": INTERVAL,
                "relabelings": [{"targetLabel": "job", "replacement": target.job}],
            }
        ],
        **elsewhere,
    }
