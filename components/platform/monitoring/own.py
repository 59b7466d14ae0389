"""Monitoring of the region's own in its namespace: Prometheus, Alertmanager and, where there is an image, Grafana."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pulumi

from components import connections
from components.connections import Connection, Outside, Pods, Port
from components.platform.monitoring import alertmanager as alerting
from components.platform.monitoring import alerts, rules
from components.platform.monitoring import prometheus as figures
from components.platform.monitoring.alertmanager import Alertmanager, AlertmanagerArgs
from components.platform.monitoring.dashboards import dashboards
from components.platform.monitoring.dashboards.panels import grafana
from components.platform.monitoring.grafana import Grafana, GrafanaArgs
from components.platform.monitoring.prometheus import Prometheus, PrometheusArgs
from components.platform.monitoring.receivers import Receiver
from components.platform.monitoring.rules import Severity
from components.platform.monitoring.scrape import RemoteWrite, Target
from components.platform.monitoring.watched import Watched
from components.types import Resources, Volume

_VOLUME = Volume(size="20Gi")  # 2 weeks of about 10,000 series, each 15 s, at 2 bytes a sample: 16 GB
_RESOURCES = Resources(cpu_request="100m", cpu_limit="1", memory_request="512Mi", memory_limit="2Gi")
_ANYWHERE = ("0.0.0.0/0",)  # receivers and stores are others' and move


@dataclass(frozen=True, kw_only=True)
class Images:
    """Without Grafana's nobody draws the dashboards; the rest works."""

    prometheus: str
    alertmanager: str
    grafana: str | None = None


@dataclass(frozen=True, kw_only=True)
class OwnMonitoringArgs:
    """`receivers`: who is told, by severity; what nobody receives is shown only."""

    namespace: pulumi.Input[str]
    images: Images
    watched: Watched
    targets: tuple[Target, ...]
    receivers: Mapping[Severity, Receiver] = field(default_factory=dict)
    remote: RemoteWrite | None = None
    retention_days: int = 15
    volume: Volume = _VOLUME
    resources: Resources = _RESOURCES

    def __post_init__(self) -> None:
        if self.retention_days < 4:
            raise ValueError(
                f"OwnMonitoringArgs.retention_days: {self.retention_days} is not allowed: slow burns are seen over 3 "
                "days, so keep 4 or more"
            )


class OwnMonitoring(pulumi.ComponentResource):
    """Watches the targets and itself, by the region's rules."""

    connections: tuple[Connection, ...]

    def __init__(self, name: str, args: OwnMonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:platform:OwnMonitoring", name, None, opts)
        child, stack = pulumi.ResourceOptions(parent=self), args.watched.stack
        names = {part: f"{stack}-{part}" for part in ("prometheus", "alertmanager", "grafana")}
        itself = tuple(
            Target(job=names[part], pods=connections.workload(part, names[part]), port=port, port_name="http")
            for part, port in (("prometheus", figures.PORT), ("alertmanager", alerting.PORT))
        )
        telling = AlertmanagerArgs(namespace=args.namespace, image=args.images.alertmanager, receivers=args.receivers)
        alertmanager = Alertmanager(names["alertmanager"], telling, child)
        prometheus = Prometheus(
            names["prometheus"],
            PrometheusArgs(
                namespace=args.namespace,
                image=args.images.prometheus,
                stack=stack,
                targets=(*args.targets, *itself),
                rules=rules.document(alerts.groups(args.watched), stack=stack, runbooks=args.watched.runbooks),
                alertmanager=alertmanager.address,
                retention_days=args.retention_days,
                volume=args.volume,
                resources=args.resources,
                remote=args.remote,
            ),
            child,
        )
        shown = _shown(names["grafana"], args, prometheus.url, child)
        self.connections = (
            *_asked(prometheus.pods, args.targets),
            *_between(prometheus.pods, alertmanager.pods, shown.pods if shown else None),
            *_outside(prometheus.pods, alertmanager.pods, args),
        )
        self.register_outputs({})


def _shown(
    name: str, args: OwnMonitoringArgs, prometheus: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> Grafana | None:
    """`prometheus`: its URL."""
    if args.images.grafana is None:
        return None
    boards = {board.key: grafana(board, args.watched.stack) for board in dashboards(args.watched)}
    told = GrafanaArgs(namespace=args.namespace, image=args.images.grafana, prometheus=prometheus, dashboards=boards)
    return Grafana(name, told, opts)


def _asked(prometheus: Pods, targets: tuple[Target, ...]) -> Iterator[Connection]:
    for target in targets:
        yield Connection(
            description=f"Prometheus asks {target.job} for its figures.",
            source=prometheus,
            target=target.pods,
            ports=(Port(number=target.port),),
        )


def _between(prometheus: Pods, alertmanager: Pods, shown: Pods | None) -> Iterator[Connection]:
    edges = [
        ("Prometheus asks itself for its figures.", prometheus, prometheus, figures.PORT),
        ("Prometheus hands alerts on, and asks for figures.", prometheus, alertmanager, alerting.PORT),
    ]
    if shown:
        edges.append(("Grafana shows what Prometheus knows.", shown, prometheus, figures.PORT))
    for description, source, target, port in edges:
        yield Connection(description=description, source=source, target=target, ports=(Port(number=port),))
    for pods in filter(None, (prometheus, alertmanager, shown)):
        yield connections.to_dns(pods)


def _outside(prometheus: Pods, alertmanager: Pods, args: OwnMonitoringArgs) -> Iterator[Connection]:
    if args.receivers:
        yield Connection(
            description="Alertmanager tells people.",
            source=alertmanager,
            target=Outside(name="receivers", cidrs=_ANYWHERE),
            ports=tuple(Port(number=port) for port in sorted({told.port for told in args.receivers.values()})),
        )
    if args.remote:
        yield Connection(
            description="Prometheus sends its figures to another store, too.",
            source=prometheus,
            target=Outside(name="remote-store", cidrs=_ANYWHERE),
            ports=(Port(number=args.remote.port),),
        )
