"""What a Prometheus of the region's own would be, given to a real Kubernetes API with pod security and controllers."""

import json
import subprocess
import time
from pathlib import Path

import pytest

from components.platform.monitoring.own import OwnMonitoring
from tests.components.monitoring.test_components import OWN, made
from tests.harness import apiserver, mocks
from tests.harness.apiserver import ApiServer, program

PODS = {"t-prometheus": 1, "t-alertmanager": 1, "t-grafana": 1}
NAMESPACE = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {
        "name": "n",
        "labels": {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")},
    },
}


def kubectl(api: ApiServer, *arguments: str, given: object = None) -> subprocess.CompletedProcess[str]:
    argv = [program("kubectl"), f"--kubeconfig={api.kubeconfig}", *arguments]
    done = subprocess.run(argv, input=json.dumps(given), text=True, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.integration
def test_pods_are_admitted_and_none_is_warned_of(tmp_path: Path) -> None:
    recorder, _ = made(lambda: OwnMonitoring("t-monitoring", OWN))
    objects = []
    for item in recorder.resources:
        if item.type.startswith("kubernetes:"):
            content = {key: mocks.plain(value) for key, value in item.inputs.items()}
            objects.append(content | {"metadata": mocks.named(item.name, content["metadata"])})
    with apiserver.running(tmp_path) as api:
        kubectl(api, "apply", "-f", "-", given=NAMESPACE)
        done = kubectl(
            api, "apply", "--validate=strict", "-f", "-", given={"apiVersion": "v1", "kind": "List", "items": objects}
        )
        assert "PodSecurity" not in done.stderr
        found: dict[str, int] = {}
        until = time.monotonic() + 60
        while found != PODS and time.monotonic() < until:
            time.sleep(0.5)
            path = r"jsonpath={..metadata.labels.app\.kubernetes\.io/instance}"
            labels = kubectl(api, "-n", "n", "get", "pods", "-o", path).stdout.split()
            found = {name: labels.count(name) for name in labels}
        assert found == PODS, kubectl(api, "-n", "n", "get", "events").stdout
