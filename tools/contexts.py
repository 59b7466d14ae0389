"""The user's own kubeconfig: whether it has the context that was named, and whether its API server answers."""

import os
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from tools.process import ToolError

WAIT = 5.0  # seconds for an API server to answer


def find(context: str | None, kubeconfig: Path | None = None) -> tuple[Path, str]:
    """The file of that context, and its name (the file's current one for None), once its API server has answered.

    Raises ToolError for an unreadable file, an unknown context and a dead server.
    """
    files = [kubeconfig] if kubeconfig else _files()
    known: list[str] = []
    for file in files:
        content = _read(file)
        name = context or content.get("current-context") or ""
        contexts = {entry["name"]: entry["context"] for entry in content.get("contexts") or []}
        known += contexts
        if name in contexts:
            servers = {entry["name"]: entry["cluster"]["server"] for entry in content.get("clusters") or []}
            _knock(name, servers.get(contexts[name]["cluster"], ""))
            return file, name
    shown = ", ".join(sorted(known)) or "none"
    raise ToolError(f"CONTEXT: no context {context!r} in {', '.join(map(str, files))}; there are: {shown}")


def _files() -> list[Path]:
    given = [Path(part) for part in os.environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    return [path for path in given if path.exists()] or given[:1] or [Path.home() / ".kube" / "config"]


def _read(file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text())
    except (OSError, yaml.YAMLError) as error:
        reason = error.strerror if isinstance(error, OSError) else "this is not YAML"
        raise ToolError(f"kubeconfig: {file}: {reason}; name another one with KUBECONFIG") from None
    return content if isinstance(content, dict) else {}


def _knock(context: str, server: str) -> None:
    """Any answer will do, so no credentials are sent and the certificate does not matter yet."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=trusting))
    try:
        opener.open(f"{server}/readyz", timeout=WAIT).close()
    except urllib.error.HTTPError:
        return
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise ToolError(
            f"CONTEXT: the API server of {context!r}, {server or '(none)'}, does not answer in {WAIT:.0f} s: {reason}; "
            "start that cluster, or name another context"
        ) from None
