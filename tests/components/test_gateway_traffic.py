"""What the gateway does with traffic: the real Envoy, the real configuration, a small server behind it."""

import json
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.harness import envoy
from tests.harness.envoy import KEY, Gateway, Upstream
from tests.harness.ports import free_ports

pytestmark = pytest.mark.integration

SCREENSHOT = 14 * 1024 * 1024  # 10 MB in base64


@pytest.fixture
def gateway(tmp_path: Path, upstream: Upstream) -> Iterator[Gateway]:
    with envoy.gateway(tmp_path, upstream.port) as made:
        yield made


def test_the_key_opens_the_api_and_goes_no_further(gateway: Gateway, upstream: Upstream) -> None:
    assert gateway.ask("GET", "/v1/models").status == 200
    _, headers = upstream.seen[-1]
    assert headers["authorization"] is None
    assert headers["x-autoglm-client"] == "tester"


@pytest.mark.parametrize(
    "header", [None, "", "Bearer wrong", f"Basic {KEY}", f"Bearer {KEY}x", f"Bearer  {KEY}", "Bearer"]
)
def test_without_the_key_nothing_reaches_the_server(gateway: Gateway, upstream: Upstream, header: str | None) -> None:
    headers = {} if header is None else {"authorization": header}
    answer = gateway.ask("POST", "/v1/chat/completions", b"{}", key=None, **headers)
    assert answer.status == 401
    assert answer.error()["code"] == "invalid_api_key"
    assert not upstream.seen


def test_the_client_s_name_can_not_be_forged(gateway: Gateway, upstream: Upstream) -> None:
    gateway.ask("GET", "/v1/models", x_autoglm_client="root")
    assert upstream.seen[-1][1].get_all("x-autoglm-client") == ["tester"]


@pytest.mark.parametrize("path", ["/health", "/healthz"])
def test_health_needs_no_key(gateway: Gateway, path: str) -> None:
    assert gateway.ask("GET", path, key=None).status == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 404),
        ("/metrics", 404),
        ("/ready", 404),
        ("/tokenize", 404),
        ("/v1x/models", 404),
        ("/V1/models", 404),
        ("/v1/../metrics", 404),
        ("/v1/%2e%2e/metrics", 404),
        ("/v1/..%2fmetrics", 400),
        ("/v1%2fmodels", 400),
        ("/v1/..%5cmetrics", 400),
        ("/v1;/../metrics", 404),
        ("/v1/..;/metrics", 404),
        ("/health%2f..%2fmetrics", 400),
        ("/./v1/../ready", 404),
        ("/health/../metrics", 404),
    ],
)
def test_other_paths_are_refused(gateway: Gateway, upstream: Upstream, path: str, status: int) -> None:
    answer = gateway.ask("GET", path)
    assert answer.status == status
    assert answer.error()["type"] == "invalid_request_error"
    assert not upstream.seen


@pytest.mark.parametrize(
    ("path", "seen"),
    [("/%76%31/models", "/v1/models"), ("/v1/%252e%252e/metrics", "/v1/%252e%252e/metrics")],
)
def test_what_is_encoded_is_decoded_once_before_the_key_is_asked_for(
    gateway: Gateway, upstream: Upstream, path: str, seen: str
) -> None:
    """Encoded twice it is a name below /v1, and no way out of it."""
    assert gateway.ask("GET", path, key=None).status == 401
    assert gateway.ask("GET", path).status == 200
    assert [asked for asked, _ in upstream.seen] == [seen]


def test_slashes_are_merged_before_the_key_is_asked_for(gateway: Gateway, upstream: Upstream) -> None:
    assert gateway.ask("GET", "//v1//models", key=None).status == 401
    assert gateway.ask("GET", "//v1//models").status == 200
    assert upstream.seen[-1][0] == "/v1/models"


def test_a_screenshot_fits(gateway: Gateway) -> None:
    answer = gateway.ask("POST", "/v1/chat/completions", b"x" * SCREENSHOT)
    assert json.loads(answer.body)["bytes"] == SCREENSHOT


@pytest.mark.parametrize("chunked", [False, True])
def test_a_larger_body_is_refused(gateway: Gateway, upstream: Upstream, chunked: bool) -> None:
    size = gateway.settings.max_body_bytes + 1
    body: Any = iter([b"x" * 65536] * (size // 65536 + 1)) if chunked else b"x" * size
    answer = gateway.ask("POST", "/v1/chat/completions", body)
    assert answer.status == 413
    assert answer.error()["code"] == "request_too_large"
    assert not upstream.seen


def test_large_headers_are_refused(gateway: Gateway) -> None:
    answer = gateway.ask("GET", "/v1/models", x_large="x" * 40_000)
    assert answer.status == 431


def test_a_stream_is_passed_on_as_it_comes(gateway: Gateway, upstream: Upstream) -> None:
    upstream.respond = envoy.stream(upstream)
    with gateway.open_stream() as answer:
        assert answer.readline() == b"data: first\n"  # the server sends the rest only when told to
        upstream.more.set()
        assert answer.read().endswith(b"data: [DONE]\n\n")


def test_each_request_has_an_id(gateway: Gateway, upstream: Upstream) -> None:
    made = gateway.ask("GET", "/v1/models").headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f-]{36}", made)
    assert upstream.seen[-1][1]["x-request-id"] == made
    assert gateway.ask("GET", "/v1/models", x_request_id="mine").headers["x-request-id"] == "mine"
    assert upstream.seen[-1][1]["x-request-id"] == "mine"
    assert gateway.ask("GET", "/nowhere").headers["x-request-id"]


def test_headers_that_only_a_proxy_may_set_are_dropped(gateway: Gateway, upstream: Upstream) -> None:
    def slowly(handler: Any, _: bytes) -> None:
        time.sleep(0.3)  # well beyond the time-out that the client asks for
        handler.send(200, b"done")

    upstream.respond = slowly
    answer = gateway.ask(
        "GET", "/v1/models", x_forwarded_for="203.0.113.7", forwarded="for=203.0.113.7",
        x_envoy_upstream_rq_timeout_ms="1", x_envoy_retry_on="5xx",
    )  # fmt: skip
    assert answer.status == 200
    _, headers = upstream.seen[-1]
    assert "203.0.113.7" not in headers["x-forwarded-for"]
    assert headers["forwarded"] is None
    assert headers["x-envoy-retry-on"] is None


def test_the_access_log_has_the_request_and_no_secret(gateway: Gateway) -> None:
    gateway.ask("POST", "/v1/chat/completions?token=in-the-query", b'{"prompt": "my-prompt"}')
    gateway.ask("GET", "/v1/models", key="a-wrong-key")
    first, second = gateway.access_log()
    assert (first["method"], first["path"], first["status"]) == ("POST", "/v1/chat/completions", 200)
    assert (second["status"], second["client"]) == (401, "127.0.0.1")
    text = gateway.log.read_text()
    for secret in (KEY, "a-wrong-key", "in-the-query", "my-prompt", "Bearer"):
        assert secret not in text


def test_no_server_is_told_as_such(tmp_path: Path) -> None:
    with envoy.gateway(tmp_path, free_ports(1)[0]) as gateway:
        answer = gateway.ask("POST", "/v1/chat/completions", b"{}")
        assert answer.status == 503
        assert answer.error()["code"] == "service_unavailable"
        assert answer.headers["retry-after"] == "2"
        assert answer.headers["content-type"] == "application/json"


def test_it_starts_before_the_server_has_a_name(tmp_path: Path) -> None:
    with envoy.gateway(tmp_path, 8000, upstream_host="nothing.invalid") as gateway:
        assert gateway.ask("GET", "/v1/models").error()["code"] == "service_unavailable"


def test_errors_of_the_server_are_passed_on_as_they_are(gateway: Gateway, upstream: Upstream) -> None:
    upstream.respond = lambda handler, _: handler.send(429, b'{"error": "its own"}', Retry_After="7")
    answer = gateway.ask("POST", "/v1/chat/completions", b"{}")
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (429, b'{"error": "its own"}', "7")


def test_a_server_that_dies_while_it_works_is_not_asked_again(gateway: Gateway, upstream: Upstream) -> None:
    """A request that kills a server must not be handed to the next one."""
    upstream.respond = lambda handler, _: handler.connection.shutdown(socket.SHUT_RDWR)
    answer = gateway.ask("POST", "/v1/chat/completions", b"{}")
    assert answer.status == 503
    assert answer.error()["type"] == "server_error"
    assert len(upstream.seen) == 1


def test_a_server_that_says_so_is_asked_again(gateway: Gateway, upstream: Upstream) -> None:
    def drain_once(handler: Any, body: bytes) -> None:
        if len(upstream.seen) == 1:
            return handler.send(503, b"draining", x_should_retry="true")
        return handler.send(200, b"%d bytes" % len(body))

    upstream.respond = drain_once
    answer = gateway.ask("POST", "/v1/chat/completions", b"x" * SCREENSHOT)
    assert (answer.status, answer.body) == (200, b"%d bytes" % SCREENSHOT)


def test_half_a_header_is_not_waited_for(tmp_path: Path, upstream: Upstream) -> None:
    with envoy.gateway(tmp_path, upstream.port, header_seconds=1) as gateway:
        assert gateway.raw(b"GET /v1/models HTTP/1.1\r\nhost: x\r\nx-slow: ").status == 408


def test_half_a_body_is_not_waited_for(tmp_path: Path, upstream: Upstream) -> None:
    with envoy.gateway(tmp_path, upstream.port, body_seconds=1) as gateway:
        assert gateway.raw(_request("content-length: 100") + b"half").status == 408
    assert not upstream.seen


def test_content_length_with_chunks_is_refused(gateway: Gateway, upstream: Upstream) -> None:
    smuggled = b"0\r\n\r\nGET /v1/x HTTP/1.1\r\nhost: x\r\n\r\n"
    assert gateway.raw(_request("content-length: 5", "transfer-encoding: chunked") + smuggled).status == 400
    assert not upstream.seen


def test_the_drain_ends_with_the_last_stream(gateway: Gateway, upstream: Upstream) -> None:
    """What the preStop hook relies on: /drain answers when nothing is open, and each answer closes its connection."""
    upstream.respond = envoy.stream(upstream)
    with gateway.open_stream() as answer, ThreadPoolExecutor() as threads:
        assert answer.readline() == b"data: first\n"
        drained = threads.submit(gateway.probe, "/drain")
        while gateway.probe("/ready").status != 503:
            time.sleep(0.05)
        assert gateway.probe("/live").status == 200

        upstream.respond = None
        late = gateway.ask("GET", "/v1/models")  # one that was on its way
        assert (late.status, late.headers["connection"]) == (200, "close")
        time.sleep(3 * gateway.settings.settle_seconds)
        assert not drained.done(), "a stream is still open"

        upstream.more.set()
        assert answer.read().endswith(b"data: [DONE]\n\n")
        assert drained.result(timeout=30).body == b"drained\n"


def _request(*headers: str) -> bytes:
    lines = ("POST /v1/chat/completions HTTP/1.1", "host: x", f"authorization: Bearer {KEY}", *headers, "", "")
    return "\r\n".join(lines).encode()
