"""What may go wrong at the way in."""

from collections.abc import Iterator

from components.platform.monitoring.figures import answered
from components.platform.monitoring.rules import Alert, Severity
from components.platform.monitoring.watched import Watched

_DAYS = 14  # that a certificate must still be valid for
_NONE = 4294967295  # what Envoy says where it has no certificate


def alerts(watched: Watched) -> Iterator[Alert]:
    job, limit = f'{{job="{watched.gateway}"}}', watched.objectives.error_share
    yield Alert(
        name="ServerErrors",
        expr=f"{answered(watched.gateway, '5m', '5')} / {answered(watched.gateway, '5m')} > {limit:g}",
        lasts="5m",
        severity=Severity.PAGE,
        summary="{{ $value | humanizePercentage }} of requests get a server error.",
    )
    yield Alert(
        name="NoGatewayAnswers",
        expr=f"(sum(up{job}) or vector(0)) == 0",
        lasts="1m",
        severity=Severity.PAGE,
        summary="No gateway answers: clients reach nothing.",
    )
    yield Alert(
        name="ServerLeftOut",
        expr=f"sum by (envoy_cluster_name) (envoy_cluster_outlier_detection_ejections_active{job}) > 0",
        lasts="5m",
        severity=Severity.TICKET,
        summary="The gateway leaves {{ $value }} servers of {{ $labels.envoy_cluster_name }} out, since they fail.",
    )
    yield Alert(
        name="GatewayMemoryHigh",
        expr=f"envoy_overload_envoy_resource_monitors_fixed_heap_pressure{job} > 90",
        lasts="5m",
        severity=Severity.TICKET,
        summary="{{ $labels.instance }} uses {{ $value }}% of its memory: it will refuse requests.",
    )
    days = f"envoy_server_days_until_first_cert_expiring{job}"
    yield Alert(
        name="GatewayCertificateExpires",
        expr=f"{days} < {_DAYS} and {days} != {_NONE}",
        severity=Severity.TICKET,
        summary="A certificate of {{ $labels.instance }} ends in {{ $value }} days.",
    )
