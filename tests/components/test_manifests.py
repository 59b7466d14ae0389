"""What the program would make, given to a real Kubernetes API with pod security, quota and controllers."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import apiserver, mocks, programs
from tests.harness.apiserver import ApiServer, program
from tests.harness.mocks import Recorder

pytestmark = pytest.mark.integration

# Deployments before the quota would be admitted without it, so the isolation is made first, as the program does.
FIRST = ("Namespace", "ResourceQuota", "LimitRange", "ServiceAccount")
PODS = {"dev-etcd": 1, "dev-etcd-keeper": 1, "dev-serving": 2, "dev-gateway": 1, "dev-model-store": 1, "dev-rollout": 1}
# With a rollout's Job, and a gateway that has a candidate.
ROLLING = {"model": {"version": "1"}, "serving": {"rollout": {}}}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with apiserver.running(tmp_path_factory.mktemp("api")) as server:
        yield server


def kubectl(api: ApiServer, *arguments: str, given: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [program("kubectl"), f"--kubeconfig={api.kubeconfig}", *arguments],
        input=given,
        text=True,
        capture_output=True,
        timeout=120,
    )
    assert not check or done.returncode == 0, done.stderr
    return done


def manifests(recorder: Recorder) -> list[dict[str, Any]]:
    made = []
    for item in recorder.resources:
        if item.type.startswith("kubernetes:"):
            content = {key: mocks.plain(value) for key, value in item.inputs.items()}
            content["metadata"] = mocks.named(item.name, content["metadata"])
            made.append(content)
    return sorted(made, key=lambda content: FIRST.index(content["kind"]) if content["kind"] in FIRST else len(FIRST))


@pytest.fixture(scope="module")
def applied(api: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    kubeconfig = programs.kubeconfig(tmp_path_factory.mktemp("kubeconfig"))
    objects = manifests(mocks.run(programs.region(kubeconfig, ROLLING)))
    for group in (objects[:1], [item for item in objects[1:] if item["kind"] in FIRST], objects):
        kubectl(api, "apply", "--validate=strict", "-f", "-", given=yaml.safe_dump_all(group))
    return objects


def test_every_pod_is_admitted(api: ApiServer, applied: list[dict[str, Any]]) -> None:
    """Pods are made by the controllers, so under pod security `restricted`, the limit range and the quota."""
    deadline = time.monotonic() + 60
    found: dict[str, int] = {}
    while found != PODS and time.monotonic() < deadline:
        time.sleep(0.5)
        labels = kubectl(
            api, "-n", "autoglm", "get", "pods", "-o", r"jsonpath={..metadata.labels.app\.kubernetes\.io/instance}"
        ).stdout.split()
        found = {name: labels.count(name) for name in labels}
    assert found == PODS, kubectl(api, "-n", "autoglm", "get", "events").stdout


def test_an_unsafe_pod_would_be_refused(api: ApiServer, applied: list[dict[str, Any]]) -> None:
    done = kubectl(api, "-n", "autoglm", "run", "unsafe", "--image=x:1", "--dry-run=server", check=False)
    assert done.returncode != 0
    assert "PodSecurity" in done.stderr


def test_a_misspelt_key_would_be_refused(api: ApiServer, applied: list[dict[str, Any]]) -> None:
    wrong = next(item for item in applied if item["kind"] == "Deployment")
    text = yaml.safe_dump(wrong).replace("failureThreshold", "failureTreshold")
    done = kubectl(api, "apply", "--dry-run=server", "--validate=strict", "-f", "-", given=text, check=False)
    assert done.returncode != 0
    assert "failureTreshold" in done.stderr


def test_services_find_their_pods_and_budgets_theirs(applied: list[dict[str, Any]]) -> None:
    pods = [
        item["spec"]["template"]["metadata"]["labels"]
        for item in applied
        if item["kind"] in ("Deployment", "StatefulSet")
    ]
    for item in applied:
        selector = {
            "Service": lambda spec: spec["selector"],
            "PodDisruptionBudget": lambda spec: spec["selector"]["matchLabels"],
        }.get(item["kind"])
        if selector:
            wanted = selector(item["spec"]).items()
            assert sum(wanted <= labels.items() for labels in pods) == 1, item["metadata"]["name"]


def test_a_restart_needs_no_more_than_the_quota(api: ApiServer, applied: list[dict[str, Any]], tmp_path: Path) -> None:
    """The rule in stacks/rules.py counts as Kubernetes does."""
    used = yaml.safe_load(kubectl(api, "-n", "autoglm", "get", "resourcequota", "-o", "yaml").stdout)["items"][0][
        "status"
    ]
    assert int(used["used"]["pods"]) == sum(PODS.values())
    region = programs.dev()
    assert int(used["hard"]["pods"]) >= sum(PODS.values()) + region.serving.replicas + region.gateway.replicas
