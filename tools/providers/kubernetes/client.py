"""The Kubernetes API over HTTP: one connection pool, every error a readable message."""

import json
import threading
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import urllib3

from tools.providers.kubernetes.credentials import Credentials, ssl_context
from tools.providers.kubernetes.discovery import Discovery, Kind
from tools.providers.kubernetes.errors import ApiError, KindUnknown, Unreachable
from tools.providers.kubernetes.kubeconfig import Connection, KubeconfigError
from tools.providers.values import Json

Object = dict[str, Any]

_CONNECT_TIMEOUT: Final = 5.0  # seconds
_READ_TIMEOUT: Final = 60.0  # seconds; a webhook may hold a request for 30
_SILENCE: Final = 5.0  # seconds for which a server that did not answer is not asked again: a preview asks often
# A server that restarts drops its connections. All but POST can be sent again whatever became of the first try.
_RETRIES: Final = urllib3.Retry(
    total=None, connect=2, read=2, other=0, redirect=0, status=3, status_forcelist=[429, 503],
    allowed_methods=["GET", "PATCH", "DELETE"], backoff_factor=0.3, raise_on_status=False,
)  # fmt: skip


class Client:
    """Requests to one cluster. Safe to use from many threads."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._credentials = Credentials(connection)
        self._pool = self._make_pool(connection)
        self._lock = threading.Lock()
        self._discovery = Discovery(self.get_json)
        self._silent_until, self._silence = 0.0, ""
        self.has_answered = False

    def _make_pool(self, connection: Connection) -> urllib3.PoolManager:
        options: dict[str, Any] = {
            "maxsize": 64,
            "retries": _RETRIES,
            "timeout": urllib3.Timeout(connect=_CONNECT_TIMEOUT, read=_READ_TIMEOUT),
        }
        if connection.server.startswith("https"):
            options["ssl_context"] = ssl_context(connection, self._credentials)
            if connection.tls_server_name:
                options |= {
                    "server_hostname": connection.tls_server_name,
                    "assert_hostname": connection.tls_server_name,
                }
        if connection.proxy:
            return urllib3.ProxyManager(connection.proxy, **options)
        return urllib3.PoolManager(**options)

    def close(self) -> None:
        self._pool.clear()

    def request(
        self, method: str, path: str, body: Json = None, media: str = "application/json", **query: Json
    ) -> bytes:
        """Sends one request. Raises ApiError and Unreachable."""
        parameters = "&".join(
            f"{name}={quote(str(value), safe='')}" for name, value in query.items() if value is not None
        )
        url = f"{self.connection.server}{path}" + (f"?{parameters}" if parameters else "")
        headers = {**self._authorization(), "Accept": "application/json", "Content-Type": media}
        if time.monotonic() < self._silent_until:
            raise Unreachable(self._silence)
        try:
            answer = self._pool.request(method, url, headers=headers, body=None if body is None else json.dumps(body))
        except urllib3.exceptions.HTTPError as error:
            reason = error.reason if isinstance(error, urllib3.exceptions.MaxRetryError) else error
            self._silence = f"the cluster at {self.connection.server} does not answer: {reason}"
            self._silent_until = time.monotonic() + _SILENCE
            raise Unreachable(self._silence) from None
        self.has_answered = True
        if answer.status >= 400:
            raise _api_error(answer.status, answer.data)
        return answer.data

    def _authorization(self) -> dict[str, str]:
        try:
            return self._credentials.headers()
        except KubeconfigError as error:
            raise Unreachable(str(error)) from None

    def get_json(self, path: str, **query: Json) -> Object:
        found: Object = json.loads(self.request("GET", path, **query))
        return found

    def kind(self, api_version: str, kind: str, *, fresh: bool = False) -> Kind:
        """How the cluster serves a kind. Raises KindUnknown; `fresh` asks again rather than trust an old no."""
        with self._lock:
            found = self._discovery.find(api_version, kind, fresh=fresh)
        if found is None:
            raise KindUnknown(f"the cluster at {self.connection.server} has no kind {kind} in {api_version}")
        return found

    def path(self, obj: Mapping[str, Any], *, collection: bool = False) -> str:
        """The object's path, or its collection's. Raises KindUnknown, ApiError and Unreachable."""
        kind = self.kind(obj["apiVersion"], obj["kind"])
        metadata = obj.get("metadata") or {}
        namespace = metadata.get("namespace") or self.connection.namespace
        base = f"/apis/{obj['apiVersion']}" if "/" in obj["apiVersion"] else f"/api/{obj['apiVersion']}"
        place = (
            f"{base}/namespaces/{quote(namespace, safe='')}/{kind.plural}"
            if kind.namespaced
            else f"{base}/{kind.plural}"
        )
        return place if collection else f"{place}/{quote(metadata['name'], safe='')}"

    def get(self, obj: Mapping[str, Any]) -> Object | None:
        """The live object, or None where there is none."""
        try:
            return self.get_json(self.path(obj))
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def apply(self, obj: Mapping[str, Any], manager: str, *, force: bool = False, dry_run: bool = False) -> Object:
        """Server-side apply with strict checks of field names."""
        answer = self.request(
            "PATCH", self.path(obj), obj, "application/apply-patch+yaml",
            fieldManager=manager, fieldValidation="Strict", force=str(force).lower(), dryRun="All" if dry_run else None,
        )  # fmt: skip
        applied: Object = json.loads(answer)
        return applied

    def create(self, obj: Mapping[str, Any], manager: str, *, dry_run: bool = False) -> Object:
        answer = self.request(
            "POST", self.path(obj, collection=True), obj, fieldManager=manager, fieldValidation="Strict",
            dryRun="All" if dry_run else None,
        )  # fmt: skip
        created: Object = json.loads(answer)
        return created

    def delete(self, obj: Mapping[str, Any], propagation: str, uid: str | None) -> None:
        options: Object = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        if uid:
            options["preconditions"] = {"uid": uid}
        self.request("DELETE", self.path(obj), options)

    def list(self, api_version: str, kind: str, namespace: str, **query: Json) -> list[Object]:
        path = self.path(
            {"apiVersion": api_version, "kind": kind, "metadata": {"namespace": namespace}}, collection=True
        )
        items: list[Object] = self.get_json(path, **query).get("items") or []
        return items

    def log_tail(self, namespace: str, pod: str, container: str, lines: int, *, previous: bool) -> str:
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
        answer = self.request("GET", path, container=container, tailLines=lines, previous=str(previous).lower())
        return answer.decode(errors="replace").strip()


def _api_error(code: int, data: bytes) -> ApiError:
    try:
        status = json.loads(data)
        details = status.get("details") or {}
        return ApiError(code, status["message"], status.get("reason", ""), details.get("causes"))
    except (ValueError, KeyError, AttributeError, TypeError):
        return ApiError(code, f"HTTP {code}: {data[:500].decode(errors='replace').strip()}")
