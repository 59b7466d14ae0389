"""The trial before a switch and the probation after it, on a real engine over a model that is told to break."""

import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fake_runner import BROKEN_DEVICE, POISON, FakeRunner
from harness import eventually
from lifecycle_fakes import FakeCatalogue

from autoglm_serving.api.models import ServedModel
from autoglm_serving.engine.base import Failure, Output, Prompt, Request, SamplingParams
from autoglm_serving.engine.config import EngineConfig
from autoglm_serving.engine.engine import Engine
from autoglm_serving.errors import ModelError
from autoglm_serving.lifecycle.chat import ChatLoader, RepositoryModels
from autoglm_serving.lifecycle.registry import Options
from autoglm_serving.lifecycle.trial import PROBATION_REQUESTS, answer_once
from autoglm_serving.model.messages import Message, PromptError

GOOD = 5


class Tokens:
    """Prompts of one token."""

    def __init__(self, token: int) -> None:
        self.token = token

    def build(self, messages: list[Message]) -> Prompt:
        if self.token == 0:
            raise PromptError("the chat template is broken")
        return Prompt(token_ids=[self.token])

    def decode(self, token_ids: list[int]) -> str:
        return ""


def served(name: str, version: str, *, first_token: int = GOOD, runner: FakeRunner | None = None) -> ServedModel:
    engine = Engine(runner or FakeRunner(), EngineConfig(max_num_seqs=2, max_num_waiting=100, step_timeout=60))
    engine.start()
    prompts = Tokens(first_token)
    return ServedModel(name=name, version=version, created=0, engine=engine, prompts=prompts, max_model_len=100)


def ask(model: ServedModel, token: int) -> Output:
    """The last output of a request."""
    ended = threading.Event()
    outputs: list[Output] = []

    def listen(output: Output) -> None:
        outputs.append(output)
        if isinstance(output, Failure) or output.finish_reason is not None:
            ended.set()

    model.engine.submit(
        Request(prompt=Prompt(token_ids=[token]), sampling=SamplingParams(max_tokens=1), listener=listen)
    )
    assert ended.wait(20)
    return outputs[-1]


@pytest.mark.parametrize(
    ("first_token", "message"), [(POISON, "a first request failed"), (0, "the chat template is broken")]
)
def test_a_version_that_does_not_answer_is_refused(first_token: int, message: str):
    model = served("m", "1", first_token=first_token)
    with pytest.raises(ModelError, match=message):
        answer_once(model, timeout=20)
    model.engine.stop()


def test_a_version_that_never_answers_is_refused():
    runner = FakeRunner()
    runner.gate.clear()
    model = served("m", "1", runner=runner)
    with pytest.raises(ModelError, match="no answer to a first request within 0 s"):
        answer_once(model, timeout=0.1)
    runner.gate.set()
    model.engine.stop()


@pytest.fixture
def switched() -> Iterator[RepositoryModels]:
    """Version 2 has just taken over from version 1."""
    catalogue = FakeCatalogue()
    catalogue.say("m", "1")

    def load(folder: Path, *, name: str, version: str) -> ServedModel:
        return served(name, version)

    loader = ChatLoader(load_folder=load, estimate_folder=lambda folder: 1, trial_seconds=20)
    models = RepositoryModels(catalogue, loader, Options(budget_bytes=10, poll_seconds=0.02, standby_seconds=600))
    models.start()
    eventually(models.ready)
    catalogue.say("m", "1", "2")
    eventually(lambda: current(models) == "2")
    yield models
    models.stop()


def current(models: RepositoryModels) -> str:
    with models.lease("m") as model:
        return model.version


def test_an_engine_that_dies_after_the_switch_is_rolled_back_and_nobody_else_notices(switched: RepositoryModels):
    with switched.lease("m") as model:
        assert isinstance(ask(model, BROKEN_DEVICE), Failure)
        eventually(lambda: not model.engine.alive())
    assert current(switched) == "1"
    assert switched.alive()
    eventually(lambda: {info.version: info.state for info in switched.list()} == {"1": "active", "2": "rolled_back"})
    with switched.lease("m") as model:
        assert not isinstance(ask(model, GOOD), Failure)


def test_a_version_on_which_many_of_the_first_requests_fail_is_rolled_back(switched: RepositoryModels):
    with switched.lease("m") as model:
        for _ in range(3):
            assert isinstance(ask(model, POISON), Failure)
    eventually(lambda: current(switched) == "1")
    reasons = {info.version: info.reason for info in switched.list()}
    assert reasons["2"] == "3 of its first 3 requests failed in the engine; version 1 took over again"


def test_a_poison_request_now_and_then_rolls_nothing_back(switched: RepositoryModels):
    with switched.lease("m") as model:
        for number in range(PROBATION_REQUESTS):
            ask(model, POISON if number % 4 == 3 else GOOD)
        for _ in range(5):
            assert isinstance(ask(model, POISON), Failure)
    time.sleep(0.1)
    assert current(switched) == "2"


def test_nothing_of_an_unloaded_version_stays_in_memory(switched: RepositoryModels):
    with switched.lease("m") as model:
        engine = weakref.ref(model.engine._engine)  # type: ignore[attr-defined]
        ask(model, GOOD)
        del model
    switched._registry._catalogue.say("m", "3")  # type: ignore[attr-defined]
    eventually(lambda: current(switched) == "3")
    switched._registry._options = replace(switched._registry._options, standby_seconds=0)
    eventually(lambda: engine() is None)
