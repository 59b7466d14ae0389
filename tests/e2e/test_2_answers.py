"""What a client sees: the Open-AutoGLM request through the gateway, and every refusal in OpenAI's error shape."""

import base64
import functools
import io
import json
import re

import openai
import pytest
import requests
from PIL import Image, ImageDraw

from tests.e2e.conftest import output as ask_output

pytestmark = pytest.mark.e2e

output = functools.cache(ask_output)  # the stack stays as it is while these tests run


def screenshot(width: int = 1080, height: int = 2400) -> str:
    """A phone's screen as the client sends it: a PNG data URL."""
    screen = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(screen).rectangle((width // 4, height // 2, width * 3 // 4, height // 2 + height // 12), fill="red")
    buffer = io.BytesIO()
    screen.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def request(image: str, **changes: object) -> dict[str, object]:
    """The exact fields that phone_agent's model client sends."""
    content = [{"type": "image_url", "image_url": {"url": image}}, {"type": "text", "text": "tap the red button"}]
    messages = [{"role": "system", "content": "You operate a phone."}, {"role": "user", "content": content}]
    sampling = {"max_tokens": 3000, "temperature": 0.0, "top_p": 0.85, "frequency_penalty": 0.2}
    return {"model": output("model"), "messages": messages, **sampling, "stream": True} | changes


def test_a_screenshot_gets_a_streamed_answer(client: openai.OpenAI) -> None:
    chunks = list(client.chat.completions.create(**request(screenshot(), max_tokens=64)))  # type: ignore[call-overload]
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert deltas[0].role == "assistant"
    assert len([delta for delta in deltas if delta.content]) > 1, "the answer came in one piece"
    assert chunks[-1].choices[0].finish_reason in {"stop", "length"}


def test_the_model_taps_what_is_asked_for(client: openai.OpenAI) -> None:
    """The tiny model of stack dev: places are thousandths of the screen."""
    answer = client.chat.completions.create(**request(screenshot(), stream=False))  # type: ignore[call-overload]
    text = answer.choices[0].message.content
    place = re.search(r'<answer>do\(action="Tap", element=\[(\d+),(\d+)\]\)</answer>$', text)
    assert place, text
    assert 250 <= int(place[1]) <= 750 and 500 <= int(place[2]) <= 583, text


def test_an_answer_without_stream_counts_its_tokens(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(**request(screenshot(), stream=False, max_tokens=8))  # type: ignore[call-overload]
    assert answer.usage.completion_tokens <= 8
    assert answer.usage.prompt_tokens > 0
    assert answer.choices[0].message.role == "assistant"


def test_the_model_is_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == [output("model")]


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Bearer ", "Basic eDp5"])
def test_no_key_or_a_wrong_one_is_refused(stack: str, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    answer = requests.get(f"{stack}/models", headers=headers, timeout=30)
    assert answer.status_code == 401
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/", "/metrics", "/admin", "/v1/../metrics", "/v1/%2e%2e/metrics", "/v1%2fmodels"])
def test_only_v1_and_health_are_routed(stack: str, path: str) -> None:
    prepared = requests.Request("GET", stack, headers={"Authorization": f"Bearer {output('apiKey')}"}).prepare()
    prepared.url = stack.removesuffix("/v1") + path  # as it is: requests would normalise it
    with requests.Session() as session:
        assert session.send(prepared, timeout=30).status_code in {400, 404}


def test_health_is_open_and_dated(stack: str) -> None:
    answer = requests.get(stack.removesuffix("/v1") + "/healthz", timeout=30)
    assert answer.status_code == 200
    assert answer.json()["status"] == "OK"
    assert answer.json()["timestamp"]


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"model": "gpt-17"}, openai.NotFoundError, "gpt-17"),
        ({"messages": "hello"}, openai.BadRequestError, "messages"),
        ({"temperature": -1}, openai.BadRequestError, "temperature"),
        ({"n": 4096}, openai.BadRequestError, "n"),
    ],
)
def test_a_bad_field_is_named(
    client: openai.OpenAI, changes: dict[str, object], error: type[openai.APIStatusError], words: str
) -> None:
    with pytest.raises(error) as caught:
        client.chat.completions.create(**request(screenshot(), **changes))  # type: ignore[call-overload]
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "image",
    [
        "data:image/png;base64,AAAA",
        "data:image/png;base64,not base64!",
        "https://example.com/screen.png",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
    ],
)
def test_a_bad_image_is_refused_and_the_server_lives(client: openai.OpenAI, image: str) -> None:
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(**request(image))  # type: ignore[call-overload]
    assert client.models.list().data


def test_a_single_pixel_does_no_harm(client: openai.OpenAI) -> None:
    try:
        client.chat.completions.create(**request(screenshot(1, 1), stream=False, max_tokens=4))  # type: ignore[call-overload]
    except openai.BadRequestError as refused:
        assert "image" in str(refused)
    assert client.models.list().data


def test_a_prompt_over_the_context_names_both_numbers(client: openai.OpenAI) -> None:
    words = [{"role": "user", "content": "tap the button " * 30_000}]
    with pytest.raises(openai.BadRequestError, match=r"\d+.*\d+"):
        client.chat.completions.create(**request("", messages=words))  # type: ignore[call-overload]


def test_invalid_json_and_an_oversized_body(stack: str) -> None:
    headers = {"Authorization": f"Bearer {output('apiKey')}", "Content-Type": "application/json"}
    url = f"{stack}/chat/completions"
    broken = requests.post(url, data=b'{"model": ', headers=headers, timeout=30)
    assert broken.status_code == 400
    assert broken.json()["error"]["type"] == "invalid_request_error"
    huge = requests.post(url, data=b"x" * (64 << 20), headers=headers, timeout=60)
    assert huge.status_code == 413
    assert json.loads(huge.text)["error"]["message"]
