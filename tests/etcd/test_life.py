"""The life of a cluster by the commands that its pods run: begun together, a disk lost, all members lost."""

import json
import time
from datetime import UTC, datetime

import pytest
from autoglm_etcd.cluster import Cluster
from autoglm_etcd.keeper.snapshots import BUMP, source
from autoglm_etcd.keys import Keys

from tests.harness.apiserver import program
from tests.harness.members import Members

pytestmark = pytest.mark.integration


@pytest.fixture
def pods(tmp_path):
    made = Members(tmp_path)
    yield made
    made.stop()


def test_a_cluster_begins_loses_a_disk_waits_for_others_and_comes_back_from_a_snapshot(pods):
    assert [said[-1] for said in pods.create(0, 1, 2)] == [f"etcd-{number} starts: new" for number in range(3)]
    pods.wait()
    pods.found()
    with pods.connect() as connection:
        revision = Keys(connection).put("/a/one", b"1")

    pods.lose(1)
    assert pods.create(1)[0][-1] == "etcd-1 starts: join"
    pods.wait()
    with pods.connect() as connection:
        cluster = Cluster(connection)
        taken = pods.snapshots.take(cluster, *source(cluster, connection.endpoints), datetime.now(UTC))

    pods.lose(0, 1, 2)
    waiting = pods.prepare(0)
    line = json.loads(waiting.stdout.readline())["message"]
    assert line == ("etcd-0 waits: its disk is empty, the cluster was whole once, and no other member answers")
    time.sleep(3)
    assert waiting.poll() is None, "a member whose disk is lost must not begin a new cluster"
    waiting.terminate()
    waiting.communicate()

    restore = (f"--restore={taken.name}", f"--store=file://{pods.store}", f"--etcdutl={program('etcdutl')}")
    assert [said[-1] for said in pods.create(0, 1, 2, more=restore)] == [
        f"etcd-{number} starts: kept" for number in range(3)
    ]
    pods.wait()
    with pods.connect() as connection:
        assert Keys(connection).get("/a/one").value == b"1"
        later = Keys(connection).put("/a/two", b"2")
        assert later > revision + BUMP
    pods.kill(2)
    # The field stays set: what was restored once is gone on with.
    assert pods.create(2, more=restore)[0] == ["etcd-2 starts: kept"]
    pods.wait()

    pods.found(taken.name)
    pods.lose(1)  # by now the others have gone on: it must not begin from the snapshot again
    assert pods.create(1, more=restore)[0][-1] == "etcd-1 starts: join"
    pods.wait()
    with pods.connect() as connection:
        assert Keys(connection).get("/a/two").value == b"2"


def test_a_member_whose_pod_comes_late_joins_those_that_began_without_it(pods):
    assert [said[-1] for said in pods.create(0, 1)] == ["etcd-0 starts: new", "etcd-1 starts: new"]
    pods.leader()
    assert pods.create(2)[0][-1] == "etcd-2 starts: join"
    pods.wait()
