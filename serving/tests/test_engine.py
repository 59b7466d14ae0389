"""The engine's thread over a runner without a model: requests in, tokens or failures out."""

import queue
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fake_runner import BAD_LOGITS, BROKEN_DEVICE, EOS, POISON, FakeRunner, request
from harness import environment, eventually

from autoglm_serving.engine import engine as engine_module
from autoglm_serving.engine.base import (
    Aborted,
    DeadlineExceeded,
    EngineDead,
    Failure,
    FinishReason,
    Output,
    QueueFull,
    RequestFailed,
)
from autoglm_serving.engine.config import EngineConfig
from autoglm_serving.engine.engine import Engine

ENDLESS = 10**6
"""More than any test waits for."""


class Client:
    def __init__(self, engine: Engine, tokens: int | list[int], **fields: Any) -> None:
        self.outputs: queue.Queue[Output] = queue.Queue()
        self.ticket = engine.submit(request(tokens, self.outputs.put, **fields))

    def end(self) -> tuple[list[int], FinishReason | type[Exception] | None]:
        tokens = []
        while True:
            output = self.outputs.get(timeout=60)
            if isinstance(output, Failure):
                return tokens, type(output.error)
            tokens.append(output.token_id)
            if output.finish_reason is not None:
                return tokens, output.finish_reason


Make = Callable[..., Engine]


@pytest.fixture
def runner() -> FakeRunner:
    return FakeRunner(step_seconds=0.001)


@pytest.fixture
def make(runner: FakeRunner) -> Iterator[Make]:
    engines = []

    def make(clock: Callable[[], float] | None = None, **options: Any) -> Engine:
        config = EngineConfig(**({"max_num_seqs": 2, "max_num_waiting": 1, "step_timeout": 60} | options))
        engine = Engine(runner, config, **({} if clock is None else {"clock": clock}))
        engine.start()
        engines.append(engine)
        return engine

    yield make
    assert not runner.faults
    runner.gate.set()
    for engine in engines:
        engine.stop()
        stats = engine.stats()
        assert stats.running == stats.waiting == stats.cached_tokens == 0


def test_an_answer_ends_at_eos_or_at_its_limit(make: Make):
    engine = make()
    assert Client(engine, 3).end() == ([1, 2, 3, EOS], FinishReason.STOP)
    assert Client(engine, 9, max_tokens=2).end() == ([1, 2], FinishReason.LENGTH)
    assert Client(engine, 1, max_tokens=3, ignore_eos=True).end() == ([1, EOS, EOS], FinishReason.LENGTH)


def test_running_requests_share_every_step(make: Make, runner: FakeRunner):
    engine = make()
    runner.gate.clear()
    clients = [Client(engine, 20), Client(engine, 21)]
    runner.gate.set()
    assert [client.end()[1] for client in clients] == [FinishReason.STOP] * 2
    assert sum(len(step) == 2 for step in runner.steps) >= 19


def test_a_full_queue_refuses_and_a_free_place_accepts(make: Make, runner: FakeRunner):
    engine = make()
    runner.gate.clear()
    clients = [Client(engine, 1) for _ in range(3)]
    with pytest.raises(QueueFull):
        Client(engine, 1)
    runner.gate.set()
    for client in clients:
        assert client.end()[1] == FinishReason.STOP
    assert Client(engine, 1).end()[1] == FinishReason.STOP


def test_cancelling_frees_running_and_waiting_places(make: Make, runner: FakeRunner):
    engine = make(max_num_seqs=1, max_num_waiting=1)
    running = Client(engine, ENDLESS)
    eventually(lambda: engine.stats().running == 1)
    waiting = Client(engine, 1)
    waiting.ticket.cancel()
    assert engine.stats().waiting == 0
    running.ticket.cancel()
    running.ticket.cancel()
    eventually(lambda: engine.stats().running == 0)
    assert Client(engine, 1).end()[1] == FinishReason.STOP
    assert waiting.outputs.empty()


def test_a_poison_request_fails_alone(make: Make, runner: FakeRunner):
    engine = make(max_num_seqs=3)
    runner.gate.clear()
    clients = [Client(engine, 5), Client(engine, POISON), Client(engine, 6)]
    runner.gate.set()
    assert clients[1].end() == ([], RequestFailed)
    assert clients[0].end() == ([1, 2, 3, 4, 5, EOS], FinishReason.STOP)
    assert clients[2].end()[1] == FinishReason.STOP
    assert engine.alive()


def test_a_broken_device_kills_the_engine_and_tells_everyone(make: Make, runner: FakeRunner):
    engine = make(max_num_seqs=2, max_num_waiting=2)
    runner.gate.clear()
    clients = [Client(engine, BROKEN_DEVICE), Client(engine, ENDLESS), Client(engine, 1)]
    runner.gate.set()
    assert clients[0].end() == ([], RequestFailed)
    assert [client.end()[1] for client in clients[1:]] == [EngineDead] * 2
    eventually(lambda: not engine.alive())
    with pytest.raises(EngineDead):
        Client(engine, 1)


def test_a_hung_step_is_a_dead_engine(make: Make, runner: FakeRunner):
    now = [0.0]
    engine = make(step_timeout=60, clock=lambda: now[0])
    runner.gate.clear()
    client = Client(engine, 1)
    eventually(lambda: engine.stats().running == 1)
    assert engine.alive()
    now[0] = 61.0
    eventually(lambda: not engine.alive())
    runner.gate.set()
    assert client.end()[1] == FinishReason.STOP
    eventually(engine.alive)


def test_stopping_ends_every_request(make: Make, runner: FakeRunner):
    engine = make(max_num_seqs=1)
    clients = [Client(engine, ENDLESS), Client(engine, 1)]
    eventually(lambda: engine.stats().running == 1)
    engine.stop()
    assert [client.end()[1] for client in clients] == [Aborted] * 2
    with pytest.raises(Aborted):
        Client(engine, 1)


def test_a_listener_that_raises_does_not_kill_the_engine(make: Make):
    engine = make()

    def broken(output: Output) -> None:
        raise RuntimeError("the loop is closed")

    engine.submit(request(5, broken))
    assert Client(engine, 2).end()[1] == FinishReason.STOP
    eventually(lambda: engine.stats().running == 0)


def test_the_stats_count_cached_tokens(make: Make, runner: FakeRunner):
    engine = make()
    client = Client(engine, ENDLESS)
    eventually(lambda: engine.stats().cached_tokens > 5)
    client.ticket.cancel()
    eventually(lambda: engine.stats().cached_tokens == 0)


def test_the_engine_and_the_api_import_no_torch():
    code = """
import sys, autoglm_serving.engine.engine, autoglm_serving.api.app
sys.exit('torch' in sys.modules or 'transformers' in sys.modules or 'pulumi' in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], env=environment()).returncode == 0


def test_cancelling_amid_a_step_frees_the_blocks_before_its_end(make: Make, runner: FakeRunner):
    engine = make()
    runner.gate.clear()
    client = Client(engine, [ENDLESS] * 50)
    eventually(lambda: engine.stats().cached_tokens >= 50)
    client.ticket.cancel()
    assert engine.stats().cached_tokens == 0
    runner.gate.set()
    assert Client(engine, 2).end()[1] == FinishReason.STOP
    assert client.outputs.empty()
    eventually(lambda: not runner.live)


def test_a_listener_may_cancel_its_own_request(make: Make):
    engine = make()
    heard: list[Output] = []
    tickets: list[Any] = []

    def listener(output: Output) -> None:
        heard.append(output)
        if len(heard) == 3:
            tickets[0].cancel()

    tickets.append(engine.submit(request(ENDLESS, listener)))
    eventually(lambda: len(heard) == 3 and engine.stats().running == 0)
    assert Client(engine, 2).end()[1] == FinishReason.STOP
    assert len(heard) == 3


def test_logits_that_are_no_numbers_fail_their_request_alone(make: Make, runner: FakeRunner):
    engine = make()
    runner.gate.clear()
    bad, good = Client(engine, BAD_LOGITS), Client(engine, 3)
    runner.gate.set()
    assert bad.end() == ([], RequestFailed)
    assert good.end() == ([1, 2, 3, EOS], FinishReason.STOP)


def test_a_deadline_ends_running_and_waiting_requests(make: Make, runner: FakeRunner):
    now = [100.0]
    engine = make(max_num_seqs=1, max_num_waiting=2, clock=lambda: now[0])
    running = Client(engine, ENDLESS, deadline=110.0)
    eventually(lambda: engine.stats().running == 1)
    waiting, patient = Client(engine, 1, deadline=105.0), Client(engine, 1, deadline=1000.0)
    now[0] = 106.0
    assert waiting.end() == ([], DeadlineExceeded)
    assert engine.stats().running == 1
    now[0] = 111.0
    assert running.end()[1] == DeadlineExceeded
    assert patient.end()[1] == FinishReason.STOP
    assert Client(engine, 1, deadline=50.0).end() == ([], DeadlineExceeded)


def test_a_prompt_longer_than_the_cache_is_refused(make: Make, runner: FakeRunner):
    engine = make()
    with pytest.raises(RequestFailed, match=r"4097 tokens.*holds 4096"):
        Client(engine, [1] * 4097)


def test_a_step_without_memory_is_made_smaller(make: Make, runner: FakeRunner):
    runner.memory_tokens = 100
    engine = make()
    clients = [Client(engine, [2] * 1000), Client(engine, [3] * 1000)]
    assert [client.end()[1] for client in clients] == [FinishReason.STOP] * 2
    assert max(sum(count for _, _, count in step) for step in runner.steps) <= 100


def test_without_any_memory_only_the_requests_fail(make: Make, runner: FakeRunner):
    runner.memory_tokens = 0
    engine = make()
    assert [client.end() for client in [Client(engine, 2), Client(engine, 3)]] == [([], RequestFailed)] * 2
    runner.memory_tokens = 100
    assert Client(engine, 2).end()[1] == FinishReason.STOP


def test_stopping_does_not_wait_for_a_step_that_hangs(make: Make, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(engine_module, "STOP_SECONDS", 0.1)
    engine = make()
    runner.gate.clear()
    client = Client(engine, 5)
    eventually(lambda: engine.stats().running == 1)
    engine.stop()
    assert client.end() == ([], Aborted)
    assert engine.stats().cached_tokens == 0
    runner.gate.set()


def test_many_threads_may_submit_and_cancel(make: Make, runner: FakeRunner):
    engine = make(max_num_seqs=8, max_num_waiting=1000)

    def work(seed: int) -> list[Any]:
        ends = []
        for number in range(20):
            client = Client(engine, [4, seed, number], user=str(seed % 3))
            if number % 3 == 0:
                client.ticket.cancel()
            else:
                ends.append(client.end())
        return ends

    with ThreadPoolExecutor(8) as pool:
        for ends in pool.map(work, range(8)):
            assert ends == [([1, 2, 3, 4, EOS], FinishReason.STOP)] * 13
