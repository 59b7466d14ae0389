"""What the gateway says to Prometheus, and what of Envoy's admin interface it keeps to itself."""

from pathlib import Path

import pytest

from tests.harness import envoy
from tests.harness.envoy import Upstream

pytestmark = pytest.mark.integration


def test_metrics_tell_the_servers_answers_and_times(tmp_path: Path, upstream: Upstream) -> None:
    with envoy.gateway(tmp_path, upstream.port) as gateway:
        assert gateway.ask("GET", "/v1/models").status == 200
        text = gateway.metrics("/metrics").body.decode()
        assert 'envoy_cluster_upstream_rq_xx{envoy_response_code_class="2",envoy_cluster_name="serving"} 1' in text
        assert 'envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="serving"' in text
        for path in ("/config_dump", "/stats/prometheus", "/quitquitquit", "/metrics/../config_dump", "/"):
            assert gateway.metrics(path).status == 404
