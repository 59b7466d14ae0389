"""A whole region whose servers follow the load, as its file asks for it."""

import json
from pathlib import Path
from typing import Any

from tests.harness import mocks, programs
from tests.harness.mocks import Recorder

LARGE = {"quota": {"cpu": "30", "memory": "60Gi", "storage": "40Gi", "pods": 80}}


def run(folder: Path, over: dict[str, Any], monitoring: dict[str, Any] | None = None) -> Recorder:
    asked = {"serving": {"autoscaling": {"maxReplicas": 8, **over}}, "monitoring": monitoring or {"type": "own"}}
    return mocks.run(programs.region(programs.kubeconfig(folder), {**asked, **LARGE}))


def scaled(recorder: Recorder) -> dict[str, Any]:
    return dict(recorder.one("ScaledObject").inputs["spec"])


def test_from_zero_requests_wait_behind_the_gateway(tmp_path: Path) -> None:
    recorder = run(tmp_path, {"minReplicas": 0, "waiting": {"places": 50, "patienceSeconds": 120}})
    spec = scaled(recorder)
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (0, 8)
    told = {one["name"]: one["metadata"] for one in spec["triggers"]}
    assert told["held"]["url"] == "http://dev-waiting-room.autoglm.svc:8000/metrics"
    assert told["requests"]["serverAddress"] == "http://dev-prometheus.autoglm.svc:9090"
    config = json.loads(mocks.plain(recorder.one("Secret", "dev-gateway-config").inputs)["stringData"]["envoy.yaml"])
    clusters = {one["name"]: one for one in config["static_resources"]["clusters"]}
    assert "dev-waiting-room.autoglm.svc" in json.dumps(clusters["waiting-room"])
    jobs = json.loads(mocks.plain(recorder.one("ConfigMap", "dev-prometheus-config").inputs)["data"]["prometheus.json"])
    assert "dev-waiting-room" in {job["job_name"] for job in jobs["scrape_configs"]}
    edges = {item.name.removeprefix("dev-edges-") for item in recorder.all("NetworkPolicy")}
    assert {
        "keda-to-dev-prometheus-ingress",
        "keda-to-dev-waiting-room-ingress",
        "dev-gateway-to-dev-waiting-room-egress",
        "dev-waiting-room-to-dev-serving-egress",
        "dev-prometheus-to-dev-waiting-room-ingress",
    } <= edges


def test_the_number_of_servers_has_one_owner(tmp_path: Path) -> None:
    recorder = run(tmp_path, {"minReplicas": 1})
    deployment = recorder.one("Deployment", "dev-serving-deployment")
    assert recorder.ignored[deployment.name] == ["spec.replicas"]
    assert scaled(recorder)["scaleTargetRef"]["name"].startswith("dev-serving-deployment")
    plain = mocks.run(programs.region(programs.kubeconfig(tmp_path)))
    assert plain.ignored["dev-serving-deployment"] == []
    assert not [item for kind in ("ScaledObject", "ConfigMap") for item in plain.all(kind) if "scal" in item.name]


def test_with_a_server_always_there_nothing_waits(tmp_path: Path) -> None:
    recorder = run(tmp_path, {"minReplicas": 1, "prometheus": "http://prometheus.monitoring:9090"})
    assert not [item for item in recorder.resources if "waiting-room" in item.name or "keda-to" in item.name]
    assert [one["name"] for one in scaled(recorder)["triggers"]] == ["requests"]


def test_alerts_ask_for_the_least_and_the_demand_is_recorded(tmp_path: Path) -> None:
    recorder = run(tmp_path, {"minReplicas": 0})
    groups = json.loads(mocks.plain(recorder.one("ConfigMap", "dev-prometheus-config").inputs)["data"]["rules.json"])
    rules = [rule for group in groups["groups"] for rule in group["rules"]]
    (demand,) = (rule["expr"] for rule in rules if rule.get("record") == "autoglm:requests_open")
    assert 'autoglm:requests_held{job="dev-waiting-room"}' in demand
    assert "NoServerAnswers" not in {rule.get("alert") for rule in rules}
