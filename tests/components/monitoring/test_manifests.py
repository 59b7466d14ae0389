"""What a Prometheus of the region's own would be, given to a real Kubernetes API with pod security and controllers."""

from pathlib import Path

import pytest

from components.platform.monitoring.own import OwnMonitoring
from tests.components.monitoring.test_components import OWN, made
from tests.harness import apiserver, manifests

PODS = {"t-prometheus": 1, "t-alertmanager": 1, "t-grafana": 1}
NAMESPACE = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {
        "name": "n",
        "labels": {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")},
    },
}


@pytest.mark.integration
def test_pods_are_admitted_and_none_is_warned_of(tmp_path: Path) -> None:
    recorder, _ = made(lambda: OwnMonitoring("t-monitoring", OWN))
    with apiserver.running(tmp_path) as api:
        manifests.apply(api, [NAMESPACE])
        assert "PodSecurity" not in manifests.apply(api, manifests.objects(recorder))
        manifests.wait_for_pods(api, "n", PODS)
