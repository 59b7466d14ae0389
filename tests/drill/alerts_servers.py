"""Faults of model servers and the gateway, each with the alerts that it must fire."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from http.client import HTTPException
from pathlib import Path

from components import envoy_tls
from components.platform.monitoring.watched import Costs, Watched
from tests.components.test_gateway_edge import certificate
from tests.drill import fleet as fleets
from tests.drill.fleet import Fleet
from tests.drill.rows import Row
from tests.drill.watching import Watch, watching
from tests.drill.words import FAIL, SLOW
from tests.harness import envoy, volume
from tests.harness.envoy import Gateway
from tests.harness.waiting import until

_WATCHED = Watched(
    stack="t",
    serving="t-serving",
    gateway="t-gateway",
    etcd="t-etcd",
    servers=2,
    members=0,  # those are in alerts_etcd
    costs=Costs(base=1.5, server=3, budget=4000),  # two servers are too many for it
)
_JOB = f'{{job="{_WATCHED.serving}"}}'
_PAUSE = 0.6  # seconds between two slow requests, which take 2
_SLOW = 22  # of them: as many as make the queue grow for ten seconds, and some
_LONG = 25_000  # tokens of a prompt; a server takes 25,480 and has room for 25,600
_FAILURES = 8
_KILLS = 3
_HEAP = 4 * 1024 * 1024  # bytes; Envoy has more from the start

Ask = Callable[..., None]


def servers_and_gateway(folder: Path) -> list[Row]:
    """The slow first: many good requests before them would outweigh them for what is an hour in production."""
    with ExitStack() as stack:
        fleet, gateway = stack.enter_context(fleets.running(folder / "fleet", 2, flags=["--max-num-seqs=1"]))
        poor = stack.enter_context(_poor_gateway(folder / "poor", fleet))
        jobs = {
            _WATCHED.serving: [f"127.0.0.1:{port}" for port in fleet.ports],
            _WATCHED.gateway: [f"127.0.0.1:{one.settings.metrics_port}" for one in (gateway, poor)],
        }
        watch = stack.enter_context(watching(folder / "watch", _WATCHED, jobs))
        ask = stack.enter_context(_asking(gateway))
        return [
            watch.fires("a gateway without memory", ["GatewayMemoryHigh"], None),
            watch.fires("its certificate ends within hours", ["GatewayCertificateExpires"], None),
            watch.fires("two servers, and a budget for one", ["BudgetExceeded"], None),
            *_of_the_engine(watch, ask),
            *_of_processes(watch, fleet, (gateway, poor), ask),
        ]


def _of_the_engine(watch: Watch, ask: Ask) -> Iterator[Row]:
    def slow() -> None:
        for _ in range(_SLOW):
            ask(SLOW, tokens=3)
            time.sleep(_PAUSE)

    late = ["FirstTokenP95High", "FirstTokenP99High", "FirstTokenBurnsFast", "FirstTokenBurnsSlowly"]
    yield watch.fires("more and slower requests than servers answer", ["QueueGrows", *late], slow)
    yield watch.fires("one prompt that fills the KV cache", ["KvCacheFull"], lambda: ask(f"{SLOW} {'x' * _LONG}"))

    def fail() -> None:
        for _ in range(_FAILURES):
            ask(FAIL)

    broken = ["AnswersBreakOff", "ServerErrors", "AvailabilityBurnsFast", "AvailabilityBurnsSlowly"]
    yield watch.fires("requests that the engine fails on", broken, fail)


def _of_processes(watch: Watch, fleet: Fleet, gateways: tuple[Gateway, ...], ask: Ask) -> Iterator[Row]:
    def kill() -> None:
        for number in range(1, _KILLS + 1):
            fleet.end(0, signal.SIGKILL)
            for _ in range(30):
                ask("Tap the red button.")
            lived = f"max(changes(process_start_time_seconds{_JOB}[2m])) >= {number}"
            until(partial(watch.process.query, lived), "Prometheus has seen that it lives again")

    dead = ["ServerLeftOut", "PodRestarts", "TargetDown", "ServersMissing"]
    yield watch.fires(f"a server killed {_KILLS} times under traffic", dead, kill)

    def hang() -> None:
        for number in range(len(fleet.ports)):
            fleet.send(number, signal.SIGSTOP)

    yield watch.fires("all servers hang", ["NoServerAnswers"], hang)

    def die() -> None:
        for gateway in gateways:
            gateway.process.kill()

    yield watch.fires("all gateways die", ["NoGatewayAnswers"], die)


@contextmanager
def _poor_gateway(folder: Path, fleet: Fleet) -> Iterator[Gateway]:
    """One that has next to no memory, and a certificate for an hour."""
    folder.mkdir(parents=True)
    volume.write(folder / "tls", certificate("poor.example.com"))
    (folder / "tls.json").write_text(json.dumps(envoy_tls.secret_file(str(folder / "tls"))))
    made = envoy.gateway(folder, fleet.ports[0], tls_secret=str(folder / "tls.json"), max_heap_bytes=_HEAP)
    with made as gateway:
        yield gateway


@contextmanager
def _asking(gateway: Gateway) -> Iterator[Ask]:
    """Asks in the background: each request is another one, and what comes of it is the alerts' business."""
    threads: list[threading.Thread] = []

    def ask(prompt: str, tokens: int = 9) -> None:
        message = {"role": "user", "content": f"{prompt} ({len(threads)})"}
        body = json.dumps({"max_tokens": tokens, "stream": True, "messages": [message]}).encode()
        threads.append(threading.Thread(target=_send, args=(gateway, body)))
        threads[-1].start()

    yield ask
    for thread in threads:
        thread.join(180)


def _send(gateway: Gateway, body: bytes) -> None:
    with suppress(OSError, HTTPException):
        gateway.ask("POST", "/v1/chat/completions", body)
