"""What KEDA asks Prometheus, asked of the real one's own tester on recorded traffic."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.platform.scaling import demand
from tests.harness import prometheus

pytestmark = pytest.mark.integration

WEEK = 7 * 24
RUNNING, WAITING = 'vllm:num_requests_running{job="s"}', 'vllm:num_requests_waiting{job="s"}'
HELD = 'autoglm:requests_held{job="r"}'
LATENCY = 'vllm:e2e_request_latency_seconds_bucket{job="s",le="%s"}'
OPEN = f'{demand.OPEN}{{stack="t"}}'


def ask(folder: Path, expr: str, at: str, series: dict[str, str], interval: str = "1m") -> None:
    """Fails with what the tester says unless `expr` is the value that the last item of `series` is named after."""
    wanted = float(series.pop("="))
    case: dict[str, Any] = {
        "interval": interval,
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": expr, "eval_time": at, "exp_samples": [{"labels": "{}", "value": wanted}]}],
    }
    (folder / "tests.json").write_text(json.dumps({"rule_files": [], "evaluation_interval": interval, "tests": [case]}))
    done = prometheus.checked("promtool", "test", "rules", folder / "tests.json")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("series", "open_now"),
    [
        ({RUNNING: "3 3", WAITING: "2 2", HELD: "0 0"}, 5),
        ({RUNNING: "3 3", 'vllm:num_requests_running{job="s",pod="b"}': "4 4", WAITING: "1 1"}, 8),
        ({HELD: "7 7"}, 7),  # no server tells anything at zero
        ({'vllm:num_requests_running{job="another"}': "9 9"}, 0),
    ],
)
def test_open_requests(tmp_path: Path, series: dict[str, str], open_now: int) -> None:
    ask(tmp_path, demand.open_requests("s", "r"), "1m", {**series, "=": str(open_now)})


@pytest.mark.parametrize(("quarter_hour", "expected"), [(3 * WEEK * 4, 40.0), (3 * WEEK * 4 - 16, 4.0)])
def test_the_same_hour_of_past_weeks(tmp_path: Path, quarter_hour: int, expected: float) -> None:
    """Three weeks, an hour of each with 30, 40 and 50 open requests, all others with 4; asked a quarter of an hour
    before the fourth such hour, and four hours before."""
    quiet = 4 * WEEK - 4
    weeks = " ".join(f"4x{quiet - 1} {most}x3" for most in (30, 40, 50))
    # The hour begins at quarter hour 668 of each week; a forecast a quarter of an hour ahead is made at 667.
    at = f"{(quarter_hour - 5 + 4 * WEEK) * 15}m"
    ask(tmp_path, demand.expected("t", 15), at, {OPEN: f"{weeks} 4x700", "=": str(expected)}, "15m")


def test_weeks_of_which_nothing_is_known_do_not_count(tmp_path: Path) -> None:
    series = {OPEN: f"_x{4 * WEEK * 2 - 1} 20x{4 * WEEK + 10}", "=": "20"}
    ask(tmp_path, demand.expected("t", 15), f"{4 * WEEK * 3 * 15}m", series, "15m")


@pytest.mark.parametrize(
    ("fast", "all_", "seconds"), [("0+100x10", "0+100x10", 0.95), ("0+0x10", "0+0x10", 0.0), ("_x10", "_x10", 0.0)]
)
def test_latency_is_a_number_even_when_nobody_asks(tmp_path: Path, fast: str, all_: str, seconds: float) -> None:
    series = {LATENCY % "1": fast, LATENCY % "+Inf": all_, "=": str(seconds)}
    ask(tmp_path, demand.p95_seconds("s"), "10m", series)
