"""The figures that rules and dashboards share, as PromQL: each is written once."""

from components.platform.monitoring.rules import Record
from components.platform.monitoring.slo import Objective
from components.platform.monitoring.watched import Watched
from components.platform.scaling import demand

HOURS = 730  # in a month: 8,760 / 12


def answered(job: str, window: str, code: str = "") -> str:
    """Requests a second that the gateway has answered; `code`: the first digit of their status."""
    api = f'job="{job}",envoy_http_conn_manager_prefix="api"'
    if code:
        return f'sum(rate(envoy_http_downstream_rq_xx{{{api},envoy_response_code_class="{code}"}}[{window}]))'
    return f"sum(rate(envoy_http_downstream_rq_completed{{{api}}}[{window}]))"


def quantile(share: float, metric: str, job: str, window: str = "5m", by: str = "le") -> str:
    """Of a histogram, over all of a job; `metric` without `_bucket`."""
    return f'histogram_quantile({share:g}, sum by ({by}) (rate({metric}_bucket{{job="{job}"}}[{window}])))'


def objectives(watched: Watched) -> tuple[Objective, ...]:
    """Availability as the gateway sees it, and the time to the first token as the servers do."""
    promised, job = watched.objectives, f'job="{watched.serving}"'
    within = f'{job},le="{promised.first_token_seconds}"'
    every = f"sum(rate(vllm:time_to_first_token_seconds_count{{{job}}}[$window]))"
    good = f"sum(rate(vllm:time_to_first_token_seconds_bucket{{{within}}}[$window]))"
    return (
        Objective(
            name="availability",
            share=promised.availability,
            bad=answered(watched.gateway, "$window", "5"),
            all=answered(watched.gateway, "$window"),
            what="got a server error",
        ),
        Objective(
            name="first-token",
            share=promised.first_token_share,
            bad=f"({every} - {good})",
            all=every,
            what=f"waited more than {promised.first_token_seconds:g} s for their first token",
        ),
    )


def demanded(watched: Watched) -> Record:
    """What the forecast of autoscaling looks back at."""
    return Record(name=demand.OPEN, expr=demand.open_requests(watched.serving, watched.room))


def cost(watched: Watched) -> str:
    """The name under which USD an hour are recorded."""
    return f'autoglm:cost:usd_per_hour{{stack="{watched.stack}"}}'
