"""Keeps what is in memory as the catalogue wants it: loads, switches, rolls back, unloads. Imports no torch."""

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic

from autoglm_serving import logs
from autoglm_serving.api.models import ModelNotReady, UnknownModel
from autoglm_serving.lifecycle import steps
from autoglm_serving.lifecycle.catalogue import Catalogue, CatalogueError
from autoglm_serving.lifecycle.loader import Loader, T, close_all
from autoglm_serving.lifecycle.loading import Loading
from autoglm_serving.lifecycle.state import State, VersionStatus
from autoglm_serving.lifecycle.table import Entry, Shelf


@dataclass(frozen=True, kw_only=True)
class Options:
    budget_bytes: int
    """Memory of all loaded versions together."""
    eager: bool = True
    """Load every model at the start, as far as memory goes; otherwise when it is first asked for."""
    poll_seconds: float = 5.0
    standby_seconds: float = 60.0
    """How long an old version stays in memory after a switch, to take over again if the new one gives trouble."""


class Registry(Generic[T]):
    """Versions of models, loaded. `lease` is for any thread; one thread of its own does the rest."""

    def __init__(
        self,
        catalogue: Catalogue,
        loader: Loader[T],
        options: Options,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._catalogue = catalogue
        self._options = options
        self._clock = clock
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._shelves: dict[str, Shelf[T]] = {}
        self._loading = Loading(loader, options.budget_bytes, self._lock, self._wake.set, clock)
        self._published: list[tuple[object, ...]] = []
        self._next_poll = clock()
        self._thread = threading.Thread(target=self._run, name="lifecycle", daemon=True)

    def start(self) -> None:
        self._catalogue.open(self.look_again)
        self._thread.start()

    def look_again(self) -> None:
        """The catalogue says something new."""
        self._next_poll = -math.inf
        self._wake.set()

    @contextmanager
    def lease(self, name: str | None, version: str | None = None, *, trial: bool = False) -> Iterator[T]:
        """The active version of a model (None: of the only one), or one that is in memory; it stays there meanwhile.
        With `trial` the one that is on trial, while one is.

        Raises UnknownModel or ModelNotReady; a model that is not loaded will be, for it was asked for.
        """
        with self._lock:
            entry, loaded = self._find(name, version, trial)
            entry.leases += 1
            entry.used = self._clock()
        try:
            yield loaded
        finally:
            with self._lock:
                entry.leases -= 1
                entry.used = self._clock()
                if entry.leases == 0:
                    self._wake.set()

    def statuses(self) -> Sequence[VersionStatus]:
        """Of every version, by model and from the newest."""
        with self._lock:
            return [entry.status() for entry in self._entries()]

    def loaded(self) -> Mapping[tuple[str, str], T]:
        """What is in memory, by model and version; without a lease it may be closed any time."""
        with self._lock:
            return {(e.candidate.model, str(e)): e.loaded for e in self._entries() if e.loaded is not None}

    def counts(self) -> Mapping[str, int]:
        """Rollbacks by model, since the start."""
        with self._lock:
            return {name: shelf.rollbacks + shelf.rollbacks_of_catalogue for name, shelf in self._shelves.items()}

    def alive(self) -> bool:
        """False once an active version is dead and none stands by: then only a new process helps."""
        with self._lock:
            shelves = [(shelf, active) for shelf in self._shelves.values() if (active := shelf.active())]
            return all(active.answers() or shelf.standby() is not None for shelf, active in shelves)

    def ready(self) -> bool:
        """Whether there is a model to answer with; one that is loaded when it is asked for counts."""
        with self._lock:
            shelves = self._shelves.values()
            if any(active.answers() for shelf in shelves if (active := shelf.active())):
                return True
            return any(not shelf.requested and shelf.target() for shelf in shelves)

    def stop(self) -> None:
        """Close everything, open or not. Any thread, any number of times."""
        with self._lock:
            self._stopping = True
            self._loading.close()
            loaded = [entry.loaded for entry in self._entries() if entry.loaded is not None]
            for entry in self._entries():
                entry.loaded, entry.bytes = None, 0
        self._wake.set()
        self._catalogue.close()
        close_all(loaded)

    def refresh(self) -> None:
        """One pass, as the thread makes it: after a lease's end, a load's end, and every `poll_seconds`."""
        now = self._clock()
        if now >= self._next_poll:
            self._next_poll = now + self._options.poll_seconds
            self._poll()
        with self._lock:
            if self._stopping:
                return
            shelves = list(self._shelves.values())
            for shelf in shelves:
                steps.supervise(shelf, now, self._options.standby_seconds)
            closing = [loaded for shelf in shelves for loaded in steps.retire(shelf)]
        close_all(closing)
        self._loading.advance(shelves)
        self._publish()

    def _run(self) -> None:
        while not self._stopping:
            try:
                self.refresh()
            except Exception as error:
                logs.error("model lifecycle: a pass failed", exc_info=error)
            self._wake.wait(timeout=self._options.poll_seconds)
            self._wake.clear()

    def _poll(self) -> None:
        try:
            wanted = self._catalogue.wanted()
        except CatalogueError as error:
            logs.warning("model catalogue can't be read; what is served stays", error=str(error))
            return
        with self._lock:
            for name, versions in wanted.items():
                shelf = self._shelves.setdefault(name, Shelf(name, requested=self._options.eager))
                shelf.sync(versions)
            for name, shelf in list(self._shelves.items()):
                if name not in wanted:
                    shelf.forget()
                shelf.drop_gone()
                if not shelf.entries and name not in wanted:
                    del self._shelves[name]

    def _publish(self) -> None:
        statuses = self.statuses()
        news: list[tuple[object, ...]] = [(s.model, s.version, s.state, s.reason) for s in statuses]
        if news == self._published:
            return
        try:
            self._catalogue.publish(statuses)
        except CatalogueError as error:
            logs.warning("states of the models can't be published; tried again", error=str(error))
            return
        self._published = news

    def _find(self, name: str | None, version: str | None, trial: bool) -> tuple[Entry[T], T]:
        if name is None and len(self._shelves) == 1:
            (name,) = self._shelves
        shelf = self._shelves.get(name) if name is not None else None
        if shelf is None or name is None:
            raise UnknownModel(name)
        steps.roll_back_if_dead(shelf, self._clock())
        entry = (shelf.tried() if trial else None) or shelf.active()
        if version is not None and (entry is None or str(entry) != version):
            entry = next((e for e in shelf.within(State.READY) if str(e) == version), None)
            if entry is None and str(shelf.target()) != version:
                raise UnknownModel(f"version {version} of {name} is not in memory")
        if entry is None or entry.loaded is None:
            shelf.requested = shelf.asked = True
            self._wake.set()
            raise ModelNotReady(name, self._loading.seconds_left(shelf))
        return entry, entry.loaded

    def _entries(self) -> list[Entry[T]]:
        return [
            shelf.entries[version]
            for _, shelf in sorted(self._shelves.items())
            for version in sorted(shelf.entries, reverse=True)
        ]
