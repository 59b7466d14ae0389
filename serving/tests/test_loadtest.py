"""Load tests: when requests come, what counts as good, and a whole one against a real server, with its report."""

import json
import math
import re
from itertools import pairwise
from pathlib import Path

import pytest
from harness import light_server

from bench import loadtest
from bench.arrivals import Phase, arrivals, profiles
from bench.client import Client
from bench.open_loop import drive
from bench.outcomes import Outcome, Promise, broken, summary


def outcome(due: float = 0.0, first: float | None = 1.0, ended: float = 2.0, error: str | None = None) -> Outcome:
    return Outcome(due=due, sent=due, first=first, ended=ended, tokens=11, error=error)


@pytest.mark.parametrize("name", ["baseline", "ramp", "peak", "soak"])
def test_as_many_come_as_the_profile_says_and_when(name: str):
    profile = profiles(rate=20, seconds=90)[name]
    expected = sum(phase.expected(phase.seconds) for phase in profile.phases)
    even, chance = arrivals(profile, "constant", 0), arrivals(profile, "poisson", 0)
    assert len(even) == pytest.approx(expected, abs=len(profile.phases))
    assert len(chance) == pytest.approx(expected, abs=5 * math.sqrt(expected))
    for times in (even, chance):
        assert times == sorted(times) and times[0] >= 0 and times[-1] <= profile.seconds
    assert chance == arrivals(profile, "poisson", 0) != arrivals(profile, "poisson", 1)


def test_a_ramp_grows_and_a_peak_passes():
    ramp = arrivals(profiles(10, 60)["ramp"], "constant", 0)
    assert sum(time < 30 for time in ramp) < len(ramp) / 3
    peak = arrivals(profiles(10, 60)["peak"], "constant", 0)
    assert sum(20 <= time < 40 for time in peak) > len(peak) / 2


def test_poisson_arrivals_are_those_of_people_who_know_nothing_of_each_other():
    times = arrivals(profiles(100, 60)["baseline"], "poisson", 0)
    gaps = [after - before for before, after in pairwise(times)]
    mean = sum(gaps) / len(gaps)
    spread = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
    assert spread / mean == pytest.approx(1, abs=0.1), "an exponential distribution's spread is its mean"


@pytest.mark.parametrize(("seconds", "start", "end"), [(0, 1, 1), (1, 0, 0), (1, -1, 1)])
def test_a_phase_without_requests_is_refused(seconds: float, start: float, end: float):
    with pytest.raises(ValueError, match=r"Phase\.\w+.* not allowed"):
        Phase(seconds=seconds, start=start, end=end)


def test_a_request_that_waited_for_the_client_is_slow_all_the_same():
    late = Outcome(due=1.0, sent=5.0, first=5.5, ended=6.0, tokens=3)
    assert (late.first_token, late.latency, late.per_token) == (4.5, 5.0, 0.25)


def test_what_is_good_and_what_closes_the_gate():
    promise = Promise(first_token=1.5, per_token=0.2, good_share=0.7, error_share=0.2)
    told = summary([outcome()] * 7 + [outcome(first=1.8)] * 3, 10, promise)
    assert (told.good_share, told.error_share, told.goodput, told.offered) == (0.7, 0, 0.7, 1)
    assert told.first_token == (1.0, 1.8, 1.8)
    assert broken(told, promise) == []
    told = summary([outcome()] * 6 + [outcome(error="HTTP 503", first=None)] * 3, 10, promise)
    assert told.errors == {"HTTP 503": 3}
    assert [line.partition("%")[0] for line in broken(told, promise)] == ["66.7", "33.3"]


def test_a_test_in_which_everything_fails_has_figures():
    told = summary([outcome(error="HTTP 500", first=None)], 1, Promise())
    assert math.isnan(told.first_token[0])
    assert len(broken(told, Promise())) == 2


def test_requests_are_the_client_s_and_no_two_alike():
    client = Client("m", size=(112, 224), tokens=3000, seed=0)
    first, second = client.request(), client.request()
    assert first != second
    kinds = [part["type"] for part in first["messages"][-1]["content"]]
    assert kinds == ["image_url", "text"]
    assert (first["max_tokens"], first["temperature"], first["top_p"]) == (3000, 0.0, 0.85)
    assert first == Client("m", size=(112, 224), tokens=3000, seed=0).request()


def test_requests_do_not_wait_for_answers(tmp_path: Path):
    """A closed loop would send the second when the first is answered."""
    with light_server(tmp_path / "log", "--max-num-seqs", "1") as server:
        client = Client("autoglm-phone-9b", size=None, tokens=30, seed=0)
        outcomes = drive(f"{server.url}/v1", [0.0, 0.0, 0.0], [client.request() for _ in range(3)])
    assert [one.error for one in outcomes] == [None] * 3
    assert max(one.sent for one in outcomes) <= min(one.ended for one in outcomes)


@pytest.mark.parametrize(("promised", "code"), [("60", 0), ("0.000001", 1)])
def test_a_whole_test_and_its_gate(tmp_path: Path, capsys: pytest.CaptureFixture[str], promised: str, code: int):
    with light_server(tmp_path / "log") as server:
        told = ["--base-url", f"{server.url}/v1", "--rate", "10", "--seconds", "2", "--image", "112x224"]
        assert loadtest.main([*told, "--first-token", promised, "--out", str(tmp_path / "out")]) == code
    data = json.loads((tmp_path / "out" / "outcomes.json").read_text())
    assert data["summary"]["requests"] == len(data["outcomes"]) > 5
    assert data["summary"]["error_share"] == 0
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count("<svg") == 2
    assert ("All promises were kept." in page) == (code == 0)
    assert not re.search(r"(src|href)=\"http", page.replace("xlink:href", "")), "the page needs nothing else"
    assert ("NOT KEPT" in capsys.readouterr().err) == (code == 1)
