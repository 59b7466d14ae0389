"""A gateway without memory refuses requests and is left alone: nothing restarts it, and its figures say why."""

from pathlib import Path

import pytest

from tests.harness import envoy
from tests.harness.envoy import Upstream
from tests.harness.waiting import until

_HEAP = 4 * 1024 * 1024  # bytes; Envoy has more from the start


@pytest.mark.integration
def test_without_memory_clients_are_refused_and_the_kubelet_and_prometheus_are_answered(tmp_path: Path) -> None:
    with Upstream().running() as upstream, envoy.gateway(tmp_path, upstream.port, max_heap_bytes=_HEAP) as gateway:
        until(lambda: gateway.ask("GET", "/v1/models").status == 503, "it is refused")
        assert gateway.probe("/live").status == 200, "a restart would cut every stream"
        shown = gateway.metrics("/metrics").body.decode().splitlines()
        (pressure,) = (line for line in shown if line.startswith("envoy_overload") and "heap_pressure{" in line)
        assert float(pressure.split()[-1]) > 95
