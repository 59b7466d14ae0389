"""The keeper's rounds over real members: founded, users, snapshots when due, smaller by a member, and trouble told."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from autoglm_etcd.cluster import Cluster, Users
from autoglm_etcd.connection import Connection, Refused
from autoglm_etcd.keeper import keep, snapshots
from autoglm_etcd.keeper.keep import Duties, Keeper, Metrics
from autoglm_etcd.keeper.snapshots import Snapshots
from autoglm_etcd.keys import Keys
from obstore.store import LocalStore, S3Store
from prometheus_client import CollectorRegistry

from tests.etcd.test_join import shape_of
from tests.harness.waiting import until

pytestmark = pytest.mark.integration
START = datetime(2026, 11, 21, 12, tzinfo=UTC)
AWAY = S3Store(
    "a-bucket",
    endpoint="http://127.0.0.1:1",
    client_options={"allow_http": True},
    skip_signature=True,
    retry_config={"max_retries": 0},
)


class Trial:
    def __init__(self, etcd, connection, folder, *, members=3):
        folder.mkdir()
        self.said, self.founded, self.now = [], [], START
        self.snapshots = Snapshots(LocalStore(folder))
        self.registry = CollectorRegistry()
        duties = Duties(users={"serving": ("/autoglm/",)}, snapshots_kept=timedelta(hours=3))
        self.keeper = Keeper(
            connection,
            shape_of(etcd, members),
            duties,
            self.snapshots,
            Metrics(self.registry),
            founded=lambda: self.founded.append(True),
            say=self.said.append,
            now=lambda: self.now,
        )

    def round(self):
        self.said.clear()
        self.keeper.round()
        return self.said

    def figure(self, name, **labels):
        return self.registry.get_sample_value(name, labels)


def test_a_new_cluster_is_founded_given_users_and_kept_in_snapshots(own, tmp_path):
    with own.connect() as connection:
        trial = Trial(own, connection, tmp_path / "store")
        assert "the cluster is whole" in trial.round()
        assert trial.founded == [True]
        assert Users(connection).enabled()
        assert len(trial.snapshots.whole()) == 1
        assert trial.round() == []  # nothing is due
        for hours in range(1, 6):
            trial.now = START + timedelta(hours=hours)
            assert any(line.startswith("snapshot ") for line in trial.round())
        assert [(trial.now - one.taken) // timedelta(hours=1) for one in trial.snapshots.whole()] == [3, 2, 1, 0]
        assert trial.figure("etcd_keeper_last_snapshot_timestamp_seconds") == trial.now.timestamp()
        assert trial.figure("etcd_keeper_alarms") == 0
        left = trial.figure("etcd_keeper_certificate_expiry_timestamp_seconds", member="127.0.0.1") - time.time()
        assert 0 < left < 2 * 3600, "the harness makes them for an hour"
        assert trial.founded == [True]
    with own.connect("serving") as connection:
        Keys(connection).put("/autoglm/models/one", b"1")
        with pytest.raises(Refused):
            Keys(connection).put("/other", b"1")


def test_a_cluster_that_was_restored_is_snapshot_at_once(own, tmp_path, monkeypatch):
    """Its revisions are further than those of any snapshot, by what a restore adds: here less, as none is done."""
    with own.connect() as connection:
        trial = Trial(own, connection, tmp_path / "store")
        trial.round()
        assert trial.round() == []
        for module in (keep, snapshots):
            monkeypatch.setattr(module, "BUMP", Keys(connection).put("/a", b"1") + 10)
        assert trial.round() == []
        for _ in range(20):
            Keys(connection).put("/a", b"1")
        assert [line.split()[0] for line in trial.round()] == ["snapshot"]
        assert trial.round() == []


def test_trouble_is_told_and_counted_and_the_next_round_does_it(own, tmp_path):
    with own.connect(timeout=1.0) as connection:
        trial = Trial(own, connection, tmp_path / "store")
        for member in own.members[:2]:
            member.kill()
        said = trial.round()
        assert any("founded: failed, and tried again in 3 s" in line for line in said)
        assert trial.founded == []
        assert trial.figure("etcd_keeper_failures_total", duty="founded") == 1
        for member in own.members[:2]:
            own.start(member)
        own.wait()
    with own.connect() as connection:
        trial.keeper._connection = connection
        again = Trial(own, connection, tmp_path / "again")
        assert "the cluster is whole" in again.round()
        again.keeper._snapshots = Snapshots(AWAY)
        assert any(line.startswith("snapshots: failed") for line in again.round())
        assert again.figure("etcd_keeper_failures_total", duty="snapshots") == 1
        again.keeper._snapshots = again.snapshots
        again.now += timedelta(hours=1)
        assert any(line.startswith("snapshot ") for line in again.round())


def test_a_cluster_made_smaller_counts_the_left_out_no_more(own, tmp_path):
    kept = own.endpoints[:1]
    with Connection(kept, own.credentials("root")) as connection:
        trial = Trial(own, connection, tmp_path / "store", members=1)
        cluster = Cluster(connection)

        def alone():
            trial.round()  # refused at first: members are to know each other for some seconds before one goes
            return [member.name for member in cluster.members()] == ["etcd-0"]

        until(alone, lambda: f"one member is left: {trial.said}", pause=0.5)
        for member in own.members[1:]:
            member.kill()
        Keys(connection).put("/autoglm/alone", b"1")
