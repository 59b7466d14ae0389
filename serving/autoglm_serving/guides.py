"""What an answer is held to (a JSON schema, a regular expression, a choice), turned into masks over tokens.

llguidance does it: automata without backtracking, with limits on size and on work a step, so a hostile pattern costs
bounded time. It fetches no reference of a schema.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from llguidance import LLMatcher, LLTokenizer

CACHED = 64
"""Compiled constraints that are kept: clients send the same one again and again."""

MESSAGE_LENGTH = 200
"""Characters of the library's explanation that a client is given."""

UNMEETABLE = "no text can meet it"

MAX_LEXER_STATES = 20_000
"""Of one constraint; a state takes 1-2 kB."""

MAX_GRAMMAR_SIZE = 50_000
"""Symbols; at 65,525 the library ends in a panic."""


class GuideError(ValueError):
    """A constraint that can't be compiled or can't be met; the message is for the client."""


class Kind(StrEnum):
    JSON = "json"
    REGEX = "regex"
    CHOICE = "choice"


@dataclass(frozen=True, kw_only=True)
class Constraint:
    """`text` is a JSON schema, a regular expression, or a JSON list of strings to choose from."""

    kind: Kind
    text: str


class TokenGuide:
    """One answer's way through its constraint: an engine's Guide."""

    def __init__(self, matcher: "LLMatcher") -> None:
        self._matcher = matcher

    def fill(self, bits: Any) -> None:
        """Raises GuideError when the constraint needs more work than a step may cost."""
        array = np.asarray(bits)
        self._matcher.unsafe_compute_mask_ptr(array.ctypes.data, array.nbytes)
        self._check()

    def accept(self, token_id: int) -> bool:
        """Raises GuideError for a token that the mask did not allow."""
        self._matcher.consume_token(token_id)
        self._check()
        return self._matcher.is_stopped()

    def _check(self) -> None:
        if self._matcher.is_error():
            raise GuideError(explain(self._matcher.get_error()))


class Grammars:
    """Makes guides for one model's tokens. Safe to call from several threads."""

    def __init__(self, tokenizer_file: Path, *, vocab_size: int, eos_token_ids: Iterable[int]) -> None:
        """`vocab_size` is the number of the model's logits, which may be more than its tokenizer knows."""
        self._file = tokenizer_file
        self._vocab_size = vocab_size
        self._eos_token_ids = sorted(eos_token_ids)
        self._lock = threading.Lock()
        self._tokenizer: LLTokenizer | None = None
        self._compiled: OrderedDict[Constraint, LLMatcher] = OrderedDict()

    def guide(self, constraint: Constraint) -> TokenGuide:
        """Raises GuideError. Up to a second of work for the first guide, and for an extreme constraint."""
        with self._lock:
            known = self._compiled.get(constraint)
            if known is not None:
                self._compiled.move_to_end(constraint)
                return TokenGuide(known.deep_copy())
        matcher = self._compile(constraint)
        with self._lock:
            self._compiled[constraint] = matcher
            while len(self._compiled) > CACHED:
                self._compiled.popitem(last=False)
            return TokenGuide(matcher.deep_copy())

    def token_bytes(self, token_id: int) -> bytes:
        """The bytes that a token stands for, which need not be whole characters; none for one of no tokenizer."""
        found = self._tokens().decode_bytes([token_id])
        return b"" if found == f"<[{token_id}]>".encode() else found

    def _compile(self, constraint: Constraint) -> "LLMatcher":
        from llguidance import LLMatcher, LLParserLimits

        try:
            grammar = _GRAMMARS[constraint.kind](constraint.text)
        except ValueError as error:
            raise GuideError(explain(str(error))) from None
        limits = LLParserLimits(
            max_lexer_states=MAX_LEXER_STATES, max_grammar_size=MAX_GRAMMAR_SIZE, verbose_errors=False
        )
        matcher = LLMatcher(self._tokens(), grammar, log_level=0, limits=limits)
        # Whether a constraint can be met at all shows in its first mask.
        first = matcher.deep_copy()
        if not first.is_error():
            bits = np.zeros(-(-self._vocab_size // 32), dtype=np.int32)
            first.unsafe_compute_mask_ptr(bits.ctypes.data, bits.nbytes)
        if first.is_error():
            raise GuideError(explain(first.get_error()))
        return matcher

    def _tokens(self) -> "LLTokenizer":
        with self._lock:
            if self._tokenizer is None:
                from llguidance import LLTokenizer

                self._tokenizer = LLTokenizer(
                    self._file.read_text("utf-8"), n_vocab=self._vocab_size, eos_token=self._eos_token_ids
                )
            return self._tokenizer


def explain(text: str) -> str:
    """The line of the library's message that says what is wrong; around it are its parser's state, or a stack."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = next((line for line in lines if line.startswith("error: ")), lines[0] if lines else "")
    if line.startswith("NoExtension"):
        return UNMEETABLE
    return line.removeprefix("error: ").rstrip(".")[:MESSAGE_LENGTH] or "it is not understood"


def _json_grammar(text: str) -> str:
    from llguidance import LLMatcher

    # Free white space would let a weak model write nothing else for ever.
    return LLMatcher.grammar_from_json_schema(text, overrides={"whitespace_pattern": "[ \\n]?"})


def _regex_grammar(text: str) -> str:
    from llguidance import LLMatcher

    return LLMatcher.grammar_from_regex(text)


def _choice_grammar(text: str) -> str:
    """Choices are quoted as Lark's strings, which are JSON's."""
    from llguidance import LLMatcher

    return LLMatcher.grammar_from_lark("start: " + " | ".join(json.dumps(choice) for choice in json.loads(text)))


_GRAMMARS = {Kind.JSON: _json_grammar, Kind.REGEX: _regex_grammar, Kind.CHOICE: _choice_grammar}
