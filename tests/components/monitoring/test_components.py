"""What the components make, under mocks; and what they refuse."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.connections import Outside, Pods, policies, workload
from components.platform.monitoring import slo
from components.platform.monitoring.operator import OperatorMonitoring, OperatorMonitoringArgs
from components.platform.monitoring.own import Images, OwnMonitoring, OwnMonitoringArgs
from components.platform.monitoring.receivers import Receiver
from components.platform.monitoring.rules import Severity
from components.platform.monitoring.scrape import RemoteWrite, SecretKey, Target
from components.platform.monitoring.watched import Objectives
from tests.components.monitoring.region import WATCHED, document
from tests.harness import mocks
from tests.harness.mocks import Recorder

IMAGES = Images(prometheus="prometheus:v1", alertmanager="alertmanager:v1", grafana="grafana:1")
TARGETS = (
    Target(job="t-serving", pods=workload("serving", "t-serving"), port=8000, port_name="http"),
    Target(
        job="t-gpus",
        pods=Pods(name="gpus", labels={"a": "b"}, namespace="gpu"),
        port=9400,
        host="t-gpus.gpu.svc",
    ),
)
PAGER = Receiver(type="webhook", address=SecretKey(name="receivers", key="url"), port=8443)
REMOTE = RemoteWrite(url="https://store.example.com/api/v1/write", token=SecretKey(name="store", key="token"))
OWN = OwnMonitoringArgs(
    namespace="n",
    images=IMAGES,
    watched=WATCHED,
    targets=TARGETS,
    receivers={Severity.PAGE: PAGER},
    remote=REMOTE,
)


def made(component: Callable[[], Any]) -> tuple[Recorder, Any]:
    kept: list[Any] = []

    def program() -> Mapping[str, Any]:
        kept.append(component())
        return {}

    return mocks.run(program), kept[0]


@pytest.fixture(scope="module")
def own() -> tuple[Recorder, Any]:
    return made(lambda: OwnMonitoring("t-monitoring", OWN, pulumi.ResourceOptions()))


def test_prometheus_finds_pods_by_name_and_has_no_rights(own: tuple[Recorder, Any]) -> None:
    recorder, _ = own
    config = json.loads(mocks.plain(recorder.one("ConfigMap", "t-prometheus-config").inputs)["data"]["prometheus.json"])
    found = {job["job_name"]: job["dns_sd_configs"][0] for job in config["scrape_configs"]}
    assert set(found) == {"t-serving", "t-gpus", "t-prometheus", "t-alertmanager"}
    assert found["t-serving"]["names"] == ["t-serving-figures.n.svc"]
    assert found["t-gpus"] == {"names": ["t-gpus.gpu.svc"], "type": "A", "port": 9400, "refresh_interval": "15s"}
    assert config["global"]["scrape_interval"] == "15s"
    assert config["remote_write"][0]["authorization"] == {"credentials_file": "/etc/prometheus/secrets/store/token"}
    assert not recorder.all("Role") + recorder.all("ClusterRole")


def test_pods_that_are_not_ready_are_asked_too(own: tuple[Recorder, Any]) -> None:
    service = own[0].one("Service", "t-prometheus-t-serving").inputs["spec"]
    assert service["publishNotReadyAddresses"] and service["clusterIP"] == "None"


def test_one_set_of_rules_feeds_both(own: tuple[Recorder, Any]) -> None:
    rules = json.loads(mocks.plain(own[0].one("ConfigMap", "t-prometheus-config").inputs)["data"]["rules.json"])
    assert rules == document()
    watched = replace(WATCHED, own=False)
    recorder, _ = made(
        lambda: OperatorMonitoring(
            "t-monitoring",
            OperatorMonitoringArgs(namespace="n", watched=watched, targets=TARGETS, labels={"release": "prometheus"}),
        )
    )
    rule = recorder.one("PrometheusRule")
    assert rule.inputs["spec"] == document(own=False)
    assert rule.inputs["metadata"]["labels"]["release"] == "prometheus"
    monitors = {item.name: item.inputs["spec"] for item in recorder.all("PodMonitor")}
    endpoint = monitors["t-monitoring-t-serving"]["podMetricsEndpoints"][0]
    assert endpoint["relabelings"] == [{"targetLabel": "job", "replacement": "t-serving"}]
    assert monitors["t-monitoring-t-gpus"]["namespaceSelector"] == {"matchNames": ["gpu"]}
    assert len(recorder.all("ConfigMap")) == 5


def test_what_is_reached_is_declared_and_no_more(own: tuple[Recorder, Any]) -> None:
    edges = own[1].connections
    assert policies(edges)
    ways = {(edge.source.name, edge.target.name, *(port.number for port in edge.ports)) for edge in edges}
    assert ways >= {
        ("t-prometheus", "t-serving", 8000),
        ("t-prometheus", "gpus", 9400),
        ("t-prometheus", "t-alertmanager", 9093),
        ("t-grafana", "t-prometheus", 9090),
        ("t-alertmanager", "receivers", 8443),
        ("t-prometheus", "remote-store", 443),
    }
    quiet = replace(OWN, receivers={}, remote=None)
    _, component = made(lambda: OwnMonitoring("t-monitoring", quiet))
    assert not [edge for edge in component.connections if isinstance(edge.target, Outside)]


def test_the_password_is_a_secret_and_nobody_s_token_is_known(own: tuple[Recorder, Any]) -> None:
    login = own[0].one("Secret", "t-grafana-login")
    assert mocks.is_secret(login.inputs["stringData"]) or mocks.is_secret(login.inputs["stringData"]["password"])
    (grafana,) = own[0].all("Deployment")
    assert "kkkk" not in json.dumps(mocks.plain(grafana.inputs))


def test_without_an_image_of_grafana_nobody_draws_and_the_rest_is_there(own: tuple[Recorder, Any]) -> None:
    bare = replace(OWN, images=Images(prometheus="prometheus:v1", alertmanager="alertmanager:v1"))
    recorder, component = made(lambda: OwnMonitoring("t-monitoring", bare))
    left_out = {item.name for item in own[0].resources} - {item.name for item in recorder.resources}
    assert left_out and all("grafana" in name for name in left_out)
    assert not [edge for edge in component.connections if edge.source.name == "t-grafana"]
    assert policies(component.connections)


def test_images_of_volumes_fit(own: tuple[Recorder, Any]) -> None:
    spec = own[0].one("StatefulSet", "t-prometheus-server").inputs["spec"]
    arguments = spec["template"]["spec"]["containers"][0]["args"]
    assert f"--storage.tsdb.retention.size={int(0.8 * 20 * 1024**3)}B" in arguments


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: Objectives(first_token_seconds=3), r"first_token_seconds: 3 is not allowed: .* 2\.5, 5"),
        (lambda: Objectives(p95_seconds=0.9), r"p95_seconds: 0\.9 is not allowed: .* at most p99_seconds, 0\.8"),
        (lambda: RemoteWrite(url="store/write"), r"RemoteWrite\.url: store/write is not allowed"),
        (lambda: RemoteWrite(url="https://me:secret@store/"), r"RemoteWrite\.url: it has a password in it"),
        (lambda: replace(OWN, retention_days=3), r"retention_days: 3 is not allowed: slow burns"),
        (lambda: Target(job="x", pods=Pods(name="x", labels={}, namespace="y"), port=1), r"Target\.host: none given"),
        (
            lambda: OperatorMonitoringArgs(namespace="n", watched=WATCHED, targets=()),
            r"OperatorMonitoringArgs\.watched: own",
        ),
        (
            lambda: slo.Objective(name="a", share=0.9, bad="", all="", what=""),
            r"Objective\.share: 0\.9 of a is not allowed: its alert would need 144% of errors: .* more than 0\.931",
        ),
        (lambda: slo.Objective(name="a", share=1, bad="", all="", what=""), r"Objective\.share: 1 of a is not allowed"),
    ],
)
def test_what_can_not_be_is_refused(wrong: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        wrong()
    assert "secret@" not in str(refused.value)
