"""A region that is watched for real: Prometheus over a server, Envoy, etcd's members and keeper, all under load."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from autoglm_etcd.keeper.keep import Duties, Keeper, Metrics
from autoglm_etcd.keeper.shape import METRICS_PORT
from autoglm_etcd.keys import Keys
from prometheus_client import CollectorRegistry, start_http_server

from components.platform.monitoring import scrape
from tests.components.monitoring.region import WATCHED, document
from tests.harness import envoy, members, model_server, prometheus
from tests.harness.envoy import Gateway
from tests.harness.members import Members
from tests.harness.prometheus import Process

FAST = "1s"
GPUS = Path(__file__).with_name("gpu_figures.txt")
_QUESTION = b'{"model": "light", "stream": true, "messages": [{"role": "user", "content": "Tap the red button."}]}'


@dataclass(frozen=True)
class Region:
    prometheus: Process
    gateway: Gateway


class _Exporter(BaseHTTPRequestHandler):
    """DCGM's exporter needs a card; this says what it says, in the names of its default counters."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(GPUS.read_bytes())

    def log_message(self, *_: object) -> None:
        return


def config(jobs: dict[str, list[str]], alertmanagers: list[str]) -> dict[str, Any]:
    """The region's own configuration, but for the pace, and for addresses where a cluster has names."""
    told = [scrape.by_address(job, *addresses) | {"scrape_timeout": FAST} for job, addresses in jobs.items()]
    made = scrape.config(told, stack=WATCHED.stack, alertmanagers=alertmanagers)
    made["global"] |= {"scrape_interval": FAST, "evaluation_interval": FAST}
    return made


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    folder = tmp_path_factory.mktemp("watched")
    with ExitStack() as stack:
        server = stack.enter_context(model_server.light(folder / "server.log", "--served-model-name=light"))
        gateway = stack.enter_context(envoy.gateway(folder, server))
        etcd = stack.enter_context(members.running(folder / "etcd"))
        jobs = {
            WATCHED.serving: [f"127.0.0.1:{server}"],
            WATCHED.gateway: [f"127.0.0.1:{gateway.settings.metrics_port}"],
            WATCHED.etcd: [f"{etcd.address(number)}:{METRICS_PORT}" for number in etcd.numbers],
            str(WATCHED.keeper): [stack.enter_context(_keeper(etcd))],
            str(WATCHED.gpus): [stack.enter_context(_gpus())],
        }
        stack.enter_context(_load(gateway, etcd))
        (folder / scrape.RULES).write_text(json.dumps(document()))
        watching = prometheus.prometheus(folder, config(jobs, ["127.0.0.1:1"]))
        yield Region(stack.enter_context(watching), gateway)


@contextmanager
def _load(gateway: Gateway, etcd: Members) -> Iterator[None]:
    """One request after the other: streams, and some that clients get wrong; and a write to etcd for each."""
    ended = threading.Event()

    def ask(keys: Keys) -> None:
        while not ended.wait(0.05):
            assert gateway.ask("POST", "/v1/chat/completions", _QUESTION).status == 200
            gateway.ask("POST", "/v1/chat/completions", b"{")
            keys.put("/autoglm/under-load", b"1")

    with etcd.connect() as connection:
        thread = threading.Thread(target=ask, args=(Keys(connection),))
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


@contextmanager
def _keeper(etcd: Members) -> Iterator[str]:
    """The keeper's rounds, as its container makes them; its address."""
    registry, ended = CollectorRegistry(), threading.Event()
    server, serving = start_http_server(0, "127.0.0.1", registry)
    with etcd.connect() as connection:
        keeper = Keeper(
            connection,
            etcd.shape,
            Duties(),
            etcd.snapshots,
            Metrics(registry),
            founded=etcd.found,
            say=lambda _: None,
        )
        thread = threading.Thread(target=keeper.run, args=(ended.wait,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            ended.set()
            thread.join()
            server.shutdown()
            server.server_close()
            serving.join()


@contextmanager
def _gpus() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Exporter)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
