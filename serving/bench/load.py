"""Streams of answers from any OpenAI-compatible server, timed. Standard library only: a client that costs little."""

import http.client
import json
import math
import os
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 1800.0
"""Seconds without a byte after which a stream has failed. A peer takes 40 s for one screenshot on a slow core."""


@dataclass
class Stream:
    """Times are of the monotonic clock. `chunks` are the moments at which text arrived: a chunk may hold none or
    several characters of a token, so `tokens` comes from the server's `usage`, and is 0 until the end."""

    began: float
    chunks: list[float] = field(default_factory=list)
    tokens: int = 0
    prompt_tokens: int = 0
    ended: float = 0.0
    error: Exception | None = None

    @property
    def first_token(self) -> float:
        """Seconds from the sending of the request."""
        return self.chunks[0] - self.began

    @property
    def gaps(self) -> list[tuple[float, float]]:
        """When a chunk arrived, and the seconds since the one before."""
        return [(after, after - before) for before, after in zip(self.chunks, self.chunks[1:], strict=False)]


class Running:
    """One stream on a thread of its own; `stop` closes the connection under it, as a client that leaves does."""

    def __init__(self, url: str, body: dict[str, Any]) -> None:
        self.stream = Stream(began=time.monotonic())
        parts = urlsplit(url)
        self._path = f"{parts.path.rstrip('/')}/chat/completions"
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT)
        self._body = json.dumps(body | {"stream": True, "stream_options": {"include_usage": True}}).encode()
        self._stopped = False
        self._connection.connect()
        # http.client forgets its socket when a server closes after the answer.
        self._socket: socket.socket = self._connection.sock
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self.wait()

    def wait(self) -> Stream:
        """Raises RuntimeError when the stream did not end whole, unless it was stopped."""
        self._thread.join()
        if self.stream.error is not None and not self._stopped:
            raise RuntimeError(f"a stream failed: {self.stream.error}") from self.stream.error
        return self.stream

    def _run(self) -> None:
        try:
            self._read()
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.stream.error = error
        finally:
            self.stream.ended = time.monotonic()
            self._connection.close()

    def _read(self) -> None:
        key = os.environ.get("API_KEY", "EMPTY")
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        self._connection.request("POST", self._path, self._body, headers)
        response = self._connection.getresponse()
        if response.status != 200:
            raise ValueError(f"{response.status}: {response.read(500).decode(errors='replace')}")
        for line in response:
            if line.startswith(b"data: [DONE]"):
                break
            if line.startswith(b"data: "):
                self._take(line[6:], time.monotonic())
        if not self.stream.chunks:
            raise ValueError("the stream ended without an answer")

    def _take(self, data: bytes, now: float) -> None:
        chunk = json.loads(data)
        if usage := chunk.get("usage"):
            self.stream.tokens = usage["completion_tokens"]
            self.stream.prompt_tokens = usage["prompt_tokens"]
        # The first chunk of some servers has the role alone, before anything is computed.
        if any(choice["delta"].get("content") for choice in chunk.get("choices", ())):
            self.stream.chunks.append(now)


def run(url: str, bodies: Sequence[dict[str, Any]]) -> list[Stream]:
    """All at the same time; `url` ends in /v1. Raises RuntimeError when one fails."""
    return [running.wait() for running in [Running(url, body) for body in bodies]]


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all are at or below."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]
