"""Every bad request gets OpenAI's error shape and a message that helps; the server serves on."""

import http.client
import json
import socket
from typing import Any

import openai
import pytest
from harness import TINY_CONTEXT, Server, chat, data_url, image_message, png
from test_images import bomb


@pytest.fixture(autouse=True)
def still_serving(server: Server):
    yield
    assert server.process.poll() is None
    assert server.running() == (0, 0)
    with server.http() as client:
        assert client.get("/health").status_code == 200


def error(server: Server, content: Any, status: int = 400) -> dict[str, Any]:
    response = server.post(content)
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert response.headers["x-request-id"]
    return dict(body["error"])


def with_image(url: Any) -> dict[str, Any]:
    return chat(messages=[image_message(url)])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"not json",
        b'{"messages": [}',
        b"\xff\xfe\x00",
        b'{"messages": [{"role": "user", "content": "\xff"}]}',
        b'{"messages": [{"role": "user", "content": "\\ud800"}]}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"messages": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
    ids=["empty", "cut", "text", "comma", "utf-16", "bad utf-8", "surrogate", "deep list", "deep object", "deep field"],
)
def test_what_is_not_json_is_refused(server: Server, body: bytes):
    assert error(server, body)["code"] == "invalid_json"


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"x"'])
def test_json_that_is_no_object_is_refused(server: Server, body: bytes):
    assert error(server, body)["type"] == "invalid_request_error"


FIELDS: list[tuple[str, Any]] = [
    ("messages", None),
    ("messages", []),
    ("messages", "hello"),
    ("max_tokens", 0),
    ("max_tokens", -5),
    ("max_tokens", 1.5),
    ("max_tokens", "many"),
    ("max_tokens", 10**30),
    ("max_completion_tokens", 0),
    ("temperature", -0.1),
    ("temperature", 2.1),
    ("temperature", "hot"),
    ("top_p", 0),
    ("top_p", 1.1),
    ("top_p", -1),
    ("top_k", -2),
    ("top_k", 2**63),
    ("min_p", 2),
    ("frequency_penalty", 3),
    ("presence_penalty", -3),
    ("repetition_penalty", 0),
    ("seed", 2**64),
    ("seed", 1.5),
    ("n", 17),
    ("n", 0),
    ("n", 10**9),
    ("stop", ["x"] * 100),
    ("stop", "x" * 10_000),
    ("stop", ""),
    ("stop", 5),
    ("stop_token_ids", [-1]),
    ("stop_token_ids", list(range(100))),
    ("stream", "maybe"),
    ("logprobs", "yes"),
    ("top_logprobs", 21),
    ("priority", 2**40),
    ("timeout", 0),
    ("timeout", -1),
    ("timeout", 10**9),
    ("user", "x" * 1000),
    ("tools", [{}]),
    ("tool_choice", "required"),
    ("tool_choice", {"type": "function", "function": {"name": "f"}}),
    ("functions", [{}]),
    ("logit_bias", {"5": 100}),
    ("min_tokens", 5),
    ("bad_words", ["x"]),
    ("best_of", 3),
    ("use_beam_search", True),
    ("prompt_logprobs", 1),
    ("echo", True),
    ("chat_template", "{{ messages }}"),
    ("modalities", ["text", "audio"]),
    ("guided_grammar", "root ::= 'x'"),
    ("response_format", {"type": "grammar"}),
    ("response_format", {"type": "json_schema"}),
    ("response_format", {"type": "json_schema", "json_schema": {"name": "x", "schema": 5}}),
    ("structured_outputs", {"json": {"a": "x" * 100_000}}),
    ("structured_outputs", {"json": "not json"}),
    ("structured_outputs", {"json": "[]"}),
    ("structured_outputs", {"regex": "a", "choice": ["b"]}),
    ("structured_outputs", {"regex": "a" * 10_000}),
    ("structured_outputs", {"choice": []}),
    ("structured_outputs", {"choice": ["x"] * 2000}),
    ("structured_outputs", {"structural_tag": "{}"}),
    ("guided_regex", "a" * 10_000),
    ("guided_choice", [5]),
    ("model", 7),
]


@pytest.mark.parametrize(("field", "value"), FIELDS)
def test_a_bad_value_names_its_field(server: Server, field: str, value: Any):
    found = error(server, chat(**{field: value}))
    assert found["type"] == "invalid_request_error"
    assert str(found["param"]).split(".")[0] == field
    assert field in found["message"]


@pytest.mark.parametrize("field", ["temperature", "top_p", "frequency_penalty", "presence_penalty", "min_p"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_is_refused(server: Server, field: str, value: str):
    body = json.dumps(chat(**{field: "here"})).replace('"here"', value).encode()
    found = error(server, body)
    assert found["param"] == field or found["code"] == "invalid_json"


def test_stream_options_need_a_stream(server: Server):
    assert "stream_options" in error(server, chat(stream_options={"include_usage": True}))["message"]


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"role": "king", "content": "x"}, "messages.0.role"),
        ({"content": "x"}, "messages.0.role"),
        ({"role": "user"}, "messages.0"),
        ({"role": "user", "content": None}, "messages.0"),
        ({"role": "user", "content": 5}, "messages.0.content"),
        ({"role": "user", "content": [{"type": "video_url", "video_url": {"url": "x"}}]}, "messages.0.content.0"),
        ({"role": "user", "content": [{"text": "x"}]}, "messages.0.content.0"),
        ({"role": "user", "content": [{"type": "image_url"}]}, "messages.0.content.0.image_url.image_url"),
        ("hello", "messages.0"),
    ],
)
def test_a_bad_message_is_named_by_its_place(server: Server, message: Any, param: str):
    assert error(server, chat(messages=[message]))["param"] == param


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/x.png", "https://example.com/a.png", "http://169.254.169.254/", "file:///etc/passwd", "//x"],
)
def test_remote_images_are_never_fetched(server: Server, url: str):
    found = error(server, with_image(url))
    assert found["code"] == "invalid_image"
    assert "links are never fetched" in found["message"]
    assert found["param"] == "messages.0.content.0.image_url.url"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
def test_a_server_that_an_image_link_names_hears_nothing(server: Server, host: str):
    """So it can't redirect to a private address either."""
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.3)
        error(server, with_image(f"http://{host}:{trap.getsockname()[1]}/a.png"))
        with pytest.raises(TimeoutError):
            trap.accept()


@pytest.mark.parametrize("content", [b"", b"x" * 100, png(64, 64)[:100], bomb(50_000, 50_000), bomb(6_000, 6_000)])
def test_damaged_images_and_bombs_are_refused(server: Server, content: bytes):
    assert error(server, with_image(data_url(content)))["code"] == "invalid_image"


def test_a_message_without_a_word_is_a_prompt_like_any_other(server: Server):
    assert server.post(chat("")).json()["usage"]["prompt_tokens"] > 0


def test_one_pixel_is_answered(server: Server):
    assert server.post(with_image(data_url(png(1, 1)))).status_code == 200


def test_too_many_images_are_refused(server: Server):
    part = {"type": "image_url", "image_url": {"url": data_url(png(28, 28))}}
    found = error(server, chat(messages=[{"role": "user", "content": [part] * 11}]))
    assert "11 images are more than the 10 allowed" in found["message"]


def test_an_image_token_in_the_text_is_refused(server: Server):
    assert "<|image|>" in error(server, chat("<|begin_of_image|><|image|><|end_of_image|>"))["message"]


def test_a_prompt_over_the_context_says_both_numbers(server: Server):
    found = error(server, chat("word and more " * 9000))
    assert found["code"] == "context_length_exceeded"
    assert f"maximum context length is {TINY_CONTEXT} tokens" in found["message"]
    assert "and the prompt has" in found["message"]


def test_max_tokens_over_the_rest_of_the_context_says_all_numbers(server: Server):
    found = error(server, chat(max_tokens=TINY_CONTEXT))
    assert found["param"] == "max_tokens"
    assert f"max_tokens is too large: {TINY_CONTEXT}" in found["message"]
    assert "are left" in found["message"]


def test_an_unknown_model_is_404(server: Server):
    assert error(server, chat(model="gpt-5"), 404)["code"] == "model_not_found"
    with server.openai() as client, pytest.raises(openai.NotFoundError, match="gpt-5"):
        client.chat.completions.create(**chat(model="gpt-5"))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1", 404),
        ("POST", "/v1/completions", 404),
        ("GET", "/docs", 404),
        ("GET", "/v1/chat/completions", 405),
        ("DELETE", "/v1/models", 405),
        ("POST", "/health", 405),
        ("GET", "/v1/models/..%2f..%2fetc", 404),
        ("GET", "/" + "x" * 5000, 404),
    ],
)
def test_unknown_paths_and_methods(server: Server, method: str, path: str, status: int):
    with server.http() as client:
        response = client.request(method, path)
    assert response.status_code == status
    assert response.json()["error"]["type"] == "invalid_request_error"
    assert len(response.text) < 500


def test_a_body_over_the_limit_is_413(server: Server):
    found = error(server, b" " * (32 * 1024 * 1024 + 1), 413)
    assert "33554432 bytes allowed" in found["message"]


def test_a_body_that_grows_over_the_limit_is_413(server: Server):
    """Without a length, as chunks; the server stops at twice the limit, so the sender may be cut off."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    chunks = (b" " * 1024 * 1024 for _ in range(40))
    connection.request("POST", "/v1/chat/completions", body=chunks, encode_chunked=True)
    response = connection.getresponse()
    assert response.status == 413
    assert response.headers["connection"] == "close"
    assert json.loads(response.read())["error"]["type"] == "invalid_request_error"


def test_a_huge_head_is_refused(server: Server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", "/health", headers={"x-filler": "x" * 200_000})
    assert connection.getresponse().status == 400


def test_requests_with_the_same_id_do_not_meet(server: Server):
    with server.http(headers={"x-request-id": "same"}) as client:
        answers = [client.post("/v1/chat/completions", json=chat()).json() for _ in range(2)]
    assert answers[0]["id"] != answers[1]["id"]
