import random
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from autoglm_serving.text import Detokenizer, StopStrings

TEXTS = [
    "Tap the button.",
    "打开设置，点击。",
    "naïve 😀👩‍👩‍👧 ok",
    "a" * 300,
    "  spaces\n\n",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
]


@pytest.fixture(scope="module")
def tokenizer(tiny_model: Path) -> Tokenizer:
    return Tokenizer.from_file(str(tiny_model / "tokenizer.json"))


def pieces(tokenizer: Tokenizer, token_ids: list[int]) -> list[str]:
    detokenizer = Detokenizer(lambda ids: tokenizer.decode(ids, skip_special_tokens=True))
    return [*(detokenizer.push(token_id) for token_id in token_ids), detokenizer.flush()]


@pytest.mark.parametrize("text", TEXTS)
def test_streamed_text_is_the_text_in_whole_characters(tokenizer: Tokenizer, text: str):
    token_ids = tokenizer.encode(text, add_special_tokens=False).ids
    streamed = pieces(tokenizer, token_ids)
    assert "".join(streamed) == text
    assert not any("\ufffd" in piece for piece in streamed)


def test_an_emoji_of_single_bytes_comes_as_one_piece(tokenizer: Tokenizer):
    token_ids = tokenizer.encode("😀", add_special_tokens=False).ids
    assert len(token_ids) == 4
    assert pieces(tokenizer, token_ids) == ["", "", "", "😀", ""]


def test_bytes_that_are_no_character_do_not_hold_the_stream_back(tokenizer: Tokenizer):
    byte = tokenizer.encode("😀", add_special_tokens=False).ids[0]
    a = tokenizer.encode("a", add_special_tokens=False).ids
    streamed = pieces(tokenizer, [byte] * 12 + a)
    assert "".join(streamed).endswith("a")
    assert "\ufffd" in "".join(streamed[:6])


def test_a_character_that_stays_incomplete_is_shown_at_the_end(tokenizer: Tokenizer):
    token_ids = tokenizer.encode("ok 😀", add_special_tokens=False).ids
    assert "".join(pieces(tokenizer, token_ids[:-1])) == "ok \ufffd"


def test_special_tokens_are_silent(tokenizer: Tokenizer):
    token_ids = [*tokenizer.encode("a", add_special_tokens=False).ids, tokenizer.token_to_id("<|user|>")]
    assert "".join(pieces(tokenizer, token_ids)) == "a"


def test_random_tokens_lose_nothing(tokenizer: Tokenizer):
    numbers = random.Random(0)  # noqa: S311  any tokens do
    for _ in range(50):
        token_ids = [numbers.randrange(16, tokenizer.get_vocab_size()) for _ in range(60)]
        whole = tokenizer.decode(token_ids, skip_special_tokens=True).replace("\ufffd", "")
        assert "".join(pieces(tokenizer, token_ids)).replace("\ufffd", "") == whole


def stopped(stops: list[str], texts: list[str]) -> tuple[str, bool]:
    stop_strings = StopStrings(stops)
    sent = ""
    for text in texts:
        ready, stop = stop_strings.push(text)
        sent += ready
        assert not any(stop_string in sent for stop_string in stops)
        if stop:
            return sent, True
    return sent + stop_strings.flush(), False


@pytest.mark.parametrize(
    ("stops", "texts", "expected"),
    [
        ([], ["abc"], ("abc", False)),
        (["x"], ["abc", "def"], ("abcdef", False)),
        (["</answer>"], ["do()</an", "swer", "> more"], ("do()", True)),
        (["</answer>"], ["a</", "b"], ("a</b", False)),
        (["</answer>"], ["a</ans"], ("a</ans", False)),
        (["aab"], ["aaa", "b"], ("a", True)),
        (["yy", "y"], ["xy"], ("x", True)),
        (["b", "abc"], ["a", "b"], ("a", True)),
    ],
)
def test_stop_strings(stops: list[str], texts: list[str], expected: tuple[str, bool]):
    assert stopped(stops, texts) == expected
