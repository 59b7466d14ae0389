"""Snapshots of real members: whole, verified, kept for a while; and a cluster restored from one after total loss."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from autoglm_etcd.cluster import Cluster
from autoglm_etcd.keeper.restore import restore
from autoglm_etcd.keeper.shape import Shape
from autoglm_etcd.keeper.snapshots import BUMP, Snapshot, SnapshotError, Snapshots, source
from autoglm_etcd.keys import Keys
from obstore.store import LocalStore

from tests.harness.apiserver import program

pytestmark = pytest.mark.integration
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    (tmp_path / "store").mkdir()
    return LocalStore(tmp_path / "store")


def take(etcd, snapshots, now=NOW):
    with etcd.connect() as connection:
        cluster = Cluster(connection)
        return snapshots.take(cluster, *source(cluster, connection.endpoints), now)


def test_a_snapshot_is_of_a_follower_and_opens_in_etcds_own_tool(shared, store, tmp_path):
    with shared.connect() as connection:
        revision = Keys(connection).put("/a/one", b"1" * 100_000)
        cluster = Cluster(connection)
        endpoint, at = source(cluster, connection.endpoints)
        assert endpoint != shared.leader(connection).endpoint
        assert at >= revision
    taken = take(shared, Snapshots(store))
    fetched = tmp_path / "fetched.db"
    assert Snapshots(store).fetch("latest", fetched) == taken
    said = subprocess.run(
        [program("etcdutl"), "snapshot", "status", fetched], capture_output=True, text=True, check=True
    )
    assert said.stdout


def test_one_flipped_bit_is_refused_and_the_one_before_is_offered(shared, store, tmp_path):
    snapshots = Snapshots(store)
    first, second = take(shared, snapshots), take(shared, snapshots, NOW + timedelta(hours=1))
    path = tmp_path / "store" / second.name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    target = tmp_path / "fetched.db"
    with pytest.raises(SnapshotError, match=f"snapshot {second.name} is damaged"):
        snapshots.fetch("latest", target)
    assert not target.exists()
    assert snapshots.fetch(first.name, target) == first
    with pytest.raises(SnapshotError, match="is not there; the latest are: .*" + second.name):
        snapshots.fetch("20200101T000000Z-revision-1.db", target)


def test_a_snapshot_that_was_cut_off_does_not_count(shared, store, tmp_path):
    snapshots = Snapshots(store)
    taken = take(shared, snapshots)
    (tmp_path / "store" / f"{taken.name}.sha256").unlink()
    assert snapshots.whole() == []
    with pytest.raises(SnapshotError, match="the latest are: none"):
        snapshots.fetch("latest", tmp_path / "fetched.db")


def test_old_snapshots_go_and_the_latest_never_does(shared, store):
    snapshots = Snapshots(store)
    made = [take(shared, snapshots, NOW - timedelta(days=days)) for days in (9, 8, 2)]
    assert snapshots.prune(timedelta(days=7), NOW) == made[:2]
    assert snapshots.prune(timedelta(days=1), NOW) == []
    assert snapshots.whole() == made[2:]


def test_a_name_says_when_and_at_which_revision():
    snapshot = Snapshot(NOW, 42)
    assert snapshot.name == "20261121T120000Z-revision-42.db"
    assert Snapshot.parse(snapshot.name) == snapshot
    assert Snapshot.parse("notes.txt") is None


def test_no_restore_gives_a_revision_twice(shared, store, tmp_path):
    """Not even the second one from the same snapshot: the store knows of the life that the first one began."""
    snapshots = Snapshots(store)
    taken = take(shared, snapshots)
    assert restored(snapshots, taken, tmp_path / "first") == taken.revision + BUMP
    later = Snapshot(NOW + timedelta(hours=1), taken.revision + BUMP + 7)
    for name in (later.name, f"{later.name}.sha256"):
        store.put(name, b"")
    assert restored(snapshots, taken, tmp_path / "second") == taken.revision + 2 * BUMP


def restored(snapshots, taken, volume):
    """The revision that a member begins with."""
    volume.mkdir()
    shape = Shape(name="etcd", domain="etcd.autoglm.svc", size=1)
    tool = program("etcdutl")
    assert restore(volume, volume / "data", snapshots, taken.name, shape, "etcd-0", tool)
    status = [tool, "snapshot", "status", volume / "data" / "member" / "snap" / "db", "--write-out=json"]
    return json.loads(subprocess.run(status, check=True, capture_output=True).stdout)["revision"]


def test_after_the_loss_of_all_members_a_snapshot_brings_all_keys_back(own, store, tmp_path):
    with own.connect() as connection:
        for number in range(100):
            Keys(connection).put(f"/a/{number:03}", str(number).encode())
        before = Keys(connection).list("/a/")
    take(own, Snapshots(store))
    for member in own.members:
        member.kill()
        shutil.rmtree(own.data(member))
    fetched = tmp_path / "fetched.db"
    Snapshots(store).fetch("latest", fetched)
    peers = ",".join(f"{member.name}={member.peer_url}" for member in own.members)
    for member in own.members:
        subprocess.run(
            [
                *(program("etcdutl"), "snapshot", "restore", fetched),
                *(f"--name={member.name}", f"--initial-cluster={peers}"),
                *(f"--initial-advertise-peer-urls={member.peer_url}", f"--data-dir={own.data(member)}"),
            ],
            check=True,
            capture_output=True,
        )
        own.start(member)
    own.wait()
    with own.connect() as connection:
        after = Keys(connection).list("/a/")
    assert [(item.key, item.value) for item in after.items] == [(item.key, item.value) for item in before.items]
