"""What the engine awaits must not be waited for by what makes it ready: the update would never end."""

from pathlib import Path
from typing import Any

from tests.harness import mocks, programs
from tests.harness.mocks import Recorder, plain

EVERYTHING: dict[str, Any] = {
    "serving": {"autoscaling": {"minReplicas": 0, "maxReplicas": 8}},
    "monitoring": {"type": "own"},
    "quota": {"cpu": "30", "memory": "60Gi", "storage": "40Gi", "pods": 80},
}


def stuck(recorder: Recorder) -> list[tuple[str, str]]:
    """Services, ready once one of their pods is, beside the workloads of those pods that wait for them."""
    found = []
    for workload in [*recorder.all("Deployment"), *recorder.all("StatefulSet")]:
        labels = plain(workload.inputs["spec"])["template"]["metadata"]["labels"].items()
        before = recorder.waits_for(workload.name)
        for service in recorder.all("Service"):
            spec = plain(service.inputs["spec"])
            awaited = spec.get("selector") and spec.get("clusterIP") != "None"
            if awaited and spec["selector"].items() <= labels and service.name in before:
                found.append((service.name, workload.name))
    return found


def test_no_workload_waits_for_a_service_that_waits_for_it(tmp_path: Path) -> None:
    recorder = mocks.run(programs.region(programs.kubeconfig(tmp_path), EVERYTHING))
    assert {"dev-prometheus-server", "dev-alertmanager-server"} <= {item.name for item in recorder.all("StatefulSet")}
    assert stuck(recorder) == []
