"""What the program would make, given to a real Kubernetes API with pod security, quota and controllers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import apiserver, manifests, mocks, programs
from tests.harness.apiserver import ApiServer
from tests.harness.manifests import kubectl

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


@pytest.fixture(scope="module")
def applied(api: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    kubeconfig = programs.kubeconfig(tmp_path_factory.mktemp("kubeconfig"))
    objects = manifests.objects(mocks.run(programs.region(kubeconfig, ROLLING)))
    isolation = [item for item in objects if item["kind"] in FIRST]
    for group in ([item for item in isolation if item["kind"] == "Namespace"], isolation, objects):
        manifests.apply(api, group)
    return objects


def test_every_pod_is_admitted(api: ApiServer, applied: list[dict[str, Any]]) -> None:
    """Pods are made by the controllers, so under pod security `restricted`, the limit range and the quota."""
    manifests.wait_for_pods(api, "autoglm", PODS)


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
