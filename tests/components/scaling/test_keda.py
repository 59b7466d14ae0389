"""From zero and back: the real KEDA and HorizontalPodAutoscaler on a real API server, Envoy, waiting room, Prometheus.

What is not real is a node: where the Deployment wants servers, the test starts one.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.envoy_waiting import WaitingRoom
from components.platform.monitoring import scrape
from components.platform.scaling import scaled_object
from components.platform.scaling.scaled_object import Scaling, Sources
from tests.harness import apiserver, envoy, keda, model_server, prometheus, waiting_room
from tests.harness.envoy import Gateway
from tests.harness.kubelet import Kubelet
from tests.harness.ports import free_ports
from tests.harness.waiting import until
from tests.harness.waiting_room import Room
from tools.providers.kubernetes.client import Client
from tools.providers.kubernetes.kubeconfig import load

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not keda.built(), reason="KEDA takes ten minutes to build: `make tools NAME=keda` does it"),
]

REQUESTS = 50
MOST = 3
QUESTION = json.dumps({"model": "light", "messages": [{"role": "user", "content": "Tap the red button."}]}).encode()
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "servers", "namespace": "default"},
    "spec": {
        "selector": {"matchLabels": {"app": "servers"}},
        "template": {
            "metadata": {"labels": {"app": "servers"}},
            "spec": {"containers": [{"name": "server", "image": "none:1"}]},
        },
    },
}


@dataclass(frozen=True)
class Region:
    client: Client
    gateway: Gateway
    room: Room
    port: int  # on which a server is to listen
    folder: Path

    def wanted(self) -> int:
        found = self.client.get(DEPLOYMENT)
        assert found is not None
        return int(found["spec"]["replicas"])


@pytest.fixture
def region(tmp_path: Path) -> Iterator[Region]:
    (port,) = free_ports(1)
    with ExitStack() as stack:
        server = stack.enter_context(apiserver.running(tmp_path))
        client = Client(load(str(server.kubeconfig)))
        stack.callback(client.close)
        kubelet = Kubelet(client)
        kubelet.start()
        stack.callback(kubelet.stop)
        stack.enter_context(keda.running(tmp_path, server, client))
        room = stack.enter_context(waiting_room.running(tmp_path, port))
        told = [scrape.by_address("servers", f"127.0.0.1:{port}"), scrape.by_address("room", f"127.0.0.1:{room.port}")]
        config = scrape.config([one | {"scrape_timeout": "1s"} for one in told], stack="t", alertmanagers=[])
        config["global"] |= {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config.pop("rule_files", None)
        figures = stack.enter_context(prometheus.prometheus(tmp_path, config))
        way_in = WaitingRoom(host="127.0.0.1", port=room.port)
        gateway = stack.enter_context(envoy.gateway(tmp_path, port, waiting_room=way_in))
        client.apply(DEPLOYMENT | {"spec": {**DEPLOYMENT["spec"], "replicas": 0}}, "test")
        scaling = Scaling(min_replicas=0, max_replicas=MOST, requests_per_replica=6, idle_seconds=5)
        sources = Sources(
            prometheus=figures.url, stack="t", serving="servers", room=f"http://127.0.0.1:{room.port}", room_job="room"
        )
        spec = scaled_object.spec("servers", scaling, sources)
        of_room = next(one["metadata"] for one in spec["triggers"] if one["name"] == "held")
        of_room.pop("aggregateFromKubeServiceEndpoints")  # there is no Service here, and one room
        scaled = {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": DEPLOYMENT["metadata"]}
        client.apply(scaled | {"spec": spec}, "test")
        yield Region(client, gateway, room, port, tmp_path)


def test_servers_come_when_asked_for_and_go_when_not(region: Region) -> None:
    with ThreadPoolExecutor(REQUESTS) as threads:
        asked = [threads.submit(region.gateway.ask, "POST", "/v1/chat/completions", QUESTION) for _ in range(REQUESTS)]
        until(lambda: region.room.waiting() == REQUESTS, "all of them wait")
        until(lambda: region.wanted() == MOST, "as many servers are wanted as there may be", 180)
        assert not any(one.done() for one in asked)
        flags = (f"--port={region.port}", "--served-model-name=light")
        with model_server.light(region.folder / "server.log", *flags):
            statuses = [one.result(timeout=120).status for one in asked]
            assert statuses == [200] * REQUESTS
            until(lambda: region.wanted() == 0, "nobody asks, and no server is wanted", 180)
