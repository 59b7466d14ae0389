"""The state that the last release left behind, one region of each cloud: what the current code must not replace.

`python -m tests.regions.released` brings the regions up and writes their states anew; done for a release, never to make
a failing test pass.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import yaml

from tests.harness import apiserver
from tests.harness.kubelet import Kubelet
from tests.harness.regions import Region
from tests.regions import life
from tools.paths import ROOT
from tools.providers.kubernetes.client import Client
from tools.providers.kubernetes.kubeconfig import load

FOLDER = ROOT / "tests" / "released"
STACKS = ("aws-us-west-2", "alicloud-ap-southeast-1", "tencentcloud-ap-singapore")
_NOBODY = "https://127.0.0.1:1"  # where no API server answers
_OF_THE_RUN = ("created", "modified", "sourcePosition", "stackTrace")  # differ from machine to machine
_GONE = "Z29uZQ=="  # in place of the test's certificates and keys


def scrubbed(text: str, kubeconfig: Path) -> str:
    """Without the way into the test's own API server, in whatever form it is written."""
    config = yaml.safe_load(kubeconfig.read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    text = text.replace(cluster["server"], _NOBODY)
    for secret in (cluster["certificate-authority-data"], user["client-certificate-data"], user["client-key-data"]):
        text = text.replace(secret, _GONE)
    return text


def state(region: Region, kubeconfig: Path) -> dict[str, Any]:
    """The deployment as the engine exports it, secrets in clear: all of them are the stand-ins' inventions."""
    text = region.run("stack", "export", "--show-secrets").ok()
    exported: dict[str, Any] = json.loads(scrubbed(text[text.index("{") :], kubeconfig))
    for resource in exported["deployment"]["resources"]:
        for key in _OF_THE_RUN:
            resource.pop(key, None)
    return exported


def lines(exported: dict[str, Any]) -> str:
    """JSON with a resource a line."""
    deployment = exported["deployment"]
    resources = ",\n".join(json.dumps(resource, sort_keys=True) for resource in deployment["resources"])
    head = json.dumps({**exported, "deployment": {**deployment, "resources": "HERE"}})
    return head.replace('"HERE"', f"[\n{resources}\n]") + "\n"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        apiserver.running(_made(Path(folder) / "api"), heartbeats=False) as server,
    ):
        client = Client(load(str(server.kubeconfig)))
        kubelet = Kubelet(client)
        kubelet.start()
        for stack in STACKS:
            region = Region(Path(folder) / stack, stack, server.kubeconfig)
            life.prepare(stack, client)
            region.configure({})
            region.up().ok()
            (FOLDER / f"{stack}.json").write_text(lines(state(region, server.kubeconfig)))
            region.run("destroy", "--yes", "--skip-preview").ok()
            print(stack, flush=True)
        kubelet.stop()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main()
