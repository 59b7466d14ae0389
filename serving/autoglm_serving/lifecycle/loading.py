"""One load at a time, on a thread of its own, within the memory budget."""

import math
import threading
from collections.abc import Callable, Sequence
from typing import Generic

from autoglm_serving import logs
from autoglm_serving.errors import ServingError
from autoglm_serving.lifecycle import steps
from autoglm_serving.lifecycle.loader import Loader, T, close_all
from autoglm_serving.lifecycle.memory import make_room
from autoglm_serving.lifecycle.state import State
from autoglm_serving.lifecycle.table import Entry, Shelf

FIRST_RETRY = 15.0
LAST_RETRY = 600.0
RESIDENCE = 30.0
"""Seconds that a model which nobody has used yet stays: who asked for it must find it when they ask again."""

BYTES_PER_SECOND = 200e6
"""Before anything was loaded here: a network disk."""

HOPELESS_SECONDS = 60
MIB = 1024 * 1024


class Loading(Generic[T]):
    def __init__(
        self,
        loader: Loader[T],
        budget: int,
        lock: threading.Lock,
        wake: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        """`lock` guards the shelves, and is the registry's."""
        self._loader = loader
        self._budget = budget
        self._lock = lock
        self._wake = wake
        self._clock = clock
        self._entry: Entry[T] | None = None
        self._began = 0.0
        self._rate = BYTES_PER_SECOND
        self._closed = False

    def advance(self, shelves: Sequence[Shelf[T]]) -> None:
        """Begin the next load that fits, if none is under way. Without the lock: folders are read for their size."""
        with self._lock:
            waiting = [] if self._entry or self._closed else _waiting(shelves)
        for shelf, entry in waiting:
            try:
                need = self._loader.estimate(entry.candidate)
            except (ServingError, OSError) as error:
                with self._lock:
                    self._failed(entry, error)
                continue
            with self._lock:
                closing = self._room(shelves, shelf, entry, need)
            if closing is not None:
                close_all(closing)
                self._begin(entry, need)
                return

    def close(self) -> None:
        """What is being loaded is closed when it is there. With the lock."""
        self._closed = True

    def seconds_left(self, shelf: Shelf[T]) -> int:
        """When to ask again, whole seconds. With the lock."""
        target = shelf.target()
        if target is None:
            return HOPELESS_SECONDS
        spent = self._clock() - self._began if target is self._entry else 0.0
        return max(1, min(HOPELESS_SECONDS, math.ceil(target.bytes / self._rate - spent)))

    def _begin(self, entry: Entry[T], need: int) -> None:
        with self._lock:
            entry.bytes = need
            entry.move(State.LOADING)
            self._entry, self._began = entry, self._clock()
        threading.Thread(target=self._run, args=(entry,), name="load", daemon=True).start()

    def _run(self, entry: Entry[T]) -> None:
        try:
            loaded = self._loader.load(entry.candidate)
        except Exception as error:
            with self._lock:
                self._entry = None
                self._failed(entry, error)
        else:
            with self._lock:
                self._entry = None
                closed = self._closed
                if not closed:
                    entry.loaded = loaded
                    entry.move(State.READY)
                    self._rate = entry.bytes / max(0.001, self._clock() - self._began)
            if closed:
                loaded.close()
        self._wake()

    def _failed(self, entry: Entry[T], error: Exception) -> None:
        entry.bytes = 0
        entry.failures += 1
        if isinstance(error, ServingError):
            reason = str(error)
        else:
            logs.error("a model's loading failed", exc_info=error, model=entry.candidate.model, version=str(entry))
            pause = min(LAST_RETRY, FIRST_RETRY * 2.0 ** (entry.failures - 1))
            entry.retry_at = self._clock() + pause
            reason = f"{type(error).__name__}: {error}; tried again in {pause:.0f} s"
        entry.move(State.FAILED, reason)

    def _room(self, shelves: Sequence[Shelf[T]], shelf: Shelf[T], entry: Entry[T], need: int) -> list[T] | None:
        """What must be closed first; None when the version has to wait, or can never fit."""
        if need > self._budget:
            reason = f"needs {_mib(need)} of memory, and all models together get {_mib(self._budget)}:"
            entry.move(State.FAILED, f"{reason} raise --model-memory-budget")
            return None
        used = sum(other.bytes for each in shelves for other in each.entries.values())
        going = make_room(need, self._budget, used, self._idle(shelves, shelf))
        if going is None:
            entry.reason = f"waits for {_mib(need)} of memory: {_mib(used)} of {_mib(self._budget)} are in use"
            return None
        entry.reason = ""
        for other in going:
            _send_away(shelves, other)
        return [steps.unload(other) for other in going]

    def _idle(self, shelves: Sequence[Shelf[T]], shelf: Shelf[T]) -> list[Entry[T]]:
        """What may go, the first to go first: stand-bys; and if somebody waits, models, least recently used first."""
        standbys = [
            entry
            for each in shelves
            for entry in each.within(State.READY)
            if entry.leases == 0 and not each.stays(entry)
        ]
        if not shelf.asked:
            return standbys
        now = self._clock()
        others = [active for each in shelves if each is not shelf and (active := each.active())]
        unused = [e for e in others if e.leases == 0 and (e.used >= e.activated or now - e.activated > RESIDENCE)]
        return standbys + sorted(unused, key=lambda entry: entry.used)


def _waiting(shelves: Sequence[Shelf[T]]) -> list[tuple[Shelf[T], Entry[T]]]:
    """Versions to load, those that somebody waits for first."""
    waiting = []
    for shelf in sorted(shelves, key=lambda shelf: not shelf.asked):
        for entry in shelf.needed():
            if entry.state is State.RETIRED and entry.loaded is None:
                entry.move(State.FOUND)
            if entry.state is State.FOUND:
                waiting.append((shelf, entry))
    return waiting


def _send_away(shelves: Sequence[Shelf[T]], entry: Entry[T]) -> None:
    if entry.state is State.READY:
        entry.move(State.RETIRED, "makes room")
        return
    entry.move(State.FOUND, "unloaded: the least recently used model makes room")
    for shelf in shelves:
        if shelf.name == entry.candidate.model:
            shelf.requested = False


def _mib(size: int) -> str:
    return f"{size / MIB:,.0f} MiB"
