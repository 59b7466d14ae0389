"""From a kubeconfig, as a path or as contents, to what a client needs to reach one cluster."""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.providers.values import Json

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class KubeconfigError(ValueError):
    """The kubeconfig cannot be used; `field` is the provider argument that is at fault."""

    def __init__(self, message: str, field: str = "kubeconfig") -> None:
        super().__init__(message)
        self.field = field


class KubeconfigAbsent(KubeconfigError):
    """There is no kubeconfig yet: the cluster may be made later, so a preview goes on without it."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How to reach one cluster. Certificates and keys are PEM text; secrets stay out of `repr`."""

    server: str
    namespace: str = "default"
    ca: str | None = None
    verify: bool = True
    tls_server_name: str | None = None
    certificate: str | None = None
    key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    basic: str | None = field(default=None, repr=False)
    exec_plugin: Mapping[str, Any] | None = field(default=None, repr=False)
    proxy: str | None = None


def load(kubeconfig: str | None, context: str | None = None, cluster: str | None = None) -> Connection:
    """Reads a kubeconfig: contents, a path, or where kubectl looks. Raises KubeconfigError."""
    text, folder = _text(kubeconfig)
    if text is None:
        return _in_cluster(kubeconfig)
    import yaml

    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError:
        raise KubeconfigError("kubeconfig is not valid YAML or JSON") from None  # the reason would quote its secrets
    if not isinstance(config, Mapping) or not config.get("clusters"):
        raise KubeconfigError("kubeconfig has no `clusters`: give the contents of a kubeconfig file or its path")
    chosen = context or config.get("current-context")
    entry = _named(config, "contexts", chosen, "context", "context")
    return _connection(
        _named(config, "clusters", cluster or entry.get("cluster"), "cluster", "cluster"),
        _named(config, "users", entry["user"], "user", "context") if entry.get("user") else {},
        entry.get("namespace") or "default",
        folder,
    )


def _text(kubeconfig: str | None) -> tuple[str | None, Path]:
    if kubeconfig and ("\n" in kubeconfig or kubeconfig.lstrip().startswith("{")):
        return kubeconfig, Path()
    path = Path(kubeconfig or os.environ.get("KUBECONFIG", "").split(os.pathsep)[0] or "~/.kube/config").expanduser()
    try:
        return path.read_text(), path.parent
    except OSError as error:
        if kubeconfig and not isinstance(error, FileNotFoundError):
            raise KubeconfigError(f"kubeconfig {path}: {error.strerror}") from None
        return None, path.parent


def _in_cluster(kubeconfig: str | None) -> Connection:
    host = os.environ.get("KUBERNETES_SERVICE_HOST")
    if kubeconfig or not host or not _SERVICE_ACCOUNT.exists():
        where = kubeconfig or "KUBECONFIG or ~/.kube/config"
        raise KubeconfigAbsent(f"there is no kubeconfig file at {where}")
    return Connection(
        server=f"https://{host}:{os.environ.get('KUBERNETES_SERVICE_PORT', '443')}",
        namespace=(_SERVICE_ACCOUNT / "namespace").read_text().strip(),
        ca=(_SERVICE_ACCOUNT / "ca.crt").read_text(),
        token=(_SERVICE_ACCOUNT / "token").read_text().strip(),
    )


def _named(config: Mapping[str, Any], table: str, name: Json, kind: str, field: str) -> Mapping[str, Any]:
    entries = {entry.get("name"): entry.get(kind) or {} for entry in config.get(table) or []}
    if name not in entries:
        known = ", ".join(sorted(str(entry) for entry in entries)) or "none"
        raise KubeconfigError(f"the kubeconfig has no {kind} named {name!r}; it has: {known}", field)
    found: Mapping[str, Any] = entries[name]
    return found


def _connection(cluster: Mapping[str, Any], user: Mapping[str, Any], namespace: str, folder: Path) -> Connection:
    basic = None
    if user.get("username"):
        basic = base64.b64encode(f"{user['username']}:{user.get('password', '')}".encode()).decode()
    token = user.get("token")
    if not token and user.get("tokenFile"):
        token = _read(folder / user["tokenFile"]).strip()
    return Connection(
        server=str(cluster.get("server", "")).rstrip("/"),
        namespace=namespace,
        ca=_pem(cluster, "certificate-authority", folder),
        verify=not cluster.get("insecure-skip-tls-verify"),
        tls_server_name=cluster.get("tls-server-name"),
        certificate=_pem(user, "client-certificate", folder),
        key=_pem(user, "client-key", folder),
        token=token,
        basic=basic,
        exec_plugin=user.get("exec"),
        proxy=cluster.get("proxy-url"),
    )


def _pem(entry: Mapping[str, Any], name: str, folder: Path) -> str | None:
    if entry.get(f"{name}-data"):
        try:
            return base64.b64decode(entry[f"{name}-data"], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, TypeError):
            raise KubeconfigError(f"kubeconfig: {name}-data is not base64 of a PEM text") from None
    return _read(folder / entry[name]) if entry.get(name) else None


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise KubeconfigError(f"kubeconfig names the file {path}: {error.strerror}") from None
