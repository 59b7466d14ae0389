"""How many requests there are, and how many there will be, as PromQL."""

from typing import Final

WEEKS: Final = 3
RETENTION_DAYS: Final = 7 * WEEKS + 1
"""What Prometheus must keep for the forecast."""
OPEN: Final = "autoglm:requests_open"
"""The name under which the requests that servers have, and those that wait for one, are recorded."""


def open_requests(serving: str, room: str | None) -> str:
    """`serving`, `room`: jobs. At zero servers nothing is told of them, which counts as none."""
    parts = [f'vllm:num_requests_{state}{{job="{serving}"}}' for state in ("running", "waiting")]
    if room:
        parts.append(f'autoglm:requests_held{{job="{room}"}}')
    return " + ".join(f"(sum({part}) or vector(0))" for part in parts)


def expected(stack: str, lead_minutes: int) -> str:
    """Requests that will be open `lead_minutes` from now: the mean over past weeks of the most in the half hour around
    then. A week of which nothing is known does not count."""
    weeks = [
        f'label_replace(max_over_time({OPEN}{{stack="{stack}"}}[30m] offset {_minutes(week, lead_minutes)}m),'
        f' "week", "{week}", "", "")'
        for week in range(1, WEEKS + 1)
    ]
    return f"avg({' or '.join(weeks)})"


def _minutes(week: int, lead: int) -> int:
    """The half hour ends a quarter of an hour past the time asked for."""
    return week * 7 * 24 * 60 - lead - 15


def p95_seconds(serving: str) -> str:
    """Of a request's whole time; no number while there are none."""
    buckets = f'vllm:e2e_request_latency_seconds_bucket{{job="{serving}"}}'
    return f"(histogram_quantile(0.95, sum by (le) (rate({buckets}[2m]))) >= 0) or vector(0)"


def gpu_percent(gpus: str) -> str:
    """Of all cards that the job `gpus`, DCGM's exporter, tells of."""
    return f'avg(DCGM_FI_DEV_GPU_UTIL{{job="{gpus}"}}) or vector(0)'
