"""The program as it is checked out, with one region's stack, stand-ins for its cloud and a real Kubernetes API."""

import base64
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.harness.engine import PLUGINS, Project
from tools.paths import ROOT
from tools.providers.cloud.world import VARIABLE
from tools.world import of_stack

CLOUDS = ("aws", "alicloud", "tencentcloud")
STACKS = tuple(sorted(path.stem for path in (ROOT / "stacks").glob("*.yaml") if "kind: fleet" not in path.read_text()))


@dataclass(frozen=True)
class Step:
    """One step of a plan: `op` on a resource, whose `inputs` are as the program gives them."""

    op: str
    type: str
    name: str
    parent: str
    inputs: Mapping[str, Any]

    @property
    def custom(self) -> bool:
        return not self.type.startswith(("open-autoglm:", "pulumi:pulumi:"))


class Region(Project):
    """A stack of the checked-out program."""

    name = "open-autoglm"

    def __init__(
        self, folder: Path, stack: str, kubeconfig: Path | None = None, *, plugins: Iterable[str] = (*PLUGINS, *CLOUDS)
    ) -> None:
        """`kubeconfig`: where the clouds' clusters really are; without it they can't be reached."""
        super().__init__(folder, stack=stack, plugins=plugins)
        self._world(kubeconfig)

    def _program(self) -> None:
        for name in ("components", "stacks", "policies"):
            (self.folder / name).symlink_to(ROOT / name)
        for name in ("__main__.py", "Pulumi.yaml"):
            shutil.copy(ROOT / name, self.folder / name)
        self.configure({})

    @property
    def provider(self) -> str:
        return str(yaml.safe_load((ROOT / "stacks" / f"{self.stack}.yaml").read_text())["provider"])

    def configure(self, overlay: Mapping[str, Any]) -> None:
        """What lies over the region file, beside what every stack has."""
        config = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]
        path = self.folder / f"Pulumi.{self.stack}.yaml"
        kept = yaml.safe_load(path.read_text()) if path.exists() else {}
        salt = {key: value for key, value in kept.items() if key.startswith("encryption")}
        path.write_text(yaml.safe_dump({**salt, "config": {**config, "open-autoglm:region": dict(overlay)}}))

    def _world(self, kubeconfig: Path | None) -> None:
        """What the region file says exists, and where the clouds' clusters really are."""
        world = self.folder / "world.yaml"
        led = {"kubeconfig": str(kubeconfig)} if kubeconfig else {}
        world.write_text(yaml.safe_dump(of_stack(self.stack) | led))
        self.environment[VARIABLE] = str(world)
        if kubeconfig:
            _write_aws(self.folder / "bin" / "aws", yaml.safe_load(kubeconfig.read_text())["users"][0]["user"])

    def plan(self, *options: str) -> list[Step]:
        """What a preview would do, but for the stack and providers."""
        text = self.run("preview", "--json", *options).ok()
        steps = json.loads(text[text.index("{") :])["steps"]
        return [_step(step) for step in steps if not _is_bookkeeping(step)]


def _is_bookkeeping(step: Mapping[str, Any]) -> bool:
    state = step.get("newState") or step["oldState"]
    return str(state["type"]).startswith(("pulumi:pulumi:", "pulumi:providers:"))


def _step(step: Mapping[str, Any]) -> Step:
    state = step.get("newState") or step["oldState"]
    name, parent = state["urn"].rpartition("::")[2], str(state.get("parent", "")).rpartition("::")[2]
    return Step(step["op"], state["type"], name, parent, state.get("inputs") or {})


def _write_aws(path: Path, user: Mapping[str, str]) -> None:
    """`aws eks get-token` for a cluster that knows certificates."""
    status = {
        "clientCertificateData": base64.b64decode(user["client-certificate-data"]).decode(),
        "clientKeyData": base64.b64decode(user["client-key-data"]).decode(),
    }
    answer = {"apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential", "status": status}
    path.touch(mode=0o700)
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(answer)}\nEND\n")
