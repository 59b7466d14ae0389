"""What the gateway tells an OpenTelemetry collector of a request, and what it keeps to itself."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest

from components.envoy_tracing import Tracing
from components.platform import collector_config
from tests.harness import envoy
from tests.harness.envoy import KEY, Upstream
from tests.harness.ports import free_ports

_METHOD = "opentelemetry.proto.collector.trace.v1.TraceService"


@contextmanager
def collector(received: list[bytes], arrived: threading.Event) -> Iterator[int]:
    """A collector's port for OTLP over gRPC that keeps what it gets as bytes. Its answer is an empty message."""

    def export(request: bytes, _: grpc.ServicerContext) -> bytes:
        received.append(request)
        arrived.set()
        return b""

    handler = grpc.method_handlers_generic_handler(_METHOD, {"Export": grpc.unary_unary_rpc_method_handler(export)})
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()


@pytest.mark.integration
def test_a_span_tells_of_the_request_and_no_secret(tmp_path: Path, upstream: Upstream) -> None:
    received: list[bytes] = []
    arrived = threading.Event()
    with collector(received, arrived) as port:
        tracing = Tracing(host="127.0.0.1", port=port, percent=100)
        with envoy.gateway(tmp_path, upstream.port, tracing=tracing) as gateway:
            answer = gateway.ask("POST", "/v1/chat/completions?token=in-the-query", b'{"prompt": "my-prompt"}')
            assert answer.status == 200
            assert upstream.seen[-1][1]["traceparent"].startswith("00-")
            assert arrived.wait(60)
    told = b"".join(received)
    for text in (b"open-autoglm-gateway", b"/v1/chat/completions", b"http.status_code"):
        assert text in told
    for key in {*collector_config.GATEWAY} - {"error"}:  # which the region's own collector lets pass
        assert key.encode() in told, key
    for secret in (KEY.encode(), b"in-the-query", b"my-prompt", b"Bearer"):
        assert secret not in told


@pytest.mark.integration
def test_no_request_waits_for_a_collector_that_is_down(tmp_path: Path, upstream: Upstream) -> None:
    (port,) = free_ports(1)
    with envoy.gateway(tmp_path, upstream.port, tracing=Tracing(host="127.0.0.1", port=port, percent=100)) as gateway:
        assert [gateway.ask("GET", "/v1/models").status for _ in range(5)] == [200] * 5


def test_a_share_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Tracing\.percent: 0 is not allowed: more than 0, at most 100"):
        Tracing(host="otel", percent=0)
