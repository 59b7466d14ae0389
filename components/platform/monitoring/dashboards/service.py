"""The model servers, as their users feel them."""

from components.platform.monitoring import figures, slo
from components.platform.monitoring.dashboards.panels import Dashboard, Panel, Query, Unit
from components.platform.monitoring.figures import quantile
from components.platform.monitoring.watched import Watched

_SHARES = (0.5, 0.95, 0.99)


def dashboard(watched: Watched) -> Dashboard:
    return Dashboard(key="service", title="service", panels=(*_asked(watched), *_inside(watched)))


def _asked(watched: Watched) -> tuple[Panel, ...]:
    """What comes, and how fast it is answered."""
    job, promised = watched.serving, watched.objectives
    of = f'{{job="{job}"}}'
    return (
        _quantiles(
            "First token",
            "From a request's arrival to its first token.",
            "time_to_first_token",
            job,
            promised.p95_seconds,
        ),
        _quantiles("Between tokens", "What a reader of a stream feels.", "inter_token_latency", job),
        _quantiles("Whole answers", "From a request's arrival to its end.", "e2e_request_latency", job),
        Panel(
            title="Requests",
            text="Answers that were complete, by how they ended.",
            unit=Unit.RATE,
            queries=(
                Query(
                    expr=f"sum by (finished_reason) (rate(vllm:request_success_total{of}[5m]))",
                    legend="{{finished_reason}}",
                ),
            ),
        ),
        Panel(
            title="Tokens a second",
            text="Of prompts, and of answers.",
            queries=(
                Query(expr=f"sum(rate(vllm:prompt_tokens_total{of}[5m]))", legend="prompts"),
                Query(expr=f"sum(rate(vllm:generation_tokens_total{of}[5m]))", legend="answers"),
            ),
        ),
        Panel(
            title="At work and waiting",
            text="Requests of all servers. A queue that stays wants more servers.",
            queries=(
                Query(expr=f"sum(vllm:num_requests_running{of})", legend="at work"),
                Query(expr=f"sum(vllm:num_requests_waiting{of})", legend="waiting"),
            ),
        ),
    )


def _inside(watched: Watched) -> tuple[Panel, ...]:
    """What servers do meanwhile."""
    job = watched.serving
    of, active = f'{{job="{job}"}}', f'job="{job}",state="active"'
    return (
        Panel(
            title="Where the time goes",
            text="The 95th percentile of each phase.",
            unit=Unit.SECONDS,
            queries=tuple(
                Query(expr=quantile(0.95, f"vllm:request_{phase}_time_seconds", job), legend=phase)
                for phase in ("queue", "prefill", "decode")
            ),
        ),
        Panel(
            title="KV cache",
            text="Share in use, by server; and the share of prompt tokens that were in it already.",
            unit=Unit.SHARE,
            limit=0.95,
            queries=(
                Query(expr=f"vllm:kv_cache_usage_perc{of}", legend="{{instance}}"),
                Query(
                    expr=f"sum(rate(vllm:prefix_cache_hits_total{of}[5m])) / "
                    f"(sum(rate(vllm:prefix_cache_queries_total{of}[5m])) > 0)",
                    legend="found in it",
                ),
            ),
        ),
        Panel(
            title="Budgets of errors",
            text="Share of requests over the last hour that broke a promise.",
            unit=Unit.SHARE,
            queries=tuple(
                Query(expr=f'{slo.errors(objective, "1h")}{{stack="{watched.stack}"}}', legend=objective.name)
                for objective in figures.objectives(watched)
            ),
        ),
        Panel(
            title="Servers",
            text="Those that answer, and the versions that are active on them.",
            queries=(
                Query(expr=f"sum(up{of})", legend="answer"),
                Query(
                    expr=f"sum by (model_name, version) (autoglm:model_version_state{{{active}}})",
                    legend="{{model_name}} {{version}}",
                ),
            ),
        ),
        Panel(
            title="Memory",
            text="Of each server's process.",
            unit=Unit.BYTES,
            queries=(Query(expr=f"process_resident_memory_bytes{of}", legend="{{instance}}"),),
        ),
    )


def _quantiles(title: str, text: str, name: str, job: str, limit: float | None = None) -> Panel:
    return Panel(
        title=title,
        text=text,
        unit=Unit.SECONDS,
        limit=limit,
        queries=tuple(
            Query(expr=quantile(share, f"vllm:{name}_seconds", job), legend=f"P{share * 100:g}") for share in _SHARES
        ),
    )
