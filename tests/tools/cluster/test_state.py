import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tools.cluster import ClusterSettings, state
from tools.cluster.host import Member
from tools.cluster.state import dns_serves, node_ready, status, table

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def s(tmp_path: Path) -> ClusterSettings:
    s = ClusterSettings(root=tmp_path)
    s.folder.mkdir()
    row = {"since": NOON.timestamp(), "last_exit": ""}
    processes = [
        {"name": "etcd", "pid": 7, "state": "running", "restarts": 0, **row},
        {"name": "kubelet", "pid": None, "state": "backoff", "restarts": 2, **row, "last_exit": "signal SIGKILL"},
    ]
    (s.folder / "state.json").write_text(json.dumps({"problem": "", "processes": processes}))
    return s


def alive(monkeypatch: pytest.MonkeyPatch, *, ready: bool) -> None:
    monkeypatch.setattr(state, "find_init", lambda _: 100)
    monkeypatch.setattr(state, "members", lambda _: [Member(107, 7, 50.0), Member(200, None, 10.0)])
    monkeypatch.setattr(state, "node_ready", lambda _: ready)


def test_status_gives_the_machines_pids_and_names_what_is_down(
    s: ClusterSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive(monkeypatch, ready=True)
    got = status(s)
    assert [(r.process, r.pid, r.state, r.restarts, r.memory) for r in got.rows] == [
        ("etcd", 107, "running", 0, 50.0),
        ("kubelet", None, "backoff", 2, 0.0),
    ]
    assert (got.running, got.healthy, got.memory) == (True, False, 60.0)
    shown = table(got)
    assert "node Ready, 50 MiB (60 with its pods)" in shown
    assert "signal SIGKILL" in shown


def test_without_its_init_everything_is_stopped(s: ClusterSettings) -> None:
    got = status(s)
    assert (got.running, {row.state for row in got.rows}) == (False, {"stopped"})


def test_a_cluster_that_never_was_is_stopped_too(tmp_path: Path) -> None:
    got = status(ClusterSettings(root=tmp_path))
    assert (got.running, got.rows, table(got)) == (False, (), "cluster dev: node stopped, 0 MiB (0 with its pods)")


class Answers:
    def __init__(self, **answers: dict[str, Any]) -> None:
        self._answers = answers

    def get(self, path: str) -> dict[str, Any] | None:
        return next((answer for part, answer in self._answers.items() if f"/{part}" in path), None)


@pytest.mark.parametrize(
    ("said", "heartbeat", "ready"),
    [
        ("True", "2026-01-01T12:00:00Z", True),
        ("True", "2026-01-01T11:59:59Z", False),
        ("False", "2026-01-01T12:00:01Z", False),
    ],
)
def test_a_node_is_ready_by_its_own_fresh_word(
    s: ClusterSettings, monkeypatch: pytest.MonkeyPatch, said: str, heartbeat: str, ready: bool
) -> None:
    node = {"status": {"conditions": [{"type": "Ready", "status": said, "lastHeartbeatTime": heartbeat}]}}
    monkeypatch.setattr(state, "admin_api", lambda _: Answers(nodes=node))
    assert node_ready(s, NOON) is ready


@pytest.mark.parametrize(
    ("started", "updated", "serves"),
    [("2026-01-01T12:00:00Z", 1, True), ("2026-01-01T11:00:00Z", 1, False), ("2026-01-01T12:00:00Z", 0, False)],
)
def test_dns_serves_from_a_pod_of_this_start_and_this_version(
    s: ClusterSettings, monkeypatch: pytest.MonkeyPatch, started: str, updated: int, serves: bool
) -> None:
    deployment = {
        "metadata": {"generation": 1},
        "spec": {"replicas": 1},
        "status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": updated},
    }
    pod = {"status": {"containerStatuses": [{"ready": True, "state": {"running": {"startedAt": started}}}]}}
    monkeypatch.setattr(state, "admin_api", lambda _: Answers(deployments=deployment, pods={"items": [pod]}))
    assert dns_serves(s, NOON) is serves
