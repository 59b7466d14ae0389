"""The checks of a canary and of readiness, without a fleet."""

import random

import pytest
from autoglm_catalogue import judge
from autoglm_catalogue.fleet import Fleet
from autoglm_catalogue.judge import Checks, fault
from autoglm_catalogue.plan import Canary
from autoglm_catalogue.records import RecordError, Replica, Standing, VersionRecord, base, read, write
from autoglm_catalogue.traffic import EDGES, Traffic, bucket, total


def traffic(*seconds, failed=0):
    counts = [0] * (len(EDGES) + 1)
    for one in seconds:
        counts[bucket(one)] += 1
    return Traffic(failed=failed, seconds=tuple(counts))


def test_a_quantile_is_near_the_true_one():
    source = random.Random(1)  # noqa: S311  the same numbers each time
    drawn = sorted(source.lognormvariate(1, 0.8) for _ in range(5000))
    for share in (0.5, 0.95, 0.99):
        assert traffic(*drawn).quantile(share) == pytest.approx(drawn[int(share * 5000) - 1], rel=0.13)
    assert traffic().quantile(0.95) == 0.0
    assert traffic(10**6).quantile(0.95) <= EDGES[-1]


def test_replicas_are_added_up_and_one_that_began_anew_counts_whole():
    before = Fleet(traffic={"a": {"2": traffic(1, 1)}, "b": {"2": traffic(1, 1, 1)}})
    after = Fleet(traffic={"a": {"2": traffic(1, 1, 2, failed=1)}, "b": {"2": traffic(1)}, "c": {"2": traffic(3)}})
    since = after.since(before, "2")
    assert (since.failed, since.answered) == (1, 3)
    assert total([]).requests == 0


@pytest.mark.parametrize(
    ("new", "stable", "said"),
    [
        (traffic(*[1] * 3), traffic(*[1] * 99), None),
        (traffic(*[1] * 20), traffic(*[1] * 99), ""),
        (traffic(*[1] * 19, failed=1), traffic(*[1] * 99), "1 of 20 requests failed, 5.0%, and 2.0% may"),
        (traffic(*[2] * 20), traffic(*[1] * 99), "more than 1.5 times"),
        (traffic(*[1.3] * 20), traffic(*[1] * 99), ""),
        (traffic(*[2] * 20), traffic(*[1] * 3), ""),
        (traffic(*[2] * 20), None, ""),
        (traffic(failed=20), None, "20 of 20 requests failed"),
    ],
)
def test_a_version_is_judged_by_errors_and_beside_the_stable_one(new, stable, said):
    found = fault(new, stable, Checks())
    assert found is None if said is None else (found == "" if not said else said in found)


def fleet_of(**states):
    record = VersionRecord(sha256="0", size=1, source="/m", attempt=2)
    replicas = {name: Replica(versions={"2": one} if one else {}) for name, one in states.items()}
    return Fleet(versions={"2": record}, replicas=replicas)


def test_every_live_replica_must_be_ready_and_enough_of_them():
    ready = Standing(state="ready", attempt=2)
    assert judge.readiness(fleet_of(a=ready, b=ready), "2", 2).waits == ""
    assert judge.readiness(fleet_of(a=ready), "2", 2).waits == "1 of 2 replicas are ready with it; 1 live"
    found = judge.readiness(
        fleet_of(a=ready, b=None, c=Standing(state="found", reason="waits for 3 MiB", attempt=2)), "2", 1
    )
    assert found.waits == "1 of 3 replicas are ready with it: b: not begun; c: waits for 3 MiB"
    assert found.enough and not found.failed


def test_what_was_said_of_an_earlier_attempt_counts_no_more():
    stale = Standing(state="failed", reason="damaged", attempt=1)
    assert judge.readiness(fleet_of(a=stale), "2", 1).failed == ""
    again = Standing(state="failed", reason="damaged", attempt=2)
    assert judge.readiness(fleet_of(a=again), "2", 1).failed == "a: damaged"


def test_records_survive_fields_of_a_later_release_and_name_the_key_of_what_is_none():
    record = VersionRecord(sha256="0", size=1, source="/m")
    assert read(VersionRecord, "k", write(record)) == record
    assert read(VersionRecord, "k", write(record).replace(b"{", b'{"later":1,', 1)) == record
    for value in (b"", b"[]", b"{}", b'{"sha256":"","size":1,"source":"","state":"odd"}'):
        with pytest.raises(RecordError, match="/key does not hold a VersionRecord"):
            read(VersionRecord, "/key", value)


@pytest.mark.parametrize("name", ["", "a/b", "../x", "-x", "a\n"])
def test_a_name_that_is_no_part_of_a_key_is_refused(name):
    with pytest.raises(ValueError, match="use letters, digits"):
        base(name)


@pytest.mark.parametrize("steps", [(), (0, 100), (50, 25, 100), (5, 5, 100), (5, 50)])
def test_steps_rise_to_a_hundred(steps):
    with pytest.raises(ValueError, match="rising numbers"):
        Canary(steps=steps)
