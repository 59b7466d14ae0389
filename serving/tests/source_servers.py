"""Hubs and a registry on loopback: small, over real HTTP, with the faults that a test asks for."""

import contextlib
import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


class Site:
    """What a server has and how it misbehaves. `log` has a line `<path> <range>` for each request."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        """Files by path and query; sent whole or by range."""
        self.answers: dict[str, Callable[[Mapping[str, str]], tuple[int, dict[str, str], bytes]]] = {}
        """Anything else by path, from the request's headers."""
        self.log: list[str] = []
        self.ranges = True
        self.cut_after: dict[str, list[int]] = {}
        """By path: bytes after which the next answers break off."""
        self.errors: Counter[str] = Counter()
        """By path: how many answers are 503."""
        self.lie_about_size = 0
        """Bytes more that Content-Range tells."""
        self.too_much = b""
        """Sent after the range that was asked for."""
        self.needs: dict[str, str] = {}
        """Headers without which a file is not given."""
        self.held: threading.Event | None = None
        """Ranges that begin at `held_from` or later are sent when it is set, but for their first byte."""
        self.held_from = 0
        self.url = ""

    def file_requests(self, path: str) -> list[str]:
        return [line.partition(" ")[2] for line in self.log if line.startswith(f"{path} ")]


class _Handler(BaseHTTPRequestHandler):
    site: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        full = unquote(self.path)
        self.site.log.append(f"{full} {self.headers.get('Range', '')}")
        if full in self.site.contents:
            self._file(full, self.site.contents[full])
        elif parts.path in self.site.answers:
            headers = dict(self.headers) | {name: values[0] for name, values in parse_qs(parts.query).items()}
            self._send(*self.site.answers[parts.path](headers))
        else:
            self._send(404, {}, b"{}")

    def _file(self, path: str, content: bytes) -> None:
        site = self.site
        if any(self.headers.get(name) != value for name, value in site.needs.items()):
            self._send(401, {}, b"")
            return
        if site.errors[path] > 0:
            site.errors[path] -= 1
            self._send(503, {}, b"")
            return
        asked = self.headers.get("Range") if site.ranges else None
        if asked is None:
            self._send(200, {}, content, path, held=site.held_from == 0)
            return
        start, end = (int(number) for number in asked.removeprefix("bytes=").split("-"))
        total = len(content) + site.lie_about_size
        body = content[start : end + 1] + site.too_much
        headers = {"Content-Range": f"bytes {start}-{end}/{total}"}
        self._send(206, headers, body, path, held=start >= site.held_from)

    def _send(
        self, status: int, headers: Mapping[str, str], body: bytes, path: str = "", *, held: bool = False
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if held and self.site.held is not None:
            self.wfile.write(body[:1])
            self.wfile.flush()
            self.site.held.wait(60)
            body = body[1:]
        cuts = self.site.cut_after.get(path)
        if cuts:
            self.wfile.write(body[: cuts.pop(0)])
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(2)
            return
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        return


@contextlib.contextmanager
def running(site: Site) -> Iterator[Site]:
    handler = type("Handler", (_Handler,), {"site": site})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  a client that was killed
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        if site.held is not None:
            site.held.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


def jsons(value: Any, **headers: str) -> Callable[[Mapping[str, str]], tuple[int, dict[str, str], bytes]]:
    return lambda _: (200, headers, json.dumps(value).encode())


COMMIT = "c0ffee" + "0" * 34


def hugging_face(site: Site, files: Mapping[str, bytes], repository: str = "zai-org/phone") -> None:
    """Small files have git's name of their content, big ones a SHA-256; the list has two pages."""
    api = f"/api/models/{repository}"
    entries: list[dict[str, Any]] = [{"type": "directory", "path": "sub", "size": 0, "oid": "0"}]
    for name, content in files.items():
        entry: dict[str, Any] = {"type": "file", "path": name, "size": len(content), "oid": blob_sha1(content)}
        if name.endswith(".safetensors"):
            entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}
        entries.append(entry)
        site.contents[f"/{repository}/resolve/{COMMIT}/{name}"] = content
    site.answers[f"{api}/revision/main"] = jsons({"sha": COMMIT})
    half = len(entries) // 2
    first, second = jsons(entries[:half]), jsons(entries[half:])

    def page(headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        if headers.get("cursor"):
            return second(headers)
        status, _, body = first(headers)
        link = f'<{site.url}{api}/tree/{COMMIT}?recursive=true&cursor=x>; rel="next"'
        return status, {"Link": link}, body

    site.answers[f"{api}/tree/{COMMIT}"] = page


def model_scope(site: Site, files: Mapping[str, bytes], repository: str = "ZhipuAI/phone") -> None:
    api = f"/api/v1/models/{repository}/repo"
    entries: list[dict[str, Any]] = [{"Type": "tree", "Path": "sub", "Size": 0}]
    for name, content in files.items():
        digest = hashlib.sha256(content).hexdigest()
        entries.append({"Type": "blob", "Path": name, "Size": len(content), "Sha256": digest})
        site.contents[f"{api}?Revision=master&FilePath={name}"] = content
    site.answers[f"{api}/files"] = jsons({"Code": 200, "Data": {"Files": entries}})


def registry(site: Site, layers: list[dict[str, Any]], blobs: list[bytes], name: str = "models/phone") -> str:
    """A manifest behind an index, both behind a token; returns the index's digest."""
    described = []
    for layer, blob in zip(layers, blobs, strict=True):
        digest = f"sha256:{hashlib.sha256(blob).hexdigest()}"
        described.append({"digest": digest, "size": len(blob), **layer})
        site.contents[f"/v2/{name}/blobs/{digest}"] = blob
    manifest = json.dumps({"schemaVersion": 2, "layers": described}).encode()
    manifest_digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
    index = json.dumps({"schemaVersion": 2, "manifests": [{"digest": manifest_digest}]}).encode()
    index_digest = f"sha256:{hashlib.sha256(index).hexdigest()}"

    def guarded(body: bytes) -> Callable[[Mapping[str, str]], tuple[int, dict[str, str], bytes]]:
        def answer(headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
            if headers.get("Authorization") == "Bearer open-sesame":
                return 200, {}, body
            return 401, {"WWW-Authenticate": f'Bearer realm="{site.url}/token",service="here"'}, b""

        return answer

    site.needs = {"Authorization": "Bearer open-sesame"}
    site.answers["/token"] = jsons({"token": "open-sesame"})
    site.answers[f"/v2/{name}/manifests/1.0"] = guarded(index)
    site.answers[f"/v2/{name}/manifests/{index_digest}"] = guarded(index)
    site.answers[f"/v2/{name}/manifests/{manifest_digest}"] = guarded(manifest)
    return index_digest


def blob_sha1(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
