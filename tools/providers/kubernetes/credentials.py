"""Credentials for the API: what the kubeconfig holds, or what its exec plugin prints."""

import json
import os
import ssl
import subprocess
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tools.providers.kubernetes.kubeconfig import Connection, KubeconfigError
from tools.providers.values import Json

_EXEC_TIMEOUT: Final = 60  # seconds
_RENEW_EARLY: Final = 60  # seconds before the token's own expiry


class Credentials:
    """The authorization header of a connection; runs an exec plugin again when its token expires."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._expires = 0.0
        self._token = connection.token
        self.certificate, self.key = connection.certificate, connection.key
        if connection.exec_plugin:
            self._run(connection.exec_plugin)

    def headers(self) -> dict[str, str]:
        plugin = self._connection.exec_plugin
        with self._lock:
            if plugin and self._expires and time.time() > self._expires - _RENEW_EARLY:
                self._run(plugin)
            if self._token:
                return {"Authorization": f"Bearer {self._token}"}
        return {"Authorization": f"Basic {self._connection.basic}"} if self._connection.basic else {}

    def _run(self, plugin: Json) -> None:
        command = [plugin["command"], *(plugin.get("args") or [])]
        variables = {entry["name"]: entry["value"] for entry in plugin.get("env") or []}
        info = {"apiVersion": plugin["apiVersion"], "kind": "ExecCredential", "spec": {"interactive": False}}
        try:
            done = subprocess.run(
                command,
                env={**os.environ, **variables, "KUBERNETES_EXEC_INFO": json.dumps(info)},
                capture_output=True,
                timeout=_EXEC_TIMEOUT,
                check=True,
                text=True,
            )
            status = json.loads(done.stdout)["status"]
        except subprocess.CalledProcessError as error:
            raise KubeconfigError(
                f"{command[0]} failed with exit code {error.returncode}: {error.stderr[-500:]}"
            ) from None
        except (OSError, subprocess.TimeoutExpired, ValueError, KeyError) as error:
            raise KubeconfigError(f"{command[0]} gave no credential: {type(error).__name__}") from None
        self._token = status.get("token")
        self.certificate = status.get("clientCertificateData") or self.certificate
        self.key = status.get("clientKeyData") or self.key
        expiry = status.get("expirationTimestamp")
        self._expires = datetime.fromisoformat(expiry).astimezone(UTC).timestamp() if expiry else 0.0


def ssl_context(connection: Connection, credentials: Credentials) -> ssl.SSLContext:
    """Raises KubeconfigError on a certificate or key that OpenSSL does not take."""
    context = ssl.create_default_context()
    try:
        if connection.ca:
            context = ssl.create_default_context(cadata=connection.ca)
        if not connection.verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if credentials.certificate and credentials.key:
            _load_pair(context, credentials.certificate, credentials.key)
    except ssl.SSLError as error:
        raise KubeconfigError(f"kubeconfig: bad certificate or key: {error.reason}") from None
    return context


def _load_pair(context: ssl.SSLContext, certificate: str, key: str) -> None:
    # OpenSSL's API takes files only; the folder is private to this user and gone again at once.
    with tempfile.TemporaryDirectory() as folder:
        certificate_file, key_file = Path(folder, "client.crt"), Path(folder, "client.key")
        certificate_file.write_text(certificate)
        key_file.touch(mode=0o600)
        key_file.write_text(key)
        context.load_cert_chain(certificate_file, key_file)
