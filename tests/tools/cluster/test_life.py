"""A cluster's life beside another one: killed in parts and as a whole, repaired, and gone without a trace."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.harness.traces import traces
from tests.harness.waiting import until
from tests.tools.cluster.conftest import Cluster
from tools.cluster import ClusterError, ClusterSettings, ProcessRow, start, status, stop, wipe
from tools.cluster.host import find_init
from tools.images import Image
from tools.paths import ROOT

pytestmark = pytest.mark.integration

PROCESSES = {
    "etcd",
    "containerd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "node-agent",
}


@pytest.fixture
def few(images: dict[str, Image]) -> list[Image]:
    return [images["pause"], images["probe"]]


def test_start_and_stop_leave_no_trace(spare: ClusterSettings, few: list[Image]) -> None:
    before = traces(spare)
    start(spare, few)
    during = traces(spare)
    for kind in ("links", "routes", "cgroups", "processes"):
        assert during[kind] - before[kind], f"the check does not see {kind}"
    assert during["settings"] == before["settings"]
    stop(spare)
    assert traces(spare) == before
    assert spare.folder.exists()
    wipe(spare)
    assert not spare.folder.exists()
    assert traces(spare) == before


def test_two_clusters_live_side_by_side(cluster: Cluster, spare: ClusterSettings, few: list[Image]) -> None:
    start(spare, few)
    assert status(cluster.settings).healthy
    assert status(spare).healthy
    other = Cluster(spare, cluster.images)
    cluster.kubectl("create", "namespace", "only-here")
    assert "NotFound" in other.kubectl("get", "namespace", "only-here", fails=True)
    first = {row.process: row.pid for row in status(cluster.settings).rows}
    stop(spare)
    assert {row.process: row.pid for row in status(cluster.settings).rows} == first
    assert status(cluster.settings).healthy


def test_a_second_start_changes_nothing(cluster: Cluster) -> None:
    before = status(cluster.settings)
    start(cluster.settings, list(cluster.images.values()))
    after = status(cluster.settings)
    assert after.init == before.init
    assert [(row.pid, row.since) for row in after.rows] == [(row.pid, row.since) for row in before.rows]


def row_of(s: ClusterSettings, process: str) -> ProcessRow:
    return next(row for row in status(s).rows if row.process == process)


def test_whatever_process_is_killed_comes_back_and_status_tells(cluster: Cluster) -> None:
    s = cluster.settings
    cluster.namespace("steady")
    cluster.apply(cluster.pod("steady", "steady", ["wait"]))
    cluster.wait_ready("steady", "steady")
    assert {row.process for row in status(s).rows} == PROCESSES
    for name in sorted(PROCESSES):
        until(lambda: status(s).healthy, "all is well")  # what lost its API server may still be on its way back
        before = row_of(s, name)
        assert before.pid
        os.kill(before.pid, signal.SIGKILL)

        # at least half a second, the delay before the next start; later exits are of what missed its API server
        until(lambda name=name: row_of(s, name).last_exit == "signal SIGKILL", f"{name} ended")  # type: ignore[misc]
        until(lambda name=name: row_of(s, name).state == "running", f"{name} is back")  # type: ignore[misc]
        assert row_of(s, name).restarts > before.restarts
    start(s, list(cluster.images.values()))
    until(lambda: status(s).healthy, "all is well")
    pod = cluster.get("pod", "-n", "steady", "steady")["status"]
    assert pod["containerStatuses"][0]["restartCount"] == 0
    cluster.kubectl("delete", "namespace", "steady", "--wait=false")


def test_a_killed_node_comes_back_with_its_data(
    spare: ClusterSettings, few: list[Image], images: dict[str, Image]
) -> None:
    start(spare, few)
    node = Cluster(spare, images)
    node.namespace("kept")
    node.apply(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "data", "namespace": "kept"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
        },
        node.pod(
            "kept",
            "keeper",
            ["wait"],
            container={"volumeMounts": [{"name": "data", "mountPath": "/data"}]},
            volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
        ),
    )
    node.wait_ready("kept", "keeper")
    node.run_in("kept", "keeper", "write", "/data/file", "precious")
    init = find_init(spare)
    assert init
    os.kill(init, signal.SIGKILL)
    until(lambda: not status(spare).running, "the node is down")
    assert {row.state for row in status(spare).rows} == {"stopped"}
    start(spare, few)
    assert find_init(spare) != init

    def back() -> bool:
        found = node.get("pod", "-n", "kept", "keeper")["status"]["containerStatuses"][0]
        return bool(found["ready"] and found["restartCount"] == 1)

    until(back, "the pod is back")
    assert node.run_in("kept", "keeper", "read", "/data/file") == "precious"


@pytest.mark.parametrize("after", [0.1, 0.5, 1.5, 3.0, 5.0])
def test_a_start_that_was_killed_is_repaired_by_the_next(
    spare: ClusterSettings, few: list[Image], after: float
) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from tools.cluster import ClusterSettings, start; from tools.images import Image\n"
        "given = dict(zip(('node_range', 'service_range', 'pod_range'), sys.argv[2:5]))\n"
        "images = [Image(*a.split('|')[:2], Path(a.split('|')[2])) for a in sys.argv[5:]]\n"
        "start(ClusterSettings.load(sys.argv[1], **given), images)"
    )
    ranges = [str(getattr(spare, field)) for field in ("node_range", "service_range", "pod_range")]
    arguments = [f"{image.name}|{image.ref}|{image.archive}" for image in few]
    child = subprocess.Popen(
        [sys.executable, "-c", code, spare.name, *ranges, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    time.sleep(after)
    child.kill()
    child.wait()
    start(spare, few)
    assert status(spare).healthy


def test_a_link_that_was_taken_away_is_made_again(spare: ClusterSettings, few: list[Image]) -> None:
    start(spare, few)
    init = find_init(spare)
    subprocess.run(["ip", "link", "delete", spare.link], check=True)
    start(spare, few)
    assert (status(spare).healthy, find_init(spare)) == (True, init)


def test_a_route_in_the_way_stops_the_start_before_anything_is_made(spare: ClusterSettings, few: list[Image]) -> None:
    subprocess.run(["ip", "route", "add", "blackhole", "10.99.7.0/24"], check=True)
    try:
        with pytest.raises(ClusterError, match=r"service_range: 10\.99\.0\.0/16 overlaps .* route to 10\.99\.7\.0/24"):
            start(spare, few)
    finally:
        subprocess.run(["ip", "route", "delete", "blackhole", "10.99.7.0/24"], check=True)
    assert not spare.folder.exists()


def test_a_process_that_cannot_live_is_named_with_its_last_words(
    spare: ClusterSettings, few: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.cluster.lifecycle.API_TIMEOUT", 6.0)
    member = spare.folder / "etcd/member"
    member.parent.mkdir(parents=True)
    member.write_text("not a folder")
    with pytest.raises(
        ClusterError, match=r"(?s)kube-apiserver: not ready in 6 s; etcd is to blame; .*not a directory"
    ):
        start(spare, few)
    member.unlink()
    monkeypatch.undo()
    start(spare, few)
    assert status(spare).healthy
