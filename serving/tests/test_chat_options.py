"""Options of a chat that are the API's to keep: several answers, times, users, bodies that wait. Without a model."""

import json
import socket
import time
from pathlib import Path
from typing import Any

import openai
import pytest
from harness import Server, chat, data_url, endless, eventually, image_message, light_server, png


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    flags = ("--max-num-seqs", "4", "--max-num-waiting", "2")
    with light_server(tmp_path_factory.mktemp("light") / "log", *flags) as server:
        yield server


@pytest.fixture(autouse=True)
def all_free(server: Server):
    yield
    eventually(lambda: server.running() == (0, 0))


def test_several_answers_come_in_one_object(server: Server):
    answer = server.post(chat(n=3)).json()
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2]
    assert len({choice["message"]["content"] for choice in answer["choices"]}) == 1
    assert answer["usage"]["completion_tokens"] == 24
    assert answer["usage"]["total_tokens"] == answer["usage"]["prompt_tokens"] + 24


def test_several_answers_come_in_one_stream(server: Server):
    whole = server.post(chat(n=3)).json()["choices"]
    with server.openai() as client:
        request = chat(n=3, stream=True, model="autoglm-phone-9b", stream_options={"include_usage": True})
        chunks = list(client.chat.completions.create(**request))
    texts, ends = ["", "", ""], []
    for chunk in chunks[:-1]:
        choice = chunk.choices[0]
        texts[choice.index] += choice.delta.content or ""
        ends += [choice.index] if choice.finish_reason else []
    assert texts == [choice["message"]["content"] for choice in whole]
    assert sorted(ends) == [0, 1, 2]
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 24


def test_an_answer_that_meets_its_stop_string_frees_its_place_while_others_go_on(server: Server):
    text = server.post(chat()).json()["choices"][0]["message"]["content"]
    answer = server.post(chat(n=2, max_tokens=200, ignore_eos=True, stop=[text[3:5]])).json()
    assert [choice["message"]["content"] for choice in answer["choices"]] == [text[:3]] * 2
    assert [choice["finish_reason"] for choice in answer["choices"]] == ["stop"] * 2


def test_a_stop_token_ends_the_answer_before_it(server: Server):
    text = server.post(chat()).json()["choices"][0]["message"]["content"]
    answer = server.post(chat(stop_token_ids=[ord(text[4]) + 1])).json()["choices"][0]
    assert answer["message"]["content"] == text[: text.index(text[4])]
    assert answer["finish_reason"] == "stop"


def test_more_answers_than_there_are_places_are_refused_whole(server: Server):
    response = server.post(chat(n=7))
    assert response.status_code == 429
    assert int(response.headers["retry-after"]) >= 1
    assert server.running() == (0, 0)


@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        ({"timeout": 0.3}, {}),
        ({}, {"x-request-timeout": "0.3"}),
        ({}, {"x-envoy-expected-rq-timeout-ms": "300"}),
        ({"timeout": 100}, {"x-request-timeout": "0.3"}),
    ],
)
def test_an_answer_that_is_not_ready_in_time_is_given_up(server: Server, fields: Any, headers: dict[str, str]):
    request = endless(20_000) | {"stream": False} | fields
    with server.http(headers=headers) as client:
        response = client.post("/v1/chat/completions", json=request)
    assert response.status_code == 504
    assert response.json()["error"]["code"] == "deadline_exceeded"
    assert "retry-after" not in response.headers


def test_a_stream_that_is_not_ready_in_time_says_so(server: Server):
    lines = server.post(endless(20_000, timeout=0.5)).text.split("\n\n")
    assert json.loads(lines[-3].removeprefix("data: "))["error"]["code"] == "deadline_exceeded"
    assert lines[-2] == "data: [DONE]"


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "soon", "1e9", ""])
def test_a_timeout_that_is_none_names_its_header(server: Server, value: str):
    with server.http(headers={"x-request-timeout": value}) as client:
        response = client.post("/v1/chat/completions", json=chat())
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "x-request-timeout"


def body_under_way(server: Server) -> socket.socket:
    """A request that has sent all but the last byte of its body."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    body = json.dumps(chat()).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body[:-1])
    return connection


def test_bodies_that_wait_are_bounded_too(server: Server):
    """Six may be placed or wait, so a seventh that is only being read has no hope either."""
    waiting = [body_under_way(server) for _ in range(6)]
    time.sleep(0.5)
    response = server.post(chat())
    assert response.status_code == 429
    assert response.json()["error"]["code"] == "engine_overloaded"
    assert int(response.headers["retry-after"]) >= 1
    for connection in waiting:
        connection.sendall(b"}")
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        connection.close()
    assert server.post(chat()).status_code == 200


def test_what_is_not_offered_with_this_model_is_said(server: Server):
    response = server.post(chat(response_format={"type": "json_object"}))
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "response_format"


def test_images_that_are_too_large_together_are_refused(tmp_path: Path):
    with light_server(tmp_path / "log", "--max-image-pixels", "10000") as server:
        one = image_message(data_url(png(100, 100)))
        assert server.post(chat(messages=[one, one])).status_code == 200
        response = server.post(chat(messages=[one, one, one]))
    assert response.status_code == 400
    assert "30000 pixels together" in response.json()["error"]["message"]


def test_the_official_client_waits_as_it_is_told_and_comes_again(server: Server):
    streams = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(6)]
    for connection in streams:
        body = json.dumps(endless(20_000)).encode()
        head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
        connection.sendall(head + body)
    eventually(lambda: sum(server.running()) == 6)
    with server.openai() as client:
        with pytest.raises(openai.RateLimitError):
            client.chat.completions.create(**chat(model="autoglm-phone-9b"))
        for connection in streams:
            connection.close()
        patient = client.with_options(max_retries=5)
        assert patient.chat.completions.create(**chat(model="autoglm-phone-9b")).choices[0].message.content


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/v1/chat/completions", {"x-request-timeout": "soon"}, 400),
        ("/v1/conversations", {"x-request-timeout": "soon"}, 400),
        ("/nowhere", {}, 404),
        ("/v1/models", {}, 405),
    ],
)
def test_an_answer_before_the_body_is_read_reaches_a_client_that_sends_all_first(
    server: Server, path: str, headers: dict[str, str], status: int
):
    """Closing with bytes unread would reset the connection under the answer."""
    body = b" " * 8_000_000
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body
        )
        assert connection.recv(100).startswith(f"HTTP/1.1 {status} ".encode())
