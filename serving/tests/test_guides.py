"""Masks over tokens, without a model: a random walk through what is allowed must end in what was asked."""

import json
import re
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from autoglm_serving.guides import UNMEETABLE, Constraint, Grammars, GuideError, Kind

VOCABULARY = 1024
END = 0


@pytest.fixture(scope="module")
def grammars(tiny_model: Path) -> Grammars:
    return Grammars(tiny_model / "tokenizer.json", vocab_size=VOCABULARY, eos_token_ids=(END,))


def allowed(bits: Any) -> list[int]:
    return [token for token in range(VOCABULARY) if bits[token // 32] >> (token % 32) & 1]


def walk(grammars: Grammars, kind: Kind, text: str, seed: int, tokens: int = 400) -> str:
    """Tokens drawn at random from those allowed; the end as soon as it is."""
    random = Random(seed)  # noqa: S311  a test's dice
    guide = grammars.guide(Constraint(kind=kind, text=text))
    bits = np.zeros(-(-VOCABULARY // 32), dtype=np.int32)
    said: list[int] = []
    for _ in range(tokens):
        guide.fill(bits)
        choice = END if END in allowed(bits) else random.choice(allowed(bits))
        if choice != END:
            said.append(choice)
        if guide.accept(choice):
            return b"".join(grammars.token_bytes(token) for token in said).decode()
    raise AssertionError(f"no end after {tokens} tokens: {said}")


@pytest.mark.parametrize("seed", range(5))
def test_a_choice_is_one_of_the_strings(grammars: Grammars, seed: int):
    choices = ['red "x"', "line\nbreak", "back\\slash", "蓝色", "/x/i", "😀"]
    assert walk(grammars, Kind.CHOICE, json.dumps(choices), seed) in choices


@pytest.mark.parametrize("seed", range(5))
def test_an_expression_is_matched_whole(grammars: Grammars, seed: int):
    action = r'do\(action="(Tap|Back)", element=\[[0-9]{1,3},[0-9]{1,3}\]\)'
    assert re.fullmatch(action, walk(grammars, Kind.REGEX, action, seed))


@pytest.mark.parametrize("seed", range(5))
def test_json_has_the_schemas_shape(grammars: Grammars, seed: int):
    schema = {
        "type": "object",
        "properties": {"x": {"type": "integer", "minimum": 0, "maximum": 999}, "kind": {"enum": ["tap", "swipe"]}},
        "required": ["x", "kind"],
        "additionalProperties": False,
    }
    found = json.loads(walk(grammars, Kind.JSON, json.dumps(schema), seed))
    assert set(found) == {"x", "kind"}
    assert 0 <= found["x"] <= 999
    assert found["kind"] in ("tap", "swipe")


def test_guides_of_one_constraint_do_not_share_their_state(grammars: Grammars):
    first, second = (grammars.guide(Constraint(kind=Kind.CHOICE, text='["ab"]')) for _ in range(2))
    bits = np.zeros(-(-VOCABULARY // 32), dtype=np.int32)
    first.fill(bits)
    before = bits.copy()
    first.accept(allowed(bits)[0])
    second.fill(bits)
    assert (bits == before).all()


def test_a_token_that_was_not_allowed_is_an_error(grammars: Grammars):
    guide = grammars.guide(Constraint(kind=Kind.CHOICE, text='["x"]'))
    with pytest.raises(GuideError):
        guide.accept(END)


NESTED: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}
for _ in range(3):
    NESTED = {"anyOf": [NESTED] * 20}

HOSTILE = [
    (Kind.REGEX, "(?=x)y", "look-around"),
    (Kind.REGEX, "(", "unclosed group"),
    (Kind.REGEX, r"(a)\1", "backreferences"),
    (Kind.JSON, '{"$ref": "#"}', UNMEETABLE),
    (Kind.JSON, '{"$ref": "http://127.0.0.1:9/x"}', "does not fetch"),
    (Kind.JSON, '{"$ref": "file:///etc/passwd"}', "does not fetch"),
    (Kind.JSON, '{"type": "strng"}', "strng"),
    (Kind.JSON, '{"x": 1' + "0" * 400 + "}", "number out of range"),
    (Kind.JSON, '{"not": {}}', "not"),
    (Kind.JSON, '{"type": "integer", "multipleOf": 999999937, "minimum": 3}', "fuel"),
    (Kind.JSON, json.dumps(NESTED), "too big"),
]


@pytest.mark.parametrize(("kind", "text", "reason"), HOSTILE)
def test_what_cannot_be_compiled_says_why_in_one_line(grammars: Grammars, kind: Kind, text: str, reason: str):
    with pytest.raises(GuideError, match=re.escape(reason)) as found:
        grammars.guide(Constraint(kind=kind, text=text))
    assert "\n" not in str(found.value)
    assert len(str(found.value)) <= 200


BOUNDED = [
    "(a+)+b",
    "((a*)*)*b",
    "(a|aa)+c",
    "(x+x+)+y",
    "(a{1,1000}){1,1000}",
    "(.*){50}x(.*){50}y",
]


@pytest.mark.parametrize("pattern", BOUNDED)
def test_what_blows_up_a_backtracking_engine_is_only_a_pattern(grammars: Grammars, pattern: str):
    guide = grammars.guide(Constraint(kind=Kind.REGEX, text=pattern))
    bits = np.zeros(-(-VOCABULARY // 32), dtype=np.int32)
    for _ in range(50):
        guide.fill(bits)
        guide.accept(allowed(bits)[-1])


@pytest.mark.parametrize("pattern", ["(a?){500}a{500}", "((.*a.{200})|(.*b.{190})|(.*c.{180}))d"])
def test_an_expression_with_too_many_states_ends_in_an_error_not_in_memory(grammars: Grammars, pattern: str):
    guide = grammars.guide(Constraint(kind=Kind.REGEX, text=pattern))
    bits = np.zeros(-(-VOCABULARY // 32), dtype=np.int32)
    random = Random(0)  # noqa: S311  a test's dice
    with pytest.raises(GuideError):
        for _ in range(5000):
            guide.fill(bits)
            guide.accept(random.choice(allowed(bits)))
