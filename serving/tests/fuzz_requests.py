"""Requests that clients should never send, drawn from a seed: valid ones with something wrong, and worse."""

import copy
import json
from dataclasses import dataclass
from random import Random
from typing import Any

from harness import chat, client_request, endless, png

PATHS = ("/v1/chat/completions", "/v1/responses", "/v1/conversations")

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**400, 0.5, -1e308, 1e-320, "", " ", "x", "\x00", "\u202e",
    "😀", "a" * 5000, [], [[]], [None], ["x"] * 2000, {}, {"a": {"b": {}}}, {"type": "text"}, {"type": "json_object"},
    {"url": "http://127.0.0.1:1/"}, "file:///etc/passwd", "../../etc/passwd", "<|image|>", "<|user|>", "{{ 7*7 }}",
)  # fmt: skip

FIELDS = (
    "messages", "model", "stream", "stream_options", "max_tokens", "max_completion_tokens", "temperature", "top_p",
    "top_k", "min_p", "frequency_penalty", "presence_penalty", "repetition_penalty", "seed", "stop", "stop_token_ids",
    "n", "logprobs", "top_logprobs", "tools", "response_format", "structured_outputs", "guided_json", "guided_regex",
    "guided_choice", "priority", "timeout", "user", "ignore_eos", "logit_bias", "input", "instructions", "metadata",
    "store", "previous_response_id", "conversation", "truncation", "text", "items", "unknown",
)  # fmt: skip

CONSTRAINTS: tuple[dict[str, Any], ...] = (
    {"guided_regex": "(a+)+b"},
    {"guided_regex": "((.*a.{200})|(.*b.{190}))d"},
    {"guided_regex": "(?=x)"},
    {"guided_regex": "(a{1,1000}){1,1000}"},
    {"guided_choice": ["tap", "swipe", "蓝"]},
    {"guided_json": {"$ref": "#"}},
    {"guided_json": {"type": "array", "items": {"$ref": "#"}}},
    {"guided_json": {"$ref": "http://127.0.0.1:1/"}},
    {"guided_json": {"type": "string", "maxLength": 10**9}},
    {"guided_json": {"enum": list(range(3000))}},
    {"response_format": {"type": "json_object"}},
)

NO_HTTP = "x-no-http"
"""A header whose value makes the head no HTTP: the connection is closed, perhaps before the body is sent."""

HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"x-request-id": "same"},
    {"x-request-id": "\x7f"},
    {"authorization": "Bearer " + "k" * 4000},
    {"authorization": "Bearer \xff\xfe"},
    {"x-request-timeout": "0.001"},
    {"x-request-timeout": "nan"},
    {"content-type": "text/plain; charset=utf-16"},
    {"content-encoding": "gzip"},
    {"expect": "100-continue"},
    {NO_HTTP: "\x00"},
)

METHODS = ("GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "X" * 40)


@dataclass(frozen=True, kw_only=True)
class Shot:
    """`reads` is how many bytes of the answer the client takes before it leaves, None for all of them; `sends` is the
    share of the body that it sends."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    reads: int | None
    sends: float


def shot(random: Random) -> Shot:
    path = random.choices(PATHS, (8, 3, 1))[0]
    wild = random.random() < 0.03
    headers = dict(random.choice(HEADERS)) if random.random() < 0.15 else {}
    return Shot(
        method=random.choice(METHODS) if wild else "POST",
        path="/" + "".join(random.choices("v1/%.\\?#:@models{}", k=30)) if wild else path,
        headers=headers,
        body=_body(random, path),
        reads=random.choice((0, 1, 400)) if random.random() < 0.15 else None,
        sends=random.random() if random.random() < 0.04 else 1.0,
    )


def _body(random: Random, path: str) -> bytes:
    kind = random.random()
    if kind < 0.03:
        return random.randbytes(random.randrange(2000))
    if kind < 0.05:
        return random.choice((b"[", b'{"a":', b'{"messages":[')) * random.randrange(1, 20_000)
    content = _valid(random, path)
    for _ in range(random.choices((0, 1, 2, 5), (2, 5, 2, 1))[0]):
        spoil(random, content)
    body = json.dumps(content, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")
    return _damaged(random, body) if random.random() < 0.1 else body


def _valid(random: Random, path: str) -> dict[str, Any]:
    if path == "/v1/responses":
        return {"input": "Tap it.", "max_output_tokens": 4, "stream": random.random() < 0.3}
    if path == "/v1/conversations":
        return {"items": [{"role": "user", "content": "Hello"}], "metadata": {"a": "b"}}
    return random.choice(
        (
            lambda: chat(max_tokens=random.randrange(1, 8)),
            lambda: endless(random.randrange(1, 200)),
            lambda: client_request(_image(random), max_tokens=4, stream=random.random() < 0.5),
            lambda: chat(max_tokens=6, n=random.randrange(1, 5), logprobs=True, top_logprobs=random.randrange(5)),
            lambda: chat(max_tokens=6, **copy.deepcopy(random.choice(CONSTRAINTS))),
        )
    )()


def _image(random: Random) -> bytes:
    image = png(random.choice((1, 28, 56)), random.choice((1, 28, 84)))
    return _damaged(random, image) if random.random() < 0.5 else image


def spoil(random: Random, content: dict[str, Any]) -> None:
    """One value of the request, or of what is in it, becomes another."""
    place: Any = content
    while random.random() < 0.6:
        inner = [
            value for value in (place.values() if isinstance(place, dict) else place) if isinstance(value, dict | list)
        ]
        if not inner:
            break
        place = random.choice(inner)
    value = copy.deepcopy(random.choice(VALUES))
    if isinstance(place, list):
        if place and random.random() < 0.7:
            place[random.randrange(len(place))] = value
        else:
            place.append(value)
    elif place and random.random() < 0.6:
        place[random.choice(list(place))] = value
    else:
        place[random.choice(FIELDS)] = value


def _damaged(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content) + 1)
    match random.randrange(4):
        case 0:
            return content[:place]
        case 1:
            return content[:place] + random.randbytes(3) + content[place:]
        case 2:
            return content[:place] + content[place + 5 :]
        case _:
            return content[:place] + bytes([random.randrange(256)]) + content[place + 1 :]
