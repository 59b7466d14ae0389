"""Answers held to a format, by a real model of random weights: left to itself it would say anything else."""

import json
import re
from typing import Any

import openai
import pytest
from harness import Server, chat
from pydantic import BaseModel

ACTION = r'do\(action="(Tap|Back)", element=\[[0-9]{1,3},[0-9]{1,3}\]\)'


def answer(server: Server, **fields: Any) -> dict[str, Any]:
    response = server.post(chat(max_tokens=200, temperature=1.0, seed=1) | fields)
    assert response.status_code == 200, response.text
    return dict(response.json()["choices"][0])


@pytest.mark.parametrize("field", ["guided_regex", "structured_outputs"])
def test_an_answer_matches_its_expression_and_ends_there(server: Server, field: str):
    choice = answer(server, **{field: ACTION if field == "guided_regex" else {"regex": ACTION}})
    assert re.fullmatch(ACTION, choice["message"]["content"])
    assert choice["finish_reason"] == "stop"


@pytest.mark.parametrize(
    "fields", [{"guided_choice": ["tap", "swipe"]}, {"structured_outputs": {"choice": ["tap", "swipe"]}}]
)
def test_each_answer_is_one_of_the_choices(server: Server, fields: dict[str, Any]):
    response = server.post(chat(max_tokens=20, temperature=1.0, seed=1, n=6, **fields)).json()
    assert {choice["message"]["content"] for choice in response["choices"]} <= {"tap", "swipe"}
    assert {choice["finish_reason"] for choice in response["choices"]} == {"stop"}


class Tap(BaseModel):
    kind: bool
    where: list[bool]


def test_the_official_client_parses_an_answer_into_a_type(server: Server):
    schema = Tap.model_json_schema() | {"additionalProperties": False}
    schema["properties"]["where"] |= {"maxItems": 3}
    wanted: Any = {"type": "json_schema", "json_schema": {"name": "tap", "strict": True, "schema": schema}}
    with server.openai() as client:
        made = client.chat.completions.create(
            model="autoglm-phone-9b",
            messages=[{"role": "user", "content": "Tap."}],
            temperature=1.0,
            seed=2,
            response_format=wanted,
        )
        Tap.model_validate_json(str(made.choices[0].message.content))
        text: Any = {"format": {"type": "json_schema", "name": "tap", "schema": schema}}
        response = client.responses.create(model="autoglm-phone-9b", input="Tap.", text=text, temperature=1.0)
    assert response.status == "completed"
    Tap.model_validate_json(response.output_text)


def test_any_json_object_that_ends(server: Server):
    choice = answer(server, response_format={"type": "json_object"}, max_tokens=2000)
    if choice["finish_reason"] == "stop":
        assert isinstance(json.loads(choice["message"]["content"]), dict)
    else:
        assert choice["message"]["content"].startswith("{")


def test_a_stream_is_held_to_its_format_too(server: Server):
    with server.openai() as client:
        chunks = client.chat.completions.create(
            **chat(model="autoglm-phone-9b", stream=True, max_tokens=100, temperature=1.0),
            extra_body={"guided_regex": ACTION},
        )
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert re.fullmatch(ACTION, text)


@pytest.mark.parametrize(
    ("fields", "param", "reason"),
    [
        ({"guided_regex": "(?=x)y"}, "guided_regex", "look-around"),
        ({"guided_json": {"$ref": "#"}}, "guided_json", "no text can meet it"),
        ({"guided_json": {"$ref": "http://127.0.0.1:9/schema"}}, "guided_json", "does not fetch"),
        ({"structured_outputs": {"json": {"type": "strng"}}}, "structured_outputs", "strng"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"not": {}}}}},
            "response_format",
            "not",
        ),
    ],
)
def test_a_format_that_cannot_be_followed_says_why(server: Server, fields: dict[str, Any], param: str, reason: str):
    response = server.post(chat(**fields))
    assert response.status_code == 400
    error = response.json()["error"]
    assert (error["param"], error["code"]) == (param, "invalid_constraint")
    assert reason in error["message"]


def test_a_hostile_expression_fails_alone(server: Server):
    """It compiles, but a step of it would cost too much: that answer ends, the server goes on."""
    response = server.post(
        chat(guided_regex="((.*a.{200})|(.*b.{190})|(.*c.{180}))d", max_tokens=3000, temperature=1.0)
    )
    assert response.status_code in (200, 500)
    assert server.post(chat()).status_code == 200


def test_logprobs_are_of_each_token(server: Server):
    request = chat(max_tokens=6, logprobs=True, top_logprobs=3, ignore_eos=True)
    choice = server.post(request).json()["choices"][0]
    entries = choice["logprobs"]["content"]
    assert len(entries) == 6
    text = b"".join(bytes(entry["bytes"]) for entry in entries if not entry["token"].startswith("<")).decode(
        errors="replace"
    )
    assert text.startswith(choice["message"]["content"][:2])
    for entry in entries:
        tops = [top["logprob"] for top in entry["top_logprobs"]]
        assert tops == sorted(tops, reverse=True)
        assert len(tops) == 3
        # Greedy: the chosen token is the likeliest.
        assert entry["logprob"] == pytest.approx(tops[0], abs=1e-4)
    chunks = server.post(request | {"stream": True}).text.split("\n\n")
    streamed = [
        entry
        for chunk in chunks
        if chunk.startswith("data: {")
        for one in json.loads(chunk.removeprefix("data: "))["choices"]
        for entry in (one["logprobs"] or {"content": []})["content"]
    ]
    assert [entry["token"] for entry in streamed] == [entry["token"] for entry in entries]


def test_too_many_logprobs_are_refused(server: Server):
    with server.openai() as client, pytest.raises(openai.BadRequestError, match="allowed"):
        client.chat.completions.create(
            **chat(model="autoglm-phone-9b", max_tokens=20_000, n=16), logprobs=True, top_logprobs=20
        )
