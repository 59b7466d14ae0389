"""What may go wrong with the model servers."""

from collections.abc import Iterator

from components.platform.monitoring.figures import quantile
from components.platform.monitoring.rules import Alert, Severity
from components.platform.monitoring.watched import Watched

_FIRST_TOKEN = "vllm:time_to_first_token_seconds"  # noqa: S105  no secret


def alerts(watched: Watched) -> Iterator[Alert]:
    job, promised = f'{{job="{watched.serving}"}}', watched.objectives
    for name, share, limit in (
        ("FirstTokenP95High", 0.95, promised.p95_seconds),
        ("FirstTokenP99High", 0.99, promised.p99_seconds),
    ):
        yield Alert(
            name=name,
            expr=f"{quantile(share, _FIRST_TOKEN, watched.serving)} > {limit:g}",
            lasts="10m",
            severity=Severity.TICKET,
            summary=f"The first token of {share:.0%} of requests comes within {{{{ $value | humanizeDuration }}}}, "
            f"and no longer within {limit:g} s.",
        )
    waiting = f"sum(vllm:num_requests_waiting{job})"
    yield Alert(
        name="QueueGrows",
        expr=f"{waiting} > 0 and deriv({waiting}[10m:30s]) > 0 and min_over_time({waiting}[5m:30s]) > 0",
        lasts="5m",
        severity=Severity.TICKET,
        summary="More requests come than the servers answer: {{ $value }} wait, and for 10 minutes it became more.",
    )
    yield Alert(
        name="KvCacheFull",
        expr=f"vllm:kv_cache_usage_perc{job} > 0.95",
        lasts="10m",
        severity=Severity.TICKET,
        summary="The KV cache of {{ $labels.instance }} is {{ $value | humanizePercentage }} full: requests will "
        "wait, or lose their place and be computed again.",
    )
    failed = f"sum(rate(autoglm:request_failures_total{job}[10m]))"
    good = f"sum(rate(vllm:request_success_total{job}[10m]))"
    yield Alert(
        name="AnswersBreakOff",
        expr=f"{failed} / ({failed} + ({good} or vector(0))) > {promised.error_share:g}",
        lasts="5m",
        severity=Severity.PAGE,
        summary="{{ $value | humanizePercentage }} of answers are broken off by the engine.",
    )
    yield Alert(
        name="RolloutFailed",
        expr=f'autoglm:model_version_state{{job="{watched.serving}",state="failed"}} == 1 or '
        f"increase(autoglm:model_rollbacks_total{job}[15m]) > 0",
        severity=Severity.TICKET,
        summary="A version of {{ $labels.model_name }} could not be rolled out on {{ $labels.instance }}; the one "
        "before it serves.",
    )
    if watched.servers:
        yield Alert(
            name="NoServerAnswers",
            expr=f"(sum(up{job}) or vector(0)) == 0",
            lasts="1m",
            severity=Severity.PAGE,
            summary="No model server answers.",
        )
        yield Alert(
            name="ServersMissing",
            expr=f"sum(up{job}) < {watched.servers} and sum(up{job}) > 0",
            lasts="15m",
            severity=Severity.TICKET,
            summary=f"{{{{ $value }}}} of {watched.servers} model servers answer.",
        )
