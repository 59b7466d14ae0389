import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from harness import environment, eventually

from autoglm_serving.engine.base import (
    Aborted,
    EngineDead,
    Failure,
    FinishReason,
    Output,
    Prompt,
    QueueFull,
    Request,
    RequestFailed,
    SamplingParams,
    Token,
)
from autoglm_serving.engine.worker import Worker

EOS = 0


class CountingRunner:
    """Says 1, 2, 3, … up to what the prompt asks for, then EOS. Prompt -1 breaks a step, -2 the device."""

    eos_token_ids = frozenset([EOS])

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.order: list[int] = []
        self.broken = False

    def start(self, request: Request) -> dict[str, int]:
        return {"last": request.prompt.token_ids[0], "said": 0}

    def step(self, state: dict[str, int]) -> int:
        assert self.gate.wait(20)
        if state["last"] == -2:
            self.broken = True
        if state["last"] < 0:
            raise RuntimeError("poison")
        self.order.append(state["last"])
        state["said"] += 1
        return EOS if state["said"] > state["last"] else state["said"]

    def probe(self) -> None:
        if self.broken:
            raise RuntimeError("no device")


class Client:
    def __init__(self, worker: Worker, last: int, **sampling: Any) -> None:
        self.outputs: queue.Queue[Output] = queue.Queue()
        request = Request(
            prompt=Prompt(token_ids=[last]),
            sampling=SamplingParams(**({"max_tokens": 10**9} | sampling)),
            listener=self.outputs.put,
        )
        self.ticket = worker.submit(request)

    def end(self) -> tuple[list[int], FinishReason | type[Exception] | None]:
        tokens = []
        while True:
            output = self.outputs.get(timeout=20)
            if isinstance(output, Failure):
                return tokens, type(output.error)
            tokens.append(output.token_id)
            if output.finish_reason is not None:
                return tokens, output.finish_reason


@pytest.fixture
def runner() -> CountingRunner:
    return CountingRunner()


@pytest.fixture
def make(runner: CountingRunner):
    workers = []

    def make(**options: Any) -> Worker:
        defaults = {"max_running": 2, "max_waiting": 1, "capacity_tokens": 100, "step_timeout": 60}
        worker = Worker(runner, **(defaults | options))
        worker.start()
        workers.append(worker)
        return worker

    yield make
    runner.gate.set()
    for worker in workers:
        worker.stop()
        assert worker.stats().running == worker.stats().waiting == 0


Make = Callable[..., Worker]


def test_an_answer_ends_at_eos_or_at_its_limit(make: Make):
    worker = make()
    assert Client(worker, 3).end() == ([1, 2, 3, EOS], FinishReason.STOP)
    assert Client(worker, 9, max_tokens=2).end() == ([1, 2], FinishReason.LENGTH)
    assert Client(worker, 1, max_tokens=3, ignore_eos=True).end() == ([1, EOS, EOS], FinishReason.LENGTH)


def test_running_requests_take_turns(make: Make, runner: CountingRunner):
    worker = make()
    runner.gate.clear()
    clients = [Client(worker, 20), Client(worker, 21)]
    runner.gate.set()
    assert [client.end()[1] for client in clients] == [FinishReason.STOP] * 2
    middle = runner.order[4:36]
    assert middle.count(20) == middle.count(21)


def test_a_full_queue_refuses_and_a_free_place_accepts(make: Make, runner: CountingRunner):
    worker = make()
    runner.gate.clear()
    clients = [Client(worker, 1) for _ in range(3)]
    with pytest.raises(QueueFull):
        Client(worker, 1)
    runner.gate.set()
    for client in clients:
        assert client.end()[1] == FinishReason.STOP
    assert Client(worker, 1).end()[1] == FinishReason.STOP


def test_cancelling_frees_running_and_waiting_places(make: Make, runner: CountingRunner):
    worker = make(max_running=1, max_waiting=1)
    running = Client(worker, 10**9)
    eventually(lambda: worker.stats().running == 1)
    waiting = Client(worker, 1)
    waiting.ticket.cancel()
    assert worker.stats().waiting == 0
    running.ticket.cancel()
    running.ticket.cancel()
    eventually(lambda: worker.stats().running == 0)
    assert Client(worker, 1).end()[1] == FinishReason.STOP
    assert waiting.outputs.empty()


def test_a_poison_request_fails_alone(make: Make, runner: CountingRunner):
    worker = make(max_running=3)
    runner.gate.clear()
    clients = [Client(worker, 5), Client(worker, -1), Client(worker, 6)]
    runner.gate.set()
    assert clients[1].end() == ([], RequestFailed)
    assert clients[0].end() == ([1, 2, 3, 4, 5, EOS], FinishReason.STOP)
    assert clients[2].end()[1] == FinishReason.STOP
    assert worker.alive()


def test_a_broken_device_kills_the_engine_and_tells_everyone(make: Make, runner: CountingRunner):
    worker = make(max_running=2, max_waiting=2)
    runner.gate.clear()
    clients = [Client(worker, -2), Client(worker, 10**9), Client(worker, 1)]
    runner.gate.set()
    assert clients[0].end() == ([], RequestFailed)
    assert [client.end()[1] for client in clients[1:]] == [EngineDead] * 2
    eventually(lambda: not worker.alive())
    with pytest.raises(EngineDead):
        Client(worker, 1)


def test_a_hung_step_is_a_dead_engine(make: Make, runner: CountingRunner):
    now = [0.0]
    worker = make(step_timeout=60, clock=lambda: now[0])
    runner.gate.clear()
    client = Client(worker, 1)
    eventually(lambda: worker.stats().running == 1)
    assert worker.alive()
    now[0] = 61.0
    eventually(lambda: not worker.alive())
    runner.gate.set()
    assert client.end()[1] == FinishReason.STOP
    eventually(worker.alive)


def test_stopping_ends_every_request(make: Make, runner: CountingRunner):
    worker = make(max_running=1)
    clients = [Client(worker, 10**9), Client(worker, 1)]
    eventually(lambda: worker.stats().running == 1)
    worker.stop()
    assert [client.end()[1] for client in clients] == [Aborted] * 2
    with pytest.raises(Aborted):
        Client(worker, 1)


def test_a_listener_that_raises_does_not_kill_the_engine(make: Make):
    worker = make()

    def broken(output: Output) -> None:
        raise RuntimeError("the loop is closed")

    worker.submit(Request(prompt=Prompt(token_ids=[5]), sampling=SamplingParams(max_tokens=9), listener=broken))
    assert Client(worker, 2).end()[1] == FinishReason.STOP
    eventually(lambda: worker.stats().running == 0)


def test_the_stats_count_cached_tokens(make: Make, runner: CountingRunner):
    worker = make()
    client = Client(worker, 10**9)
    eventually(lambda: worker.stats().cached_tokens > 5)
    client.ticket.cancel()
    eventually(lambda: worker.stats().cached_tokens == 0)


def test_the_worker_and_the_api_import_no_torch():
    code = """
import sys, autoglm_serving.engine.worker, autoglm_serving.api.app
sys.exit('torch' in sys.modules or 'transformers' in sys.modules or 'pulumi' in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], env=environment()).returncode == 0


def test_tokens_compare_by_value():
    assert Token(token_id=1) == Token(token_id=1, finish_reason=None)
