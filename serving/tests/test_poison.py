"""What a failing engine means to the API: errors injected into the engine's runner, in this process."""

from collections.abc import Iterator

import pytest
from fake_runner import FakeRunner, counting
from harness import chat
from starlette.testclient import TestClient

from autoglm_serving.api.app import create_app
from autoglm_serving.api.models import OneModel, ServedModel
from autoglm_serving.api.service import Limits, Service
from autoglm_serving.engine.base import Prompt
from autoglm_serving.engine.config import EngineConfig
from autoglm_serving.engine.engine import Engine
from autoglm_serving.engine.sequence import Sequence
from autoglm_serving.metrics import Metrics
from autoglm_serving.model.messages import Message


class NumberPrompts:
    """The text is the number that the runner counts to; every token is written as a letter."""

    def build(self, messages: list[Message]) -> Prompt:
        return Prompt(token_ids=[int(str(messages[0].parts[0]))])

    def decode(self, token_ids: list[int]) -> str:
        return "x" * len(token_ids)


def poisoned_late(sequence: Sequence) -> int:
    """Breaks at the third token of an answer of 7."""
    if sequence.token_ids[0] == 7 and sequence.generated == 2:
        raise RuntimeError("poison")
    return counting(sequence)


@pytest.fixture
def client() -> Iterator[TestClient]:
    engine = Engine(
        FakeRunner(next_token=poisoned_late), EngineConfig(max_num_seqs=2, max_num_waiting=1, step_timeout=60)
    )
    engine.start()
    model = ServedModel(name="m", version="1", created=0, engine=engine, prompts=NumberPrompts(), max_model_len=100)
    models = OneModel(model)
    service = Service(
        models=models,
        limits=Limits(max_images=1, max_image_pixels=100, max_body_bytes=10_000),
        metrics=Metrics(models),
    )
    with TestClient(create_app(service), raise_server_exceptions=False) as client:
        yield client
    engine.stop()


def ask(client: TestClient, number: int, **changes: object):
    return client.post("/v1/chat/completions", json=chat(str(number), **changes))


@pytest.mark.parametrize("stream", [False, True])
def test_a_poison_request_is_500_and_the_next_one_is_answered(client: TestClient, stream: bool):
    response = ask(client, -1, stream=stream)
    assert response.status_code == 500
    error = response.json()["error"]
    assert (error["type"], error["code"]) == ("server_error", "request_failed")
    assert "RuntimeError" in error["message"]
    assert "poison" not in error["message"]
    assert client.get("/health").status_code == 200
    assert ask(client, 3).json()["choices"][0]["message"]["content"] == "xxxx"


def test_a_failure_inside_a_stream_is_told_in_the_stream(client: TestClient):
    response = ask(client, 7, stream=True)
    assert response.status_code == 200
    lines = [line for line in response.text.split("\n\n") if line]
    assert '"code":"request_failed"' in lines[-2]
    assert lines[-1] == "data: [DONE]"
    assert ask(client, 7).status_code == 500
    assert client.get("/ready").status_code == 200


def test_a_dead_engine_is_503_everywhere_but_metrics(client: TestClient):
    assert ask(client, -2).status_code == 500
    for path in ("/health", "/healthz", "/ready"):
        assert client.get(path).status_code == 503
    response = ask(client, 3)
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "engine_dead"
    assert client.get("/metrics").status_code == 200


def test_an_error_of_the_server_itself_is_500_without_its_details(client: TestClient):
    response = ask(client, "not a number")  # type: ignore[arg-type]
    assert response.status_code == 500
    assert response.json()["error"] == {
        "message": "The server made an error; its log has the details.",
        "type": "server_error",
        "param": None,
        "code": "internal_error",
    }
