"""Programs for tests: the dev region, and what its file says."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from components import Region, RegionArgs
from stacks.loader import parse
from stacks.schema import RegionSpec
from tools import paths

DEV = paths.ROOT / "stacks" / "dev.yaml"

KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: here
contexts: [{name: here, context: {cluster: near, user: me}}, {name: there, context: {cluster: far, user: me}}]
clusters:
  - {name: near, cluster: {server: "https://10.1.2.3:6443"}}
  - {name: far, cluster: {server: "https://[2001:db8::1]:6443"}}
users: [{name: me, user: {token: token-in-the-kubeconfig}}]
"""


def kubeconfig(folder: Path) -> Path:
    path = folder / "kubeconfig"
    path.write_text(KUBECONFIG)
    return path


def dev(overlay: Mapping[str, Any] | None = None) -> RegionSpec:
    return parse(DEV.read_text(), source="stacks/dev.yaml", overlay=overlay)


def region(path: Path, overlay: Mapping[str, Any] | None = None) -> Callable[[], Mapping[str, Any]]:
    """The program of `__main__.py`, for a kubeconfig at `path`."""

    def program() -> Mapping[str, Any]:
        return Region("dev", RegionArgs(spec=dev({"cluster": {"kubeconfig": str(path)}, **(overlay or {})}))).outputs

    return program
