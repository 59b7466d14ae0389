"""Steady streams through a gateway, each judged by what it should have said."""

import contextlib
import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum

from tests.harness.envoy import KEY, Gateway

CLIENTS = 4
PROMPTS = 6
TOKENS = 80  # of an answer: a stream takes long enough that every fault finds some open
_DONE = b"data: [DONE]"


class Outcome(StrEnum):
    WHOLE = "whole"
    """Every word, and the end."""
    WRONG = "wrong"
    """Ended as if whole, with other words."""
    SILENT = "cut in silence"
    """No end was sent, and nothing says so."""
    CUT = "cut"
    """The connection broke amid the answer, which a client sees."""
    REFUSED = "refused"
    """A status other than 200."""


@dataclass(frozen=True)
class Answer:
    """Times are time.monotonic()'s."""

    outcome: Outcome
    began: float
    ended: float
    note: str = ""


def ask(gateway: Gateway, prompt: str, expected: str | None, seed: int = 0) -> tuple[Answer, str]:
    """One stream, and its words. At temperature 0 the seed changes none of them, but makes it another request."""
    began, words, note = time.monotonic(), "", ""
    sampling = {"max_tokens": TOKENS, "temperature": 0, "seed": seed, "stream": True}
    body = {"messages": [{"role": "user", "content": prompt}], **sampling}
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    with closing(http.client.HTTPConnection("127.0.0.1", gateway.settings.port, timeout=120)) as connection:
        try:
            connection.request("POST", "/v1/chat/completions", json.dumps(body | {"ignore_eos": True}), headers)
            answer = connection.getresponse()
            if answer.status != 200:
                outcome, note = Outcome.REFUSED, f"{answer.status} {answer.read()[:200]!r}"
            else:
                sent = answer.read()
                words = _words(sent)
                whole = expected is None or words == expected
                outcome = (Outcome.WHOLE if whole else Outcome.WRONG) if _DONE in sent else Outcome.SILENT
                if outcome is not Outcome.WHOLE:
                    note = repr(sent[-300:])
        except (OSError, http.client.HTTPException) as error:
            outcome, note = Outcome.CUT, repr(error)[:200]
    return Answer(outcome, began, time.monotonic(), note), words


def _words(sent: bytes) -> str:
    said = []
    for line in sent.splitlines():
        if line.startswith(b"data: {"):
            event = json.loads(line.removeprefix(b"data: "))
            said += [choice["delta"].get("content") or "" for choice in event.get("choices", ())]
    return "".join(said)


class Streams:
    """Clients that each ask for one answer after the other; what is right was asked before any fault."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._prompts = [f"prompt number {number}" for number in range(PROMPTS)]
        self._expected = {prompt: ask(gateway, prompt, None)[1] for prompt in self._prompts}
        self._answers: list[Answer] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._client, args=(number,)) for number in range(CLIENTS)]

    def start(self) -> None:
        assert all(len(words) > TOKENS / 2 for words in self._expected.values()), self._expected
        assert len({*self._expected.values()}) == PROMPTS
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(180)

    @property
    def count(self) -> int:
        return len(self._answers)

    def since(self, moment: float) -> list[Answer]:
        """Those that had not ended by then."""
        return [answer for answer in [*self._answers] if answer.ended > moment]

    def _client(self, number: int) -> None:
        """Each request is another one: a server that was killed holds what it worked on to be the cause, and refuses
        it from then on."""
        place = number
        while not self._over.is_set():
            prompt = self._prompts[place % PROMPTS]
            self._answers.append(ask(self._gateway, prompt, self._expected[prompt], seed=place * CLIENTS + number)[0])
            place += 1


def counted(answers: list[Answer]) -> Counter[Outcome]:
    return Counter(answer.outcome for answer in answers)


@contextlib.contextmanager
def flowing(gateway: Gateway) -> Iterator[Streams]:
    streams = Streams(gateway)
    streams.start()
    try:
        yield streams
    finally:
        streams.stop()
