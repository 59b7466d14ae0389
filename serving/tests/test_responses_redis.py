"""Conversations in a real Redis: they outlive a server, several servers share them, and a chat never needs them."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from harness import chat, command, environment, eventually, light_server
from redis_server import RedisServer, running_redis

SHORT: dict[str, Any] = {"model": "autoglm-phone-9b", "max_output_tokens": 4, "temperature": 0}


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


def turns(client: openai.OpenAI, conversation_id: str) -> list[str]:
    items = client.conversations.items.list(conversation_id, order="asc").data
    return [item.content[0].text for item in items if item.role == "user"]


def test_a_conversation_outlives_the_server_and_another_continues_it(redis: RedisServer, tmp_path: Path):
    flags = ("--redis-url", redis.url, "--max-model-len", "2048")
    with light_server(tmp_path / "first", *flags) as first, first.openai() as client:
        conversation = client.conversations.create(items=[{"type": "message", "role": "user", "content": "one"}])
        response = client.responses.create(**SHORT, input="two", conversation=conversation.id)
        stream = client.responses.create(
            **SHORT | {"max_output_tokens": 1500},
            input="never whole",
            conversation=conversation.id,
            stream=True,
            extra_body={"ignore_eos": True},
        )
        next(iter(stream))
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
    with light_server(tmp_path / "second", *flags) as second, second.openai() as client:
        assert client.responses.retrieve(response.id).output_text == response.output_text
        assert turns(client, conversation.id) == ["one", "two"]
        client.responses.create(**SHORT, input="three", conversation=conversation.id)
        assert turns(client, conversation.id) == ["one", "two", "three"]
        assert client.responses.create(**SHORT, input="x", previous_response_id=response.id).status == "incomplete"


def test_without_redis_stored_turns_are_refused_before_they_are_answered_and_chats_are_not(tmp_path: Path):
    folder = tmp_path / "redis"
    folder.mkdir()
    with (
        running_redis(folder) as redis,
        light_server(tmp_path / "log", "--redis-url", redis.url) as server,
        server.openai() as client,
    ):
        first = client.responses.create(**SHORT, input="x")
        redis.stop()
        assert server.post(chat()).status_code == 200
        assert client.responses.create(**SHORT, input="x", store=False).status == "incomplete"
        for attempt in (
            lambda: client.responses.create(**SHORT, input="x"),
            lambda: client.responses.create(**SHORT, input="x", previous_response_id=first.id),
            lambda: client.responses.retrieve(first.id),
            lambda: client.conversations.create(),
        ):
            with pytest.raises(openai.InternalServerError) as found:
                attempt()
            assert (found.value.status_code, found.value.code) == (503, "store_unavailable")
            assert found.value.response.headers["retry-after"] == "1"
        eventually(lambda: server.running() == (0, 0))
        with server.http() as http:
            assert http.get("/ready").status_code == 200
        assert str(redis.port) not in (tmp_path / "log").read_text().split('"listening"')[1]


def test_a_key_keeps_no_more_than_its_size(redis: RedisServer, tmp_path: Path):
    flags = ("--redis-url", redis.url, "--max-stored-bytes", "8192", "--max-conversation-bytes", "4096")
    with light_server(tmp_path / "log", *flags) as server, server.openai() as default:
        client = default.with_options(api_key="sized")
        first = client.responses.create(**SHORT, input="first " * 100)
        kept = client.responses.create(**SHORT, input="x" * 600)
        for number in range(8):
            client.responses.create(**SHORT, input=f"{number} " * 300)
            client.responses.retrieve(kept.id)
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(first.id)
        with pytest.raises(openai.BadRequestError) as found:
            client.responses.create(**SHORT, input="x" * 9000)
        assert found.value.code == "conversation_too_large"
        conversation = client.conversations.create(items=[{"type": "message", "role": "user", "content": "x" * 5000}])
        with pytest.raises(openai.BadRequestError) as found:
            client.responses.create(**SHORT, input="x", conversation=conversation.id)
        assert found.value.code == "conversation_too_large"


def test_a_url_that_is_none_is_refused_without_showing_it():
    result = subprocess.run(
        command("serve", "--model", "x"),
        env=environment() | {"AUTOGLM_SERVE_REDIS_URL": "http://:hidden@host"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 2
    assert "AUTOGLM_SERVE_REDIS_URL" in result.stderr
    assert "hidden" not in result.stderr
