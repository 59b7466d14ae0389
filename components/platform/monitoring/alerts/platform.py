"""What may go wrong with any process, and with the watching itself."""

from collections.abc import Iterator

from components.platform.monitoring.rules import Alert, Severity
from components.platform.monitoring.watched import Watched


def alerts(watched: Watched) -> Iterator[Alert]:
    jobs = [watched.serving, watched.gateway, watched.etcd, watched.keeper, watched.gpus]
    job = f'job=~"{"|".join(job for job in jobs if job)}"'
    yield Alert(
        name="Watchdog",
        expr="vector(1)",
        severity=Severity.NONE,
        summary="This alert is always on: when it stops coming, alerts do not arrive.",
    )
    yield Alert(
        name="TargetDown",
        expr=f"up{{{job}}} == 0",
        lasts="10m",
        severity=Severity.TICKET,
        summary="{{ $labels.instance }} of {{ $labels.job }} does not show its figures.",
    )
    yield Alert(
        name="PodRestarts",
        # A container that starts again keeps its pod's address. Envoy tells how long it runs, not since when.
        expr=f"changes(process_start_time_seconds{{{job}}}[30m]) > 2 or resets(envoy_server_uptime{{{job}}}[30m]) > 2",
        severity=Severity.TICKET,
        summary="{{ $labels.instance }} of {{ $labels.job }} started {{ $value }} times again within 30 minutes.",
    )
    if watched.own:
        yield Alert(
            name="RulesFail",
            expr=f'increase(prometheus_rule_evaluation_failures_total{{job="{watched.stack}-prometheus"}}[10m]) > 0',
            severity=Severity.TICKET,
            summary="Rules of {{ $labels.rule_group }} can not be computed.",
        )
        yield Alert(
            name="AlertsNotDelivered",
            expr=f"sum by (integration) (increase("
            f'alertmanager_notifications_failed_total{{job="{watched.stack}-alertmanager"}}[10m])) > 0',
            lasts="5m",
            severity=Severity.PAGE,
            summary="Alerts do not reach {{ $labels.integration }}.",
        )
