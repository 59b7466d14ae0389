"""The real kube-scheduler beside the tests' API server, and many objects at once."""

import contextlib
import subprocess
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from tests.harness import processes
from tests.harness.apiserver import ApiServer, program
from tests.harness.waiting import until
from tools.providers.kubernetes.client import Client
from tools.providers.kubernetes.kubeconfig import load

Object = dict[str, Any]
NAMESPACE = "autoglm"
_WORKERS = 8
_PAGE = 2000


class Cluster:
    """Nodes without kubelets and pods without containers: what the scheduler sees of a cluster is all there is."""

    def __init__(self, server: ApiServer) -> None:
        self.client = Client(load(str(server.kubeconfig)))
        self._post("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        self._post(f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts", {"metadata": {"name": "default"}})

    def add_nodes(self, nodes: Iterable[Object]) -> None:
        """Each with its taints alone: nobody here takes away the one of a node that has just come."""

        def add(node: Object) -> None:
            self._post("/api/v1/nodes", node)
            path = f"/api/v1/nodes/{node['metadata']['name']}"
            patch = {"spec": {"taints": node["spec"]["taints"]}}
            self.client.request("PATCH", path, patch, "application/merge-patch+json")

        self._each(add, nodes)

    def add_pods(self, pods: Iterable[Object]) -> None:
        self._each(lambda pod: self._post(f"/api/v1/namespaces/{NAMESPACE}/pods", pod), pods)

    def add_priority(self, name: str, value: int, policy: str) -> None:
        body = {"metadata": {"name": name}, "value": value, "preemptionPolicy": policy}
        self._post("/apis/scheduling.k8s.io/v1/priorityclasses", body)

    def pods(self) -> list[Object]:
        found: list[Object] = []
        more = ""
        while True:
            query = {"limit": _PAGE} | ({"continue": more} if more else {})
            page = self.client.get_json(f"/api/v1/namespaces/{NAMESPACE}/pods", **query)
            found += page.get("items") or []
            more = page["metadata"].get("continue", "")
            if not more:
                return found

    def bound(self, count: int, within: float = 180) -> list[Object]:
        """The pods, once so many of them have a node. Raises AssertionError that says what the others wait for."""
        return self._until(lambda bound: len(bound) >= count, within)

    def bound_named(self, names: set[str], within: float = 180) -> list[Object]:
        """The pods, once these have a node."""
        return self._until(lambda bound: names <= bound, within)

    def _until(self, enough: Callable[[set[str]], bool], within: float) -> list[Object]:
        pods: list[Object] = []

        def landed() -> bool:
            pods[:] = self.pods()
            return enough({pod["metadata"]["name"] for pod in pods if pod["spec"].get("nodeName")})

        until(landed, lambda: "\n".join(sorted(set(map(_why, pods)))), within, pause=0.5)
        return pods

    def _post(self, path: str, body: Object) -> None:
        self.client.request("POST", path, body)

    def _each(self, act: Callable[[Object], object], objects: Iterable[Object]) -> None:
        with ThreadPoolExecutor(_WORKERS) as pool:
            list(pool.map(act, objects))


@contextlib.contextmanager
def running(server: ApiServer, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Schedules as Kubernetes does by default, but for how fast it may ask the API server."""
    config = folder / "scheduler.yaml"
    config.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "kubescheduler.config.k8s.io/v1",
                "kind": "KubeSchedulerConfiguration",
                "clientConnection": {"kubeconfig": str(server.kubeconfig), "qps": 2000, "burst": 2000},
                "leaderElection": {"leaderElect": False},
            }
        )
    )
    argv = [program("kube-scheduler"), f"--config={config}", "--secure-port=0"]
    with processes.running(argv, folder / "scheduler.log", cwd=folder) as process:
        yield process


def _why(pod: Object) -> str:
    if pod["spec"].get("nodeName"):
        return "bound"
    conditions = pod["status"].get("conditions") or [{}]
    return f"{pod['metadata']['name'].rpartition('-')[0]}: {conditions[0].get('message', 'not looked at')}"
