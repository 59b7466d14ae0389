"""The real KEDA as pods of a cluster, by its own manifests, where the number of servers is to follow the load."""

import contextlib
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from tests.harness.waiting import until
from tools import golang
from tools.paths import BIN
from tools.providers.kubernetes.client import Client

IMAGES = {"keda-operator": "keda", "keda-metrics-apiserver": "keda-metrics-apiserver"}
"""Deployments, and the names of their images in tools/images."""
_MANIFESTS = "config/minimal"  # without the webhooks, which check what people write
_STARTING = 300.0  # seconds; the operator makes its certificates first, and starts again with them


def manifests(images: Mapping[str, str]) -> list[dict[str, Any]]:
    """What KEDA's own installation makes, in its order. `images`: references by their names in tools/images."""
    folder = golang.module("keda", "github.com/kedacore/keda/v2") / _MANIFESTS
    argv = [str(BIN / "kubectl"), "kustomize", str(folder)]
    text = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120).stdout
    made: list[dict[str, Any]] = list(yaml.safe_load_all(text))
    for one in made:
        if one["kind"] == "Deployment":
            (container,) = one["spec"]["template"]["spec"]["containers"]
            container |= {"image": images[IMAGES[one["metadata"]["name"]]], "imagePullPolicy": "Never"}
            if one["metadata"]["name"] == "keda-operator":
                container["args"].append("--enable-webhook-patching=false")
    return made


@contextlib.contextmanager
def installed(kubeconfig: str, client: Client, images: Mapping[str, str]) -> Iterator[None]:
    """Until figures are served; taken away at the end, when no ScaledObject may be left: KEDA lets each go itself."""
    text = yaml.safe_dump_all(manifests(images))
    try:
        _kubectl(kubeconfig, text, "apply", "--server-side", "-f", "-")
        until(lambda: _available(client), "KEDA's figures are served", _STARTING, pause=1.0)
        yield
    finally:
        _kubectl(kubeconfig, text, "delete", "--ignore-not-found", "--wait", "--timeout=120s", "-f", "-")


def _kubectl(kubeconfig: str, text: str, *arguments: str) -> None:
    argv = [str(BIN / "kubectl"), f"--kubeconfig={kubeconfig}", *arguments]
    done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")


def _available(client: Client) -> bool:
    found = client.get_json("/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.external.metrics.k8s.io")
    conditions = found.get("status", {}).get("conditions", [])
    return any(one["type"] == "Available" and one["status"] == "True" for one in conditions)
