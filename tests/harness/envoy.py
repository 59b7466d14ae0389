"""The real Envoy on loopback, on the configuration that the gateway would get, and a small server behind it."""

import http.client
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from components import envoy
from tests.harness import processes
from tests.harness.ports import free_ports
from tools import paths

KEY = "test-key-0123456789abcdefghijklmnopqrstuvwxyz"
_BINARY = paths.VENV / "bin" / "envoy"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def error(self) -> dict[str, Any]:
        """The error, once its shape is OpenAI's."""
        content = json.loads(self.body)
        assert set(content) == {"error"}, content
        assert set(content["error"]) == {"message", "type", "param", "code"}, content
        found: dict[str, Any] = content["error"]
        return found


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """An Envoy that a test ends resets its connections: no fault, and no trace among the results."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@dataclass
class Upstream:
    """A model server in small: says what it got, streams on demand, drains when told to."""

    port: int = 0
    ready: bool = True
    seen: list[tuple[str, http.client.HTTPMessage]] = field(default_factory=list)
    more: threading.Event = field(default_factory=threading.Event)
    respond: Callable[[BaseHTTPRequestHandler, bytes], None] | None = None

    @contextmanager
    def running(self) -> Iterator["Upstream"]:
        server = _Server(("127.0.0.1", self.port), self._handler())
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.more.set()
            server.shutdown()
            server.server_close()
            thread.join()

    def _handler(upstream) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path == "/ready":
                    return self.send(200 if upstream.ready else 503, b"ready")
                self.do_POST()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                if "chunked" in (self.headers.get("transfer-encoding") or ""):
                    body = self.chunks()
                upstream.seen.append((self.path, self.headers))
                if upstream.respond:
                    return upstream.respond(self, body)
                self.send(200, json.dumps({"path": self.path, "bytes": len(body)}).encode())

            def chunks(self) -> bytes:
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def send(self, status: int, body: bytes, **headers: str) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def stream(upstream: Upstream) -> Callable[[Any, bytes], None]:
    """Sends one event, and the last one when `upstream.more` is set, as it is when the server ends: on a busy machine
    streams that ended by themselves did so before the test had opened its last one."""

    def respond(handler: Any, _: bytes) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        for event in (b"data: first\n\n", b"data: [DONE]\n\n"):
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            handler.wfile.flush()
            if event.startswith(b"data: first"):
                upstream.more.wait()
        handler.wfile.write(b"0\r\n\r\n")

    return respond


@dataclass
class Gateway:
    settings: envoy.EnvoySettings
    process: subprocess.Popen[bytes]
    log: Path

    def ask(self, method: str, path: str, body: Any = None, key: str | None = KEY, **headers: str) -> Answer:
        """One request on a connection of its own."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            sent["authorization"] = f"Bearer {key}"
        with closing(http.client.HTTPConnection("127.0.0.1", self.settings.port, timeout=60)) as connection:
            with suppress(BrokenPipeError, ConnectionResetError):  # answered while it was still being sent
                connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    @contextmanager
    def open_stream(self, **headers: str) -> Iterator[http.client.HTTPResponse]:
        """An answer whose body is still to be read."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()} | {"authorization": f"Bearer {KEY}"}
        with closing(http.client.HTTPConnection("127.0.0.1", self.settings.port, timeout=60)) as connection:
            connection.request("POST", "/v1/chat/completions", body=b"{}", headers=sent)
            with connection.getresponse() as answer:
                yield answer

    def probe(self, path: str) -> Answer:
        return get(self.settings.probe_port, path)

    def metrics(self, path: str) -> Answer:
        return get(self.settings.metrics_port, path)

    def raw(self, sent: bytes) -> Answer:
        """What is answered to these very bytes."""
        with socket.create_connection(("127.0.0.1", self.settings.port), timeout=60) as connection:
            connection.sendall(sent)
            with http.client.HTTPResponse(connection) as answer:
                answer.begin()
                return Answer(answer.status, answer.headers, answer.read())

    def access_log(self) -> list[dict[str, Any]]:
        """Envoy flushes its log every 10 s and when it ends, so this ends it."""
        self.process.terminate()
        self.process.wait(timeout=20)
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]


@contextmanager
def gateway(folder: Path, upstream_port: int, *, others: Sequence[int] = (), **changes: Any) -> Iterator[Gateway]:
    """Envoy, once it is ready; ended by its own pid. `others`: ports of further servers that the name would have."""
    ports = free_ports(4)
    settings = envoy.EnvoySettings(
        upstream_host="127.0.0.1",
        upstream_port=upstream_port,
        api_keys=(("tester", KEY),),
        address="127.0.0.1",
        port=ports[0],
        probe_port=ports[1],
        admin_port=ports[2],
        metrics_port=ports[3],
        settle_seconds=1,
    )
    settings = replace(settings, **changes)
    path, log = folder / "envoy.yaml", folder / "envoy.log"
    path.write_text(json.dumps(_with_servers(envoy.config(settings), others)))
    with processes.running([_BINARY, *envoy.arguments(str(path), threads=1)], log) as process:
        made = Gateway(settings, process, log)
        # Envoy listens once its first health check of the server behind it has been done.
        processes.until_ready(process, log, lambda: made.probe("/ready").status == 200)
        yield made


def _with_servers(config: dict[str, Any], ports: Sequence[int]) -> dict[str, Any]:
    """On loopback several servers have one address and several ports, which no name can say. And who is healthy is so
    at once: Envoy's statistics say it up to a second before requests go there, and tests wait for the statistics."""
    servers = next(one for one in config["static_resources"]["clusters"] if "load_assignment" in one)
    servers["common_lb_config"] = servers.get("common_lb_config", {}) | {"update_merge_window": "0s"}
    for port in ports:
        address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
        servers["load_assignment"]["endpoints"][0]["lb_endpoints"].append({"endpoint": {"address": address}})
    return config


def validate(folder: Path, settings: envoy.EnvoySettings) -> subprocess.CompletedProcess[str]:
    path = folder / "envoy.yaml"
    path.write_text(json.dumps(envoy.config(settings)))
    arguments = [str(_BINARY), "--mode", "validate", "--config-path", str(path)]
    return subprocess.run(arguments, text=True, capture_output=True, timeout=60)


def get(port: int, path: str) -> Answer:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
