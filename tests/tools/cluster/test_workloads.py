"""What a user's pods find on the node."""

import json
import subprocess
import urllib.request

import pytest

from tests.harness.waiting import until
from tests.tools.cluster.conftest import Cluster
from tools.cluster import ClusterError, load_images
from tools.cluster.host import find_init
from tools.cluster.processes import ETCD, program
from tools.images import Image

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def app(cluster: Cluster) -> Cluster:
    cluster.namespace("work")
    return cluster


def claim(name: str, size: str) -> dict[str, object]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": "work"},
        "spec": spec,
    }


def test_a_restricted_pod_writes_to_a_volume_that_outlives_it_and_not_its_claim(app: Cluster) -> None:
    volume = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}
    mount = {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    app.apply(claim("data", "64Mi"), app.pod("work", "writer", ["wait"], container=mount, **volume))
    app.wait_ready("work", "writer")
    app.run_in("work", "writer", "write", "/data/file", "kept")
    app.kubectl("delete", "pod", "-n", "work", "writer", "--wait=true")
    app.apply(app.pod("work", "reader", ["wait"], container=mount, **volume))
    app.wait_ready("work", "reader")
    assert app.run_in("work", "reader", "read", "/data/file") == "kept"

    made = app.get("pv", app.get("pvc", "-n", "work", "data")["spec"]["volumeName"])
    assert made["spec"]["capacity"] == {"storage": "64Mi"}
    folder = app.settings.folder / "volumes" / made["metadata"]["name"]
    assert (folder / "file").read_text() == "kept"
    app.kubectl("delete", "-n", "work", "pod/reader", "pvc/data", "--wait=true")
    until(lambda: not folder.exists(), "the directory goes with the claim")


def test_a_service_answers_by_name_inside_and_by_address_and_node_port_outside(app: Cluster) -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "work"},
        "spec": {"type": "NodePort", "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    probe = {"readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}}
    app.apply(
        service,
        app.pod("work", "web", ["serve", ":8080"], container=probe),
        app.pod("work", "client", ["wait"]),
    )
    app.wait_ready("work", "web", "client")
    url = "http://web.work.svc.cluster.local/"
    until(lambda: app.call("work", "client", url) == "web\n", "the Service has its pod")
    assert app.call("work", "web", url) == "web\n"  # to itself
    assert "no such host" in app.call("work", "client", "http://example.com/")
    spec = app.get("service", "-n", "work", "web")["spec"]
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for address in (spec["clusterIP"], f"{app.settings.node_address}:{spec['ports'][0]['nodePort']}"):
        with opener.open(f"http://{address}/", timeout=5) as answer:
            assert answer.read() == b"web"


def test_a_pod_that_asks_for_too_much_is_refused(app: Cluster) -> None:
    pod = app.pod("work", "bad", ["wait"], hostNetwork=True)
    said = app.kubectl("apply", "--filename=-", text=json.dumps(pod), fails=True)
    assert 'violates PodSecurity "restricted' in said
    pod["metadata"]["namespace"] = "default"
    assert 'violates PodSecurity "baseline' in app.kubectl("apply", "--filename=-", text=json.dumps(pod), fails=True)


def test_metrics_are_served(app: Cluster) -> None:
    def measured() -> bool:
        argv = ["get", "--raw", "/apis/metrics.k8s.io/v1beta1/nodes", "--ignore-not-found"]
        return bool(json.loads(app.kubectl(*argv) or "{}").get("items"))

    app.kubectl("wait", "--for=condition=Available", "--timeout=90s", "apiservice/v1beta1.metrics.k8s.io")
    until(measured, "a measurement of the node")


def test_secrets_are_not_in_clear_in_etcd(app: Cluster) -> None:
    app.kubectl("create", "secret", "generic", "-n", "work", "sealed", "--from-literal=word=very-secret-word")
    s = app.settings
    argv = [
        program(s, "etcdctl"),
        f"--endpoints={ETCD}",
        f"--cacert={s.certificate('etcd-ca')}",
        f"--cert={s.certificate('apiserver-etcd')}",
        f"--key={s.key('apiserver-etcd')}",
        "get",
        "/registry/secrets/work/sealed",
    ]
    shell = ["nsenter", f"--target={find_init(s)}", "--net", "--", *argv]
    stored = subprocess.run(shell, check=True, capture_output=True, timeout=30).stdout
    assert b"k8s:enc:secretbox:v1:key1" in stored
    assert b"very-secret-word" not in stored


def test_strangers_reach_health_and_nothing_else(app: Cluster) -> None:
    argv = ["curl", "--noproxy", "*", "-ks", "-o", "/dev/null", "-w", "%{http_code}"]
    for path, code in (("/readyz", "200"), ("/version", "401"), ("/api/v1/namespaces", "401")):
        done = subprocess.run([*argv, app.settings.api_server + path], capture_output=True, text=True, timeout=30)
        assert done.stdout == code, path


def test_images_are_loaded_once_and_a_wrong_one_is_named(app: Cluster) -> None:
    assert load_images(app.settings, list(app.images.values())) == []
    pause = app.images["pause"]
    wrong = Image(pause.name, "localhost/autoglm/other:1", pause.archive)
    with pytest.raises(ClusterError, match="localhost/autoglm/other:1: not in its archive"):
        load_images(app.settings, [wrong])
