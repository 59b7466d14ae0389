"""Requests sent when they are due, each on a thread of its own, and what came of them."""

import http.client
import threading
import time
from collections.abc import Sequence
from typing import Any

from bench.load import Running
from bench.outcomes import Outcome

_LEAD = 0.5  # seconds until the first is due


def drive(url: str, times: Sequence[float], bodies: Sequence[dict[str, Any]]) -> list[Outcome]:
    """`url` ends in /v1; a body for each time. Returns when the last is answered, in the order of the times."""
    began = time.monotonic() + _LEAD
    outcomes: list[Outcome | None] = [None] * len(times)

    def one(place: int) -> None:
        outcomes[place] = _ask(url, bodies[place], began, times[place])

    threads = [threading.Thread(target=one, args=(place,), daemon=True) for place in range(len(times))]
    for thread, due in zip(threads, times, strict=True):
        _until(began + due)
        thread.start()
    for thread in threads:
        thread.join()
    return [outcome for outcome in outcomes if outcome is not None]


def _ask(url: str, body: dict[str, Any], began: float, due: float) -> Outcome:
    sent = time.monotonic() - began
    try:
        stream = Running(url, body).wait()
    except (OSError, http.client.HTTPException, RuntimeError) as error:
        return Outcome(due=due, sent=sent, first=None, ended=time.monotonic() - began, tokens=0, error=_reason(error))
    return Outcome(
        due=due,
        sent=sent,
        first=stream.chunks[0] - began,
        ended=stream.ended - began,
        tokens=stream.tokens,
    )


def _reason(error: Exception) -> str:
    """Short enough to be counted: a status, or the kind of failure; no answer's text."""
    cause = error.__cause__ or error
    status = str(cause).partition(":")[0]
    return f"HTTP {status}" if status.isdigit() else type(cause).__name__


def _until(moment: float) -> None:
    while (left := moment - time.monotonic()) > 0:
        time.sleep(left)
