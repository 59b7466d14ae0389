"""What a rollout and the servers survive: a rollout that dies, another at the same time, compactions, etcd away."""

import os
import signal
from dataclasses import replace

import pytest
from autoglm_catalogue import judge, promotion, records
from autoglm_catalogue.promotion import Superseded
from autoglm_catalogue.records import Rollout, State
from autoglm_catalogue.store import Store
from autoglm_etcd.cluster import Users
from autoglm_etcd.connection import Connection
from autoglm_etcd.keys import Keys
from autoglm_etcd.lease import Lease

from components.workloads.rollout import USERS
from tests.catalogue import fleet as fleets
from tests.catalogue.fleet import SECONDS
from tests.harness import etcd
from tests.harness.waiting import until

pytestmark = pytest.mark.integration


@pytest.fixture
def one(fleet):
    """A server on version 1, and a version 2 in its folder."""
    fleet.version("1")
    fleet.serve(1)
    assert fleet.rolled_out("1")[0] == 0
    fleet.version("2")
    fleet.wait(v1="active")
    return fleet


def test_what_a_dead_rollout_was_trying_is_unloaded_and_the_next_one_takes_over(one):
    rolling = one.rollout("2", "--at-least=2")
    one.wait(v1="active", v2="ready")
    rolling.send_signal(signal.SIGKILL)
    rolling.communicate(timeout=SECONDS)
    code, said = one.rolled_out("2")
    assert code == 0, said
    one.wait(v2="active")
    assert one.keys().versions["2"].attempt == 1, "it had not failed"


def test_two_rollouts_do_not_run_at_the_same_time_and_sigterm_ends_one_at_once(one):
    first = one.rollout("2", "--at-least=2")
    one.wait(v2="ready")
    code, said = one.rolled_out("1", "--ready-seconds=1")
    assert code == 1 and "to version 2, is under way" in said
    first.terminate()
    assert first.communicate(timeout=SECONDS) and first.returncode == 143
    assert one.keys().rollout is None
    until(lambda: one.servers[0].states() == {"1": "active"}, "version 1 is left alone")


def test_a_switch_is_refused_when_a_replica_is_not_as_it_was_seen(one):
    """One transaction: the state that was judged is the state that it is done in."""
    with one.etcd.connect() as connection:
        lease = Lease(connection, 15)
        store = Store(connection, one.model, promotion.current(Keys(connection)))
        seen = store.read()
        assert store.take(Rollout(version="2", previous="1"), lease)
        (replica,) = seen.replicas
        assert store.declare("2", seen.versions["1"])
        seen = store.read()
        one.servers[0].process.kill()
        one.servers[0].process.wait()
        until(lambda: not store.read().replicas, "the replica is gone")
        assert not store.switch(seen, "2", [replica])
        assert one.active() == "1"
        lease.close()


def test_a_server_that_sees_other_files_than_the_rollout_did_says_so(one):
    with one.etcd.connect() as connection:
        lease = Lease(connection, 15)
        store = Store(connection, one.model, promotion.current(Keys(connection)))
        record = replace(store.read().versions["1"], source=str(one.folder / "2"), state=State.FOUND)
        assert store.take(Rollout(version="2", previous="1"), lease)
        assert store.declare("2", record)
        until(
            lambda: "this server sees other files" in judge.readiness(store.read(), "2", 1).failed, "the server says so"
        )
        lease.close()
    until(lambda: one.servers[0].states() == {"1": "active"}, "version 1 is left alone")


def test_a_region_that_is_no_longer_promoted_switches_nothing(one):
    with one.etcd.connect() as connection:
        keys = Keys(connection)
        mine = promotion.promote(keys, "aws-us-west-2", promotion.current(keys))
        try:
            lease = Lease(connection, 15)
            store = Store(connection, one.model, mine)
            assert store.take(Rollout(version="2", previous="1"), lease)
            other = promotion.promote(keys, "aws-us-east-1", mine)
            assert other.token > mine.token
            assert not store.declare("2", store.read().versions["1"]), "its token is an old one"
            with pytest.raises(Superseded, match=f"aws-us-east-1 was promoted meanwhile, with token {other.token}"):
                promotion.promote(keys, "aws-us-west-2", mine)
            lease.close()
            code, said = one.rolled_out("2", "--region=aws-us-west-2")
            assert code == 1 and "region aws-us-east-1 is promoted" in said
            assert one.active() == "1"
        finally:
            keys.delete(promotion.KEY)


def test_a_key_that_holds_no_record_is_named_and_what_is_served_stays(one):
    key = f"{records.base(one.model)}versions/3"
    with one.etcd.connect() as connection:
        Keys(connection).put(key, b"no json")
        until(lambda: f"{key} does not hold a VersionRecord" in one.servers[0].log.read_text(), "it is named")
        assert one.servers[0].ask() == 200
        Keys(connection).delete(key)
    assert one.rolled_out("2")[0] == 0


def test_servers_answer_without_etcd_and_follow_it_again_over_a_compaction(tmp_path):
    with etcd.running(tmp_path / "etcd", size=1) as cluster, fleets.running(cluster, tmp_path / "fleet") as fleet:
        for version in "12":
            fleet.version(version)
        fleet.serve(1)
        assert fleet.rolled_out("1")[0] == 0
        fleet.wait(v1="active")
        server, (member,) = fleet.servers[0], cluster.members
        server.process.send_signal(signal.SIGSTOP)
        with cluster.connect() as connection:
            revision = [Keys(connection).put("/other", b"x") for _ in range(50)][-1]
            Keys(connection).compact(revision)
        member.kill()
        server.process.send_signal(signal.SIGCONT)
        assert {server.ask() for _ in range(5)} == {200}
        assert server.request("GET", "/ready")[0] == 200
        cluster.start(member, state="existing")
        cluster.wait()
        fleet.wait_for_replicas(1)
        code, said = fleet.rolled_out("2")
        assert code == 0, said
        fleet.wait(v2="active")


def test_endpoints_are_connected_to_with_certificates_or_not_at_all():
    with pytest.raises(ValueError, match="needs credentials"):
        Connection(["https://127.0.0.1:1"])


def test_users_who_see_their_own_keys_alone_are_enough(tmp_path):
    with etcd.running(tmp_path / "etcd", size=1) as cluster, fleets.running(cluster, tmp_path / "fleet") as fleet:
        with cluster.connect() as connection:
            users = Users(connection)
            users.add("root", "root")
            for user, prefixes in USERS.items():
                users.add(user, user, prefixes)
            users.enable()
        fleet.version("1")
        fleet.identify("serving")
        fleet.serve(1)
        code, said = fleet.rolled_out("1", "--ready-seconds=1")
        assert code == os.EX_TEMPFAIL and "permission denied" in said, "a server may not roll out"
        fleet.identify("rollout")
        code, said = fleet.rolled_out("1")
        assert code == 0, said
        fleet.wait(v1="active")
