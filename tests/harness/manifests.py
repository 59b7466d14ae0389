"""What a program under mocks made, given to a real Kubernetes API."""

import json
import subprocess
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.harness import mocks
from tests.harness.apiserver import ApiServer, program
from tests.harness.mocks import Recorder
from tests.harness.waiting import until

_INSTANCE = r"jsonpath={..metadata.labels.app\.kubernetes\.io/instance}"


def objects(recorder: Recorder) -> list[dict[str, Any]]:
    """Kubernetes' resources as the API takes them, with the names that the provider would give."""
    found = []
    for item in recorder.resources:
        if item.type.startswith("kubernetes:"):
            content = {key: mocks.plain(value) for key, value in item.inputs.items()}
            found.append(content | {"metadata": mocks.named(item.name, content["metadata"])})
    return found


def kubectl(api: ApiServer, *arguments: str, given: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
    argv = [program("kubectl"), f"--kubeconfig={api.kubeconfig}", *arguments]
    done = subprocess.run(argv, input=given, text=True, capture_output=True, timeout=120)
    assert not check or done.returncode == 0, done.stderr
    return done


def apply(api: ApiServer, given: Sequence[dict[str, Any]]) -> str:
    """In one go, no misspelt key among them. Returns what the API warns of."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(given)})
    return kubectl(api, "apply", "--validate=strict", "-f", "-", given=text).stderr


def wait_for_pods(api: ApiServer, namespace: str, wanted: dict[str, int]) -> None:
    """Until there are so many pods of each workload: controllers make them only where the cluster lets them in."""

    def made() -> bool:
        return Counter(kubectl(api, "-n", namespace, "get", "pods", "-o", _INSTANCE).stdout.split()) == wanted

    until(made, lambda: kubectl(api, "-n", namespace, "get", "events").stdout, pause=0.5)
