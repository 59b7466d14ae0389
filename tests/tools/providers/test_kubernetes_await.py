"""Awaiting under the real engine: reasons of a stuck pod, init errors in the state, cancel, finalizers, secrets.

There is no kubelet: the controller manager makes the pods, and the test writes their status as a kubelet would.
"""

import json
import signal

import pytest

from tests.harness.kubelet import conditions, container, make_ready, set_status
from tests.harness.waiting import until

pytestmark = pytest.mark.integration

POD = (
    '{"metadata": {"labels": {"app": "web"}}, '
    '"spec": {"restartPolicy": RESTART, "containers": [{"name": "c", "image": "none:1"}]}}'
)
OPTS = 'opts=pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="{0}s", update="{0}s", delete="{0}s"))'


def workload(kind, namespace, *, seconds=6, spec=""):
    restart = '"Never"' if kind == "Job" else '"Always"'
    api = "batch" if kind == "Job" else "apps"
    selector = "" if kind == "Job" else '"selector": {"matchLabels": {"app": "web"}}, '
    return f"""
k8s.{api}.v1.{kind}("web", metadata={{"namespace": "{namespace}", "name": "web"}},
    spec={{{selector}{spec}"template": {POD.replace("RESTART", restart)}}}, {OPTS.format(seconds)})
"""


def first_pod(client, namespace):
    """The one that a controller makes, once it has."""
    found = until(lambda: client.list("v1", "Pod", namespace), "a pod is made")
    return {"apiVersion": "v1", "kind": "Pod", **found[0]}


STUCK = {
    "image": (
        {"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "none:1"'}},
        None,
        'container c: ImagePullBackOff: Back-off pulling image "none:1"',
    ),
    "crash": (
        {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}},
        {"terminated": {"exitCode": 3, "reason": "Error"}},
        "container c ended with exit code 3 (Error)",
    ),
    "probe": ({"running": {}}, None, "container c runs but is not ready: Readiness probe failed: HTTP 503"),
}


@pytest.mark.parametrize("case", STUCK)
def test_a_stuck_pod_is_explained_and_the_deployment_kept_in_the_state(project, client, namespace, case):
    state, last, expected = STUCK[case]
    project.write(workload("Deployment", namespace))
    process = project.popen("up", "--yes", "--skip-preview")
    pod = first_pod(client, namespace)
    status = {"phase": "Pending", "containerStatuses": [container(state, last=last)]}
    status["conditions"] = conditions(PodScheduled="True", Ready="False")
    set_status(client, pod, status)
    if case == "probe":
        unhealthy(client, namespace, pod)
    text, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "Deployment web did not become ready within 6 s: 0 of 1 replicas are available" in text
    assert f"pod {pod['metadata']['name']}: {expected}" in text
    assert expected in project.state()["web"]["initErrors"][0]
    assert project.steps()["web"] == "update"

    process = project.popen("up", "--yes", "--skip-preview")
    make_ready(client, pod)
    text, _ = process.communicate(timeout=60)
    assert process.returncode == 0, text
    assert "initErrors" not in project.state()["web"]
    project.up("--expect-no-changes").ok()


def unhealthy(client, namespace, pod):
    reference = {"kind": "Pod", "namespace": namespace, "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"namespace": namespace, "generateName": "e-"},
        "involvedObject": reference,
        "reason": "Unhealthy",
        "message": "Readiness probe failed: HTTP 503",
        "type": "Warning",
    }
    client.create(event, "test")


def test_an_unschedulable_pod_and_a_pod_never_made_are_explained(project, client, namespace):
    project.write(workload("Deployment", namespace, seconds=4))
    process = project.popen("up", "--yes", "--skip-preview")
    pod = first_pod(client, namespace)
    scheduled = {**conditions(PodScheduled="False")[0], "reason": "Unschedulable", "message": "0/1 nodes: no GPU"}
    set_status(client, pod, {"phase": "Pending", "conditions": [scheduled]})
    text, _ = process.communicate(timeout=60)
    assert "not scheduled: 0/1 nodes: no GPU" in text

    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"namespace": namespace, "name": "q"}}
    client.apply({**quota, "spec": {"hard": {"pods": "1"}}}, "test")
    until(lambda: client.get(quota).get("status", {}).get("used"), "the quota is counted")
    project.write(workload("Deployment", namespace, seconds=5, spec='"replicas": 2, '))
    assert "exceeded quota: q" in project.up().failed()


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_other_workloads_wait_for_their_pods(project, client, namespace, kind):
    spec = '"serviceName": "web", ' if kind == "StatefulSet" else ""
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"node-{namespace}"}}
    if kind == "DaemonSet":
        client.apply(node, "test")
    project.write(workload(kind, namespace, seconds=60, spec=spec))
    process = project.popen("up", "--yes", "--skip-preview")
    pod = first_pod(client, namespace)
    assert process.poll() is None
    make_ready(client, pod)
    text, _ = process.communicate(timeout=90)
    if kind == "DaemonSet":
        client.delete(node, "Background", None)
    assert process.returncode == 0, text


def test_a_job_is_awaited_and_its_failure_told_at_once(project, client, namespace):
    project.write(workload("Job", namespace, seconds=120, spec='"backoffLimit": 0, '))
    process = project.popen("up", "--yes", "--skip-preview")
    pod = first_pod(client, namespace)
    ended = container({"terminated": {"exitCode": 2, "reason": "Error"}})
    set_status(client, pod, {"phase": "Failed", "containerStatuses": [ended]})
    text, _ = process.communicate(timeout=90)
    assert process.returncode != 0
    assert "Job web did not become ready: BackoffLimitExceeded" in text
    assert "container c ended with exit code 2 (Error)" in text

    project.write(workload("Job", namespace, seconds=120, spec='"backoffLimit": 0, ').replace(
        '"name": "web"', '"name": "web", "annotations": {"pulumi.com/replaceUnready": "true"}', 1))  # fmt: skip
    assert project.steps()["web"] == "replace"


def claim(namespace, name):
    return f"""
k8s.core.v1.PersistentVolumeClaim("{name}", metadata={{"namespace": "{namespace}", "name": "{name}"}}, spec={{
    "storageClassName": "{name}-{namespace}", "accessModes": ["ReadWriteOnce"],
    "resources": {{"requests": {{"storage": "1Gi"}}}}}}, {OPTS.format(5)})
"""


def service(namespace, name, spec):
    return f"""
k8s.core.v1.Service("{name}", metadata={{"namespace": "{namespace}", "name": "{name}"}},
    spec={{"ports": [{{"port": 80}}], {spec}}}, {OPTS.format(4)})
"""


def test_a_claim_is_awaited_unless_its_class_waits_for_a_pod(project, client, namespace):
    storage = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "none/none"}
    lazy = {**storage, "metadata": {"name": f"lazy-{namespace}"}, "volumeBindingMode": "WaitForFirstConsumer"}
    eager = {**storage, "metadata": {"name": f"eager-{namespace}"}, "volumeBindingMode": "Immediate"}
    for entry in (lazy, eager):
        client.apply(entry, "test")
    lazy_claim, eager_claim = (claim(namespace, name) for name in ("lazy", "eager"))
    project.write(lazy_claim)
    project.up().ok()
    project.write(lazy_claim + eager_claim)
    assert "the claim is Pending, not Bound" in project.up().failed()
    assert project.state()["eager"]["initErrors"]
    for entry in (lazy, eager):
        client.delete(entry, "Background", None)


def test_a_service_waits_for_an_endpoint_except_where_none_can_come(project, namespace):
    headless = service(namespace, "headless", '"clusterIP": "None", "selector": {"no": "pod"}')
    external = service(namespace, "external", '"type": "ExternalName", "externalName": "example.com"')
    project.write(headless + external + service(namespace, "bare", ""))
    project.up().ok()
    project.write(service(namespace, "web", '"selector": {"no": "pod"}'))
    assert "Service web did not become ready within 4 s: it has no ready endpoint" in project.up().failed()


def test_an_interrupt_ends_a_wait_cleanly_and_keeps_the_object_in_the_state(project, client, namespace):
    project.write(workload("Deployment", namespace, seconds=300))
    process = project.popen("up", "--yes", "--skip-preview")
    first_pod(client, namespace)
    process.send_signal(signal.SIGINT)
    text, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "the wait for Deployment web was cancelled" in text
    assert project.state()["web"]["initErrors"]
    project.run("destroy", "--yes", "--skip-preview").ok()


def test_a_deletion_waits_for_finalizers_and_names_them(project, client, namespace):
    project.write(f"""
k8s.core.v1.ConfigMap("c", metadata={{"namespace": "{namespace}", "name": "c"}}, {OPTS.format(3)})
""")
    project.up().ok()
    held = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": namespace, "name": "c"}}
    client.apply({**held, "metadata": {**held["metadata"], "finalizers": ["example.com/hold"]}}, "holder")
    text = project.run("destroy", "--yes", "--skip-preview").failed()
    assert "its finalizers are not done: example.com/hold" in text
    assert "c" in project.state()
    client.apply(held, "holder")
    project.run("destroy", "--yes", "--skip-preview").ok()


def test_secrets_are_encrypted_in_the_state_and_absent_from_all_output(project, client, namespace):
    project.write(f"""
password = random.RandomPassword("password", length=32, special=False)
key = k8s.core.v1.Secret("key", metadata={{"namespace": "{namespace}", "name": "key"}},
    string_data={{"password": password.result, "plain": "swordfish-in-clear"}})
pulumi.export("password", password.result)
pulumi.export("data", key.data)
pulumi.export("length", password.result.apply(len))
""")
    texts = [project.preview().ok(), project.up().ok(), project.run("stack", "output").ok()]
    texts.append(project.state_text())
    password = project.outputs()["password"]
    stored = client.get({"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": namespace, "name": "key"}})
    encoded = stored["data"]["password"]
    assert len(password) == 32
    assert project.outputs()["data"] == stored["data"]
    for text in texts:
        for secret in (password, encoded, "swordfish-in-clear", stored["data"]["plain"]):
            assert secret not in text
    assert "ciphertext" in json.dumps(project.state()["key"]["inputs"]["data"])
    project.up("--expect-no-changes").ok()
    project.run("refresh", "--yes", "--skip-preview").ok()
    project.up("--expect-no-changes").ok()
    assert "ciphertext" in json.dumps(project.state()["key"]["outputs"]["data"])
