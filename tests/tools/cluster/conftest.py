"""Real clusters for the integration tests: names and ranges of their own, beside whatever else runs on the machine."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.harness.waiting import until
from tools.cluster import ClusterSettings, start, wipe
from tools.cluster.lifecycle import kubectl
from tools.images import Image, build
from tools.images.archive import Settings
from tools.images.layers import layer_of
from tools.images.nodes import program
from tools.images.recipe import Recipe
from tools.images.static import ACCOUNTS
from tools.paths import LOG

RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


class Cluster:
    """A running cluster and what tests do to it."""

    def __init__(self, settings: ClusterSettings, images: Mapping[str, Image]) -> None:
        self.settings = settings
        self.images = images

    def kubectl(self, *arguments: str, text: str | None = None, fails: bool = False) -> str:
        argv = [*kubectl(self.settings), "--request-timeout=30s", *arguments]
        done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=150)
        assert (done.returncode != 0) is fails, done.stderr
        return done.stderr if fails else done.stdout

    def apply(self, *objects: Mapping[str, Any]) -> None:
        self.kubectl("apply", "--filename=-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def get(self, *arguments: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.kubectl("get", "--output=json", *arguments))
        return found

    def namespace(self, name: str) -> None:
        labels = {"pod-security.kubernetes.io/enforce": "restricted", "team": name}
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
        until(lambda: self.get("serviceaccounts", "-n", name)["items"], f"{name} has a service account")

    def pod(self, namespace: str, name: str, command: Sequence[str], **spec: Any) -> dict[str, Any]:
        """A restricted pod of the probe image; the label app is its name."""
        extra = spec.pop("container", {})
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
            "spec": {
                "automountServiceAccountToken": False,
                "terminationGracePeriodSeconds": 1,
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 65532,
                    "fsGroup": 65532,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [
                    {
                        "name": "probe",
                        "image": self.images["probe"].ref,
                        "imagePullPolicy": "Never",
                        "args": list(command),
                        "securityContext": RESTRICTED,
                        **extra,
                    }
                ],
                **spec,
            },
        }

    def wait_ready(self, namespace: str, *pods: str) -> None:
        self.kubectl("wait", "-n", namespace, "--for=condition=Ready", "--timeout=60s", *(f"pod/{p}" for p in pods))

    def call(self, namespace: str, pod: str, url: str) -> str:
        """The answer to one attempt from within a pod, or what went wrong with it."""
        argv = [*kubectl(self.settings), "exec", "-n", namespace, pod, "--", "/probe", "get", url]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30)
        return done.stdout or done.stderr

    def run_in(self, namespace: str, pod: str, *arguments: str, fails: bool = False) -> str:
        return self.kubectl("exec", "-n", namespace, pod, "--", "/probe", *arguments, fails=fails)


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Image]:
    folder = tmp_path_factory.mktemp("probe")
    source = Path(__file__).parent / "probe.go"
    environment = os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "-trimpath"}
    subprocess.run(["go", "build", "-o", folder / "probe", source], check=True, env=environment, timeout=300)

    def recipe(_log: Path) -> Recipe:
        layer = layer_of("probe", [*ACCOUNTS, program("probe", folder / "probe")])
        return Recipe(
            name="probe", version="1", layers=(layer,), settings=Settings(entrypoint=["/probe"], environment={})
        )

    LOG.mkdir(parents=True, exist_ok=True)
    log = LOG / "images.log"
    return build(("pause", "coredns", "metrics-server"), log) | build(("probe",), log, {"probe": recipe}, folder)


@pytest.fixture(scope="session")
def cluster(images: dict[str, Image]) -> Iterator[Cluster]:
    """One with everything, for tests that leave it well."""
    settings = ClusterSettings.load(
        "t1", node_range="172.31.253.0/30", service_range="10.98.0.0/16", pod_range="10.246.0.0/24"
    )
    wipe(settings)
    try:
        start(settings, list(images.values()))
        yield Cluster(settings, images)
    finally:
        wipe(settings)


@pytest.fixture
def spare() -> Iterator[ClusterSettings]:
    """Settings of another one, for tests that break it."""
    settings = ClusterSettings.load(
        "t2", node_range="172.31.252.0/30", service_range="10.99.0.0/16", pod_range="10.247.0.0/24"
    )
    wipe(settings)
    try:
        yield settings
    finally:
        wipe(settings)
