"""Counts how the answers of one version end and how long they take."""

import time
from collections.abc import Mapping
from dataclasses import replace

from autoglm_catalogue.traffic import EDGES, Traffic, bucket
from autoglm_serving.engine.base import (
    Engine,
    EngineDead,
    EngineStats,
    Failure,
    Output,
    Request,
    RequestFailed,
    Ticket,
)


class Tally:
    """Counted on the engine's one thread, read on any."""

    def __init__(self) -> None:
        self._failed = 0
        self._seconds = [0] * (len(EDGES) + 1)

    def count(self, output: Output, seconds: float) -> None:
        """What a client ends, or its deadline, says nothing about the version."""
        if isinstance(output, Failure):
            self._failed += isinstance(output.error, RequestFailed | EngineDead)
        elif output.finish_reason is not None:
            self._seconds[bucket(seconds)] += 1

    def traffic(self) -> Traffic:
        return Traffic(failed=self._failed, seconds=tuple(self._seconds))


class Tallies:
    """Of each version of a server's model, since the process began: a version that is loaded again counts on."""

    def __init__(self) -> None:
        self._tallies: dict[str, Tally] = {}

    def of(self, version: str) -> Tally:
        return self._tallies.setdefault(version, Tally())

    def traffic(self) -> Mapping[str, Traffic]:
        return {version: tally.traffic() for version, tally in list(self._tallies.items())}


class CountedEngine:
    """An Engine whose answers a Tally counts."""

    def __init__(self, engine: Engine, tally: Tally) -> None:
        self._engine, self._tally = engine, tally

    def submit(self, request: Request) -> Ticket:
        listener, began = request.listener, time.monotonic()

        def counted(output: Output) -> None:
            self._tally.count(output, time.monotonic() - began)
            listener(output)

        return self._engine.submit(replace(request, listener=counted))

    def alive(self) -> bool:
        return self._engine.alive()

    def stats(self) -> EngineStats:
        return self._engine.stats()

    def stop(self) -> None:
        self._engine.stop()
