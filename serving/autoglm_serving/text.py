"""Tokens to text as they come: whole characters only, nothing after a stop string."""

from collections.abc import Callable, Sequence

REPLACEMENT = "\ufffd"

LONGEST_CHARACTER = 4
"""Bytes of the longest UTF-8 character, so also the most tokens that one can take."""


class Detokenizer:
    """Decodes a growing list of tokens. What a new token changes depends on few before it, so only those are kept.

    The library's own stream decoder raises an error on bytes that are no UTF-8; a model may say any bytes.
    """

    def __init__(self, decode: Callable[[list[int]], str]) -> None:
        self._decode = decode
        self._known: list[int] = []
        self._new: list[int] = []

    def push(self, token_id: int) -> str:
        """The text that is certain now; empty while a character is incomplete."""
        self._new.append(token_id)
        text = self._new_text()
        if text.endswith(REPLACEMENT) and len(self._new) <= LONGEST_CHARACTER:
            return ""
        self._known, self._new = self._new, []
        return text

    def flush(self) -> str:
        """What is left at the end: bytes that never became a character show as U+FFFD."""
        text = self._new_text()
        self._known, self._new = [], []
        return text

    def _new_text(self) -> str:
        return self._decode(self._known + self._new)[len(self._decode(self._known)) :]


class StopStrings:
    """Passes text on until one of the stop strings appears; holds back what may become one."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = [stop for stop in stops if stop]
        self._held = ""

    def push(self, text: str) -> tuple[str, bool]:
        """The text to send, and whether a stop string was met: then all that follows is dropped."""
        self._held += text
        found = [position for stop in self._stops if (position := self._held.find(stop)) >= 0]
        if found:
            return self._held[: min(found)], True
        keep = max((self._overlap(stop) for stop in self._stops), default=0)
        ready = self._held[: len(self._held) - keep]
        self._held = self._held[len(ready) :]
        return ready, False

    def flush(self) -> str:
        text, self._held = self._held, ""
        return text

    def _overlap(self, stop: str) -> int:
        """Length of the longest end of the held text that `stop` begins with."""
        for length in range(min(len(stop) - 1, len(self._held)), 0, -1):
            if self._held.endswith(stop[:length]):
                return length
        return 0
