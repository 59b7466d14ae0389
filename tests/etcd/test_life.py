"""The life of a cluster by the commands that its pods run: begun together, a disk lost, all members lost."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from autoglm_etcd.cluster import Cluster
from autoglm_etcd.connection import Connection, EtcdError
from autoglm_etcd.keeper import upkeep
from autoglm_etcd.keeper.restore import BUMP
from autoglm_etcd.keeper.shape import Shape
from autoglm_etcd.keeper.snapshots import Snapshots, source
from autoglm_etcd.keys import Keys
from obstore.store import LocalStore

from tests.harness import etcd
from tests.harness.apiserver import program
from tools.paths import ROOT

pytestmark = pytest.mark.integration
SHAPE = Shape(name="etcd", domain="etcd.test.svc", size=3, address="https://127.83.0.{number}:{port}")


class Pods:
    """Three pods without Kubernetes: each has an address of the loopback interface, a disk and the mounts of a pod."""

    def __init__(self, folder):
        self.folder, self.processes = folder, {}
        self.keys = etcd.Etcd(folder / "keys", [])
        self.tls = folder / "tls"
        self.tls.mkdir()
        (folder / "founded").mkdir()
        (folder / "store").mkdir()
        # A member also holds where a peer calls from to its certificate: on this interface, from 127.0.0.1.
        addresses = ["127.0.0.1", *(f"127.83.0.{number}" for number in range(3))]
        made = self.keys.credentials("root", addresses=addresses)
        for path, name in ((made.ca, "ca.crt"), (made.certificate, "tls.crt"), (made.key, "tls.key")):
            shutil.copy(path, self.tls / name)
        self.credentials = made
        self.snapshots = Snapshots(LocalStore(folder / "store"))

    def volume(self, number):
        return self.folder / f"volume-{number}"

    def prepare(self, number, *more):
        self.volume(number).mkdir(exist_ok=True)
        argv = [
            *(sys.executable, "-m", "autoglm_etcd.keeper", "prepare", f"--name=etcd-{number}", "--members=3"),
            *(f"--domain={SHAPE.domain}", f"--address={SHAPE.address}", f"--listen=127.83.0.{number}"),
            *(f"--tls={self.tls}", f"--founded={self.folder / 'founded'}", f"--volume={self.volume(number)}"),
            *("--quota-bytes=100000000", *more),
        ]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "serving")}
        return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment)

    def start(self, *numbers, more=()):
        """As kubelet does: the init container of each to its end, then etcd."""
        preparing = {number: self.prepare(number, *more) for number in numbers}
        for number, process in preparing.items():
            said, _ = process.communicate(timeout=60)
            assert process.returncode == 0, said
            with (self.folder / f"{number}.log").open("ab") as log:
                argv = [program("etcd"), f"--config-file={self.volume(number) / 'etcd.json'}"]
                self.processes[number] = subprocess.Popen(argv, stdout=log, stderr=log)
            yield [json.loads(line)["message"] for line in said.splitlines()]

    def connect(self):
        return Connection([SHAPE.client_url(member) for member in SHAPE.members], self.credentials)

    def whole(self):
        with self.connect() as connection:
            cluster = Cluster(connection)
            with contextlib.suppress(EtcdError):  # no leader yet
                upkeep.promote(cluster)
            return all(cluster.healthy(endpoint) for endpoint in connection.endpoints)

    def found(self):
        (self.folder / "founded" / "founded").write_text("true")

    def lose(self, *numbers):
        for number in numbers:
            self.processes[number].kill()
            self.processes[number].wait()
            shutil.rmtree(self.volume(number))

    def stop(self):
        for process in self.processes.values():
            process.kill()
            process.wait()


@pytest.fixture
def pods(tmp_path):
    made = Pods(tmp_path)
    yield made
    made.stop()


def test_a_cluster_begins_loses_a_disk_waits_for_others_and_comes_back_from_a_snapshot(pods):
    assert [said[-1] for said in pods.start(0, 1, 2)] == [f"etcd-{number} starts: new" for number in range(3)]
    _until(pods.whole)
    pods.found()
    with pods.connect() as connection:
        revision = Keys(connection).put("/a/one", b"1")

    pods.lose(1)
    assert next(iter(pods.start(1)))[-1] == "etcd-1 starts: join"
    _until(pods.whole)
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

    restore = (f"--restore={taken.name}", f"--store=file://{pods.folder / 'store'}", f"--etcdutl={program('etcdutl')}")
    assert [said[-1] for said in pods.start(0, 1, 2, more=restore)] == [
        f"etcd-{number} starts: kept" for number in range(3)
    ]
    _until(pods.whole)
    with pods.connect() as connection:
        assert Keys(connection).get("/a/one").value == b"1"
        later = Keys(connection).put("/a/two", b"2")
        assert later > revision + BUMP
    pods.processes[2].kill()
    pods.processes[2].wait()
    # The field stays set: what was restored once is gone on with.
    assert next(iter(pods.start(2, more=restore))) == ["etcd-2 starts: kept"]
    _until(pods.whole)
    with pods.connect() as connection:
        assert Keys(connection).get("/a/two").value == b"2"


def _until(done, seconds=60.0):
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.2)
