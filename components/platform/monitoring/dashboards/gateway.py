"""The way in."""

from components.platform.monitoring.dashboards.panels import Dashboard, Panel, Query, Unit
from components.platform.monitoring.figures import answered, quantile
from components.platform.monitoring.watched import Objectives

_MS = 1000.0  # Envoy's histograms are in milliseconds


def dashboard(job: str, promised: Objectives) -> Dashboard:
    return Dashboard(key="gateway", title="gateway", panels=(*_clients(job, promised), *_servers(job)))


def _clients(job: str, promised: Objectives) -> tuple[Panel, ...]:
    api = f'job="{job}",envoy_http_conn_manager_prefix="api"'
    return (
        Panel(
            title="Answers by status",
            text="By the first digit of the status.",
            unit=Unit.RATE,
            queries=(
                Query(
                    expr=f"sum by (envoy_response_code_class) (rate(envoy_http_downstream_rq_xx{{{api}}}[5m]))",
                    legend="{{envoy_response_code_class}}xx",
                ),
            ),
        ),
        Panel(
            title="Server errors",
            text="Share of all answers.",
            unit=Unit.SHARE,
            limit=promised.error_share,
            queries=(Query(expr=f"{answered(job, '5m', '5')} / {answered(job, '5m')}", legend="5xx"),),
        ),
        Panel(
            title="Whole answers",
            text="From a request's arrival to the last byte of its answer; streams are as long as they are read.",
            unit=Unit.SECONDS,
            queries=tuple(
                Query(
                    expr=f"{quantile(share, 'envoy_http_downstream_rq_time', job)} / {_MS:g}",
                    legend=f"P{share * 100:g}",
                )
                for share in (0.5, 0.95, 0.99)
            ),
        ),
        Panel(
            title="Open",
            text="Requests and connections of clients.",
            queries=(
                Query(expr=f"sum(envoy_http_downstream_rq_active{{{api}}})", legend="requests"),
                Query(expr=f"sum(envoy_http_downstream_cx_active{{{api}}})", legend="connections"),
            ),
        ),
        Panel(
            title="Bytes a second",
            text="From clients, and to them.",
            unit=Unit.BYTES,
            queries=(
                Query(expr=f"sum(rate(envoy_http_downstream_cx_rx_bytes_total{{{api}}}[5m]))", legend="from"),
                Query(expr=f"sum(rate(envoy_http_downstream_cx_tx_bytes_total{{{api}}}[5m]))", legend="to"),
            ),
        ),
    )


def _servers(job: str) -> tuple[Panel, ...]:
    of, servers = f'{{job="{job}"}}', f'job="{job}",envoy_cluster_name!~"probes|admin"'
    return (
        Panel(
            title="Model servers as the gateway sees them",
            text="Those it knows, those it finds healthy, and those it leaves out.",
            queries=(
                Query(expr=f"sum(envoy_cluster_membership_total{{{servers}}})", legend="known"),
                Query(expr=f"sum(envoy_cluster_membership_healthy{{{servers}}})", legend="healthy"),
                Query(
                    expr=f"sum(envoy_cluster_outlier_detection_ejections_active{of})",
                    legend="left out",
                ),
            ),
        ),
        Panel(
            title="Tried again, and timed out",
            text="Requests to model servers a second.",
            unit=Unit.RATE,
            queries=(
                Query(expr=f"sum(rate(envoy_cluster_upstream_rq_retry{{{servers}}}[5m]))", legend="tried again"),
                Query(expr=f"sum(rate(envoy_cluster_upstream_rq_timeout{{{servers}}}[5m]))", legend="timed out"),
                Query(
                    expr=f"sum(rate(envoy_cluster_upstream_cx_connect_fail{{{servers}}}[5m]))",
                    legend="no connection",
                ),
            ),
        ),
        Panel(
            title="Memory",
            text="Share of the limit at which Envoy refuses requests, by gateway.",
            unit=Unit.PERCENT,
            limit=90,
            queries=(
                Query(expr=f"envoy_overload_envoy_resource_monitors_fixed_heap_pressure{of}", legend="{{instance}}"),
            ),
        ),
    )
