"""A whole region that is watched, as its file asks for it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.harness import mocks, programs
from tests.harness.mocks import Recorder

ROOM = {"quota": {"cpu": "4", "memory": "10Gi", "storage": "40Gi", "pods": 20}}


def run(folder: Path, monitoring: dict[str, Any]) -> Recorder:
    return mocks.run(programs.region(programs.kubeconfig(folder), {"monitoring": monitoring, **ROOM}))


def test_its_own_prometheus_asks_every_workload_and_may_reach_it(tmp_path: Path) -> None:
    recorder = run(tmp_path, {"type": "own", "objectives": {"availability": 0.995}})
    told = mocks.plain(recorder.one("ConfigMap", "dev-prometheus-config").inputs)["data"]
    jobs = {job["job_name"]: job["dns_sd_configs"][0] for job in json.loads(told["prometheus.json"])["scrape_configs"]}
    ports = {name: found["port"] for name, found in jobs.items()}
    assert ports == {
        "dev-serving": 8000, "dev-gateway": 8082, "dev-etcd": 2381, "dev-etcd-keeper": 2382,
        "dev-prometheus": 9090, "dev-alertmanager": 9093,
    }  # fmt: skip
    assert "99.5% are promised" in told["rules.json"]
    services = {item.inputs["metadata"]["name"]: item.inputs["spec"] for item in recorder.all("Service")}
    pods = [
        item.inputs["spec"]["template"]["metadata"]["labels"]
        for kind in ("Deployment", "StatefulSet")
        for item in recorder.all(kind)
    ]
    edges = {item.name for item in recorder.all("NetworkPolicy")}
    for name in jobs:
        selector = services[f"{name}-figures"]["selector"].items()
        assert sum(selector <= labels.items() for labels in pods) == 1, name
        assert {f"dev-edges-dev-prometheus-to-{name}-{side}" for side in ("egress", "ingress")} <= edges


def test_an_operator_is_let_in_and_nothing_runs(tmp_path: Path) -> None:
    recorder = run(tmp_path, {"type": "operator", "prometheusNamespace": "observability"})
    assert len(recorder.all("PodMonitor")) == 4
    policy = recorder.one("NetworkPolicy", "dev-edges-prometheus-to-dev-etcd-ingress").inputs["spec"]
    (peer,) = policy["ingress"][0]["from"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "observability"}
    assert not [item for item in recorder.all("StatefulSet") if "prometheus" in item.name]


@pytest.mark.parametrize("kind", ["PodMonitor", "StatefulSet"])
def test_nothing_is_watched_unless_it_is_asked_for(tmp_path: Path, kind: str) -> None:
    recorder = run(tmp_path, {"type": "none"})
    assert not [item for item in recorder.all(kind) if "etcd" not in item.name]
