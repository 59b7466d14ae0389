"""A region whose model has a version: the catalogue's clients, the gateway's candidate, the rollout's edges."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.harness import mocks, programs
from tests.harness.mocks import Recorder, plain

VERSION: dict[str, Any] = {"model": {"version": "1.4.0"}}
CANARY = VERSION | {"serving": {"rollout": {"steps": [10, 100]}}}


def arguments(recorder: Recorder, name: str) -> list[str]:
    (found,) = (item for item in recorder.resources if item.name == name)
    spec = plain(found.inputs["spec"])["template"]["spec"]
    given: list[str] = spec["containers"][0]["args"]
    return given


def unknown(recorder: Recorder) -> set[str]:
    """Variables that arguments of containers refer to, and their environment does not have."""
    specs = [plain(item.inputs["spec"]) for item in recorder.resources if item.type.endswith((":Deployment", ":Job"))]
    return {
        name
        for spec in specs
        for container in spec["template"]["spec"]["containers"]
        for name in re.findall(r"\$\((\w+)\)", " ".join(container.get("args", ())))
        if name not in {variable["name"] for variable in container.get("env", ())}
    }


def names(recorder: Recorder, kind: str) -> set[str]:
    return {item.name for item in recorder.resources if item.type.endswith(f":{kind}")}


@pytest.mark.parametrize("preview", [True, False])
def test_a_version_brings_a_rollout_and_servers_that_follow_it(kubeconfig: Path, preview: bool) -> None:
    made = mocks.run(programs.region(kubeconfig, VERSION), preview=preview)
    assert names(made, "Rollout") == {"dev-rollout"}
    given = arguments(made, "dev-rollout-job")
    assert {"--version=1.4.0", "--source=/models/autoglm-phone-9b/1.4.0", "--at-least=1", "--region=dev"} <= set(given)
    assert not [word for word in given if word.startswith(("--steps", "--weights"))]
    assert "--model-catalogue-tls=/etc/etcd/tls" in arguments(made, "dev-serving-deployment")
    assert not unknown(made)
    rules = names(made, "NetworkPolicy")
    for client in ("serving", "rollout"):
        assert {f"dev-edges-dev-{client}-to-dev-etcd-egress", f"dev-edges-dev-{client}-to-dev-etcd-ingress"} <= rules
    assert not [name for name in names(made, "ConfigMap") if "traffic" in name]


def test_a_canary_has_the_gateway_s_weights(kubeconfig: Path) -> None:
    made = mocks.run(programs.region(kubeconfig, CANARY))
    assert "dev-gateway-traffic" in names(made, "ConfigMap")
    assert {"--steps=10,100", "--weights=dev-gateway-traffic"} <= set(arguments(made, "dev-rollout-job"))


def test_another_version_changes_no_pod_of_the_servers(kubeconfig: Path) -> None:
    first, second = (
        arguments(mocks.run(programs.region(kubeconfig, {"model": {"version": version}})), "dev-serving-deployment")
        for version in ("1", "2")
    )
    assert first == second
