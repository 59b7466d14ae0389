"""What a kubeconfig says, without contacting anyone: its contexts, and the host of a context's API server."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml


def api_host(path: Path, context: str | None) -> str:
    """The host of the API server. Raises ValueError that names the field, the value, the reason and the fix."""
    try:
        content = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ValueError(f"cluster.kubeconfig: {path}: {error.strerror}: give a file that you can read") from None
    except yaml.YAMLError:  # its text would quote credentials
        raise ValueError(f"cluster.kubeconfig: {path} is not YAML: give a file that kubectl accepts") from None
    if not isinstance(content, Mapping):
        raise ValueError(f"cluster.kubeconfig: {path} is no kubeconfig: give a file that kubectl accepts")
    contexts = _by_name(content, "contexts", "context")
    chosen = context or str(content.get("current-context"))
    if chosen not in contexts:
        known = ", ".join(sorted(contexts)) or "none"
        raise ValueError(f"cluster.context: {chosen!r} is not in {path}: use one of its contexts: {known}")
    cluster = _by_name(content, "clusters", "cluster").get(str(contexts[chosen].get("cluster")), {})
    host = urlsplit(str(cluster.get("server", ""))).hostname
    if not host:
        raise ValueError(f"cluster.context: {chosen!r} of {path} names no API server: repair the file or use another")
    return f"[{host}]" if ":" in host else host


def _by_name(content: Mapping[str, Any], table: str, kind: str) -> dict[str, Mapping[str, Any]]:
    return {str(entry.get("name")): entry.get(kind) or {} for entry in content.get(table) or []}
