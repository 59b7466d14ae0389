"""A fault for each alert, as promtool plays it: the figures before, while and after it.

Series are in promtool's notation: `0+60x30` is 0 and 30 steps of 60, `_` a figure that is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Case:
    """The alert does not fire at `quiet`, fires at `fires` with the labels and the summary, and no longer at `clears`.
    Times are Prometheus' durations since the first figure; `step` is between two figures."""

    alert: str
    series: Mapping[str, str]
    summary: str
    quiet: str = "1m"
    fires: str
    clears: str
    severity: str = "ticket"
    labels: Mapping[str, str] = field(default_factory=dict)
    step: str = "1m"


def up(job: str, values: Mapping[str, str]) -> dict[str, str]:
    return {f'up{{job="t-{job}",instance="{instance}"}}': told for instance, told in values.items()}


def of(name: str, job: str, **labels: str) -> str:
    told = ",".join(f'{key}="{value}"' for key, value in {"job": f"t-{job}", "instance": "a:1", **labels}.items())
    return f"{name}{{{told}}}"


def answers(step: int, bad: str, times: int) -> dict[str, str]:
    """The gateway's answers; `step` in all each minute."""
    api = {"envoy_http_conn_manager_prefix": "api"}
    return {
        of("envoy_http_downstream_rq_completed", "gateway", **api): f"0+{step}x{times}",
        of("envoy_http_downstream_rq_xx", "gateway", **api, envoy_response_code_class="5"): bad,
    }


def first_tokens(good: str, every: str) -> dict[str, str]:
    """Requests whose first token came within 0.25, 0.5, 1 and 2.5 s, and all."""
    name = "vllm:time_to_first_token_seconds"
    return {
        **{of(f"{name}_bucket", "serving", le=le): good for le in ("0.25", "0.5", "1.0", "2.5")},
        of(f"{name}_bucket", "serving", le="5.0"): every,
        of(f"{name}_bucket", "serving", le="+Inf"): every,
        of(f"{name}_count", "serving"): every,
    }


SERVING = (
    Case(
        alert="FirstTokenP95High",
        series=first_tokens("0+60x15 900+0x30 900+60x60", "0+60x105"),
        fires="35m",
        clears="65m",
        summary="The first token of 95% of requests comes within 4.875s, and no longer within 0.5 s.",
    ),
    Case(
        alert="FirstTokenP99High",
        series=first_tokens("0+60x15 900+0x30 900+60x60", "0+60x105"),
        fires="35m",
        clears="65m",
        summary="The first token of 99% of requests comes within 4.975s, and no longer within 0.8 s.",
    ),
    Case(
        alert="QueueGrows",
        series={of("vllm:num_requests_waiting", "serving"): "0x10 1+2x20 0x20"},
        fires="25m",
        clears="35m",
        summary="More requests come than the servers answer: 29 wait, and for 10 minutes it became more.",
    ),
    Case(
        alert="KvCacheFull",
        series={of("vllm:kv_cache_usage_perc", "serving"): "0.5x5 0.97x15 0.5x10"},
        quiet="14m",
        fires="17m",
        clears="25m",
        labels={"job": "t-serving", "instance": "a:1"},
        summary="The KV cache of a:1 is 97% full: requests will wait, or lose their place and be computed again.",
    ),
    Case(
        alert="AnswersBreakOff",
        series={
            of("vllm:request_success_total", "serving"): "0+60x60",
            of("autoglm:request_failures_total", "serving"): "0x10 0+20x20 400x40",
        },
        severity="page",
        fires="25m",
        clears="45m",
        summary="25% of answers are broken off by the engine.",
    ),
    Case(
        alert="RolloutFailed",
        series={of("autoglm:model_rollbacks_total", "serving", model_name="m"): "0x10 1x30"},
        fires="12m",
        clears="35m",
        labels={"job": "t-serving", "instance": "a:1", "model_name": "m"},
        summary="A version of m could not be rolled out on a:1; the one before it serves.",
    ),
    Case(
        alert="NoServerAnswers",
        series=up("serving", {"a:1": "1x10 0x10 1x10", "b:1": "1x10 0x10 1x10"}),
        severity="page",
        fires="15m",
        clears="25m",
        summary="No model server answers.",
    ),
    Case(
        alert="ServersMissing",
        series=up("serving", {"a:1": "1x50", "b:1": "1x10 0x20 1x20"}),
        quiet="20m",
        fires="28m",
        clears="40m",
        summary="1 of 2 model servers answer.",
    ),
)

GATEWAY = (
    Case(
        alert="ServerErrors",
        series=answers(60, "0x10 0+3x20 60x20", 50),
        severity="page",
        fires="20m",
        clears="40m",
        summary="5% of requests get a server error.",
    ),
    Case(
        alert="NoGatewayAnswers",
        series=up("gateway", {"a:1": "1x10 _x10 1x10"}),
        severity="page",
        fires="18m",
        clears="25m",
        summary="No gateway answers: clients reach nothing.",
    ),
    Case(
        alert="ServerLeftOut",
        series={
            of("envoy_cluster_outlier_detection_ejections_active", "gateway", envoy_cluster_name="servers"): (
                "0x5 1x15 0x10"
            )
        },
        fires="15m",
        clears="25m",
        labels={"envoy_cluster_name": "servers"},
        summary="The gateway leaves 1 servers of servers out, since they fail.",
    ),
    Case(
        alert="GatewayMemoryHigh",
        series={of("envoy_overload_envoy_resource_monitors_fixed_heap_pressure", "gateway"): "40x5 95x15 40x10"},
        fires="15m",
        clears="25m",
        labels={"job": "t-gateway", "instance": "a:1"},
        summary="a:1 uses 95% of its memory: it will refuse requests.",
    ),
    Case(
        alert="GatewayCertificateExpires",
        series={of("envoy_server_days_until_first_cert_expiring", "gateway"): "4294967295x5 13x10 90x10"},
        fires="10m",
        clears="20m",
        labels={"job": "t-gateway", "instance": "a:1"},
        summary="A certificate of a:1 ends in 13 days.",
    ),
)

PLATFORM = (
    Case(
        alert="TargetDown",
        series=up("gateway", {"a:1": "1x5 0x20 1x10", "b:1": "1x40"}),
        quiet="14m",
        fires="20m",
        clears="30m",
        labels={"job": "t-gateway", "instance": "a:1"},
        summary="a:1 of t-gateway does not show its figures.",
    ),
    Case(
        alert="PodRestarts",
        series={of("process_start_time_seconds", "serving"): "1x5 2x5 3x5 4x60"},
        quiet="14m",
        fires="20m",
        clears="60m",
        labels={"job": "t-serving", "instance": "a:1"},
        summary="a:1 of t-serving started 3 times again within 30 minutes.",
    ),
    Case(
        alert="RulesFail",
        series={
            'prometheus_rule_evaluation_failures_total{job="t-prometheus",instance="a:1",rule_group="x"}': "0x5 2x30"
        },
        fires="8m",
        clears="30m",
        labels={"job": "t-prometheus", "instance": "a:1", "rule_group": "x"},
        summary="Rules of x can not be computed.",
    ),
    Case(
        alert="AlertsNotDelivered",
        series={
            'alertmanager_notifications_failed_total{job="t-alertmanager",instance="a:1",integration="webhook"}': (
                "0x5 1+1x20 21x30"
            )
        },
        severity="page",
        fires="20m",
        clears="45m",
        labels={"integration": "webhook"},
        summary="Alerts do not reach webhook.",
    ),
    Case(
        alert="BudgetExceeded",
        series=up("serving", {"a:1": "1x720", "b:1": "0x60 1x480 0x720"}),
        quiet="30m",
        fires="6h",
        clears="18h",
        summary="At the pace of the last 6 hours the month costs $5110, and $5000 is the budget.",
    ),
)
