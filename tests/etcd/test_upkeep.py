"""Upkeep of real members: one at a time, the leader never first; a full store is emptied and opened again."""

import pytest
from autoglm_etcd.cluster import NOSPACE, Cluster, Status
from autoglm_etcd.connection import EtcdError
from autoglm_etcd.keeper import upkeep
from autoglm_etcd.keeper.upkeep import Policy
from autoglm_etcd.keys import Keys

from tests.harness import etcd
from tests.harness.waiting import until

POLICY = Policy(fragmented=0.3, worth=1024 * 1024)
QUOTA = 16 * 1024 * 1024  # bytes
# Small beside the quota: a full file of larger ones has free pages, sometimes so many that giving those back is enough.
VALUE = b"x" * 50_000


def status(member, *, leads=False, free=100, learner=False, leader=1):
    return Status(
        id=1 if leads else member + 10,
        version="3.6.4",
        leader=leader,
        revision=1,
        applied=1,
        size=200 * 1024**2,
        used=(200 - free) * 1024**2,
        quota=1024**3,
        learner=learner,
    )


@pytest.mark.parametrize(
    ("found", "chosen"),
    [
        ([status(0, leads=True), status(1), status(2)], "1"),
        ([status(0, leads=True), status(1, free=0), status(2)], "2"),
        ([status(0, leads=True), status(1, free=0), status(2, free=0)], "0"),
        ([status(0, leads=True, free=0), status(1, free=0), status(2, free=0)], None),
        ([status(0, leads=True), status(1)], None),  # one is away
        ([status(0, leads=True), status(1), status(2, learner=True)], None),
        ([status(0, leader=0), status(1, leader=0), status(2, leader=0)], None),
    ],
)
def test_whose_turn_it_is(found, chosen):
    answers = {str(number): one for number, one in enumerate(found)}
    assert upkeep.next_to_defragment(answers, 3, Policy()) == chosen


@pytest.mark.integration
def test_all_members_are_defragmented_one_at_a_time_and_the_leader_last(own):
    with own.connect() as connection:
        keys, cluster = Keys(connection), Cluster(connection)
        for number in range(40):
            keys.put(f"/a/{number}", b"x" * 200_000)
        keys.delete("/a/", prefix=True)
        keys.compact(keys.put("/a/last", b"1"))
        endpoints = connection.endpoints

        # A follower counts what a compaction freed at its next write.
        def due():
            keys.put("/a/tick", b"1")
            return all(POLICY.due(found) for found in cluster.statuses(endpoints).values())

        until(due, "all are due")
        led = own.leader(connection).endpoint
        done = []
        for _ in range(10):
            done += upkeep.defragment(cluster, endpoints, POLICY)
            own.wait()
        assert [line.split()[0] for line in done if "defragmented:" in line][:2] == sorted({*endpoints} - {led})
        assert not any(POLICY.due(found) for found in cluster.statuses(endpoints).values())
        assert any("gave the lead up" in line for line in done)
        assert upkeep.defragment(cluster, endpoints, POLICY) == []
        assert keys.get("/a/last").value == b"1"


@pytest.mark.integration
def test_a_full_store_refuses_writes_until_space_is_made(tmp_path):
    with etcd.running(tmp_path / "full", flags=[f"--quota-backend-bytes={QUOTA}"]) as own, own.connect() as connection:
        keys, cluster = Keys(connection), Cluster(connection)
        for _ in range(2000):
            try:
                keys.put("/a/same", VALUE)
            except EtcdError as error:
                assert "database space exceeded" in str(error)
                break
        else:
            pytest.fail("the quota was never reached")
        assert NOSPACE in {alarm for _, alarm in cluster.alarms()}
        assert "cleared" in " ".join(upkeep.make_space(cluster, keys, connection.endpoints))
        keys.put("/a/same", VALUE)
        assert cluster.alarms() == []
        assert all(one.size < QUOTA / 2 for one in cluster.statuses(connection.endpoints).values())


@pytest.mark.integration
def test_a_store_full_of_what_is_needed_stays_closed_and_says_why(tmp_path):
    with etcd.running(tmp_path / "full", 1, flags=[f"--quota-backend-bytes={QUOTA}"]) as own, own.connect() as one:
        keys, cluster = Keys(one), Cluster(one)
        with pytest.raises(EtcdError, match="database space exceeded"):
            for number in range(2000):
                keys.put(f"/a/{number}", VALUE)
        assert "delete keys or raise etcd.volume" in " ".join(upkeep.make_space(cluster, keys, one.endpoints))
        assert NOSPACE in {alarm for _, alarm in cluster.alarms()}
