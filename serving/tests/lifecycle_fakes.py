"""Models that are only told to be loaded, to be alive or to break; a catalogue that says what a test says."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from autoglm_serving.errors import ModelError
from autoglm_serving.lifecycle.catalogue import Candidate, CatalogueError, Wanted
from autoglm_serving.lifecycle.registry import Options, Registry
from autoglm_serving.lifecycle.state import VersionStatus
from autoglm_serving.lifecycle.version import Version


@dataclass(eq=False)
class FakeModel:
    version: str
    dead: bool = False
    why: str = ""
    closed: bool = False

    def alive(self) -> bool:
        return not self.dead

    def fault(self) -> str:
        return self.why

    def close(self) -> None:
        assert not self.closed, "closed twice"
        self.closed = True


@dataclass
class FakeLoader:
    sizes: dict[str, int] = field(default_factory=dict)
    """Bytes by model; 10 for those that are not here."""
    errors: dict[str, Exception] = field(default_factory=dict)
    """By `model/version`."""
    gate: threading.Event | None = None
    """A load returns when it is set."""
    made: list[FakeModel] = field(default_factory=list)

    def estimate(self, candidate: Candidate) -> int:
        return self.sizes.get(candidate.model, 10)

    def load(self, candidate: Candidate) -> FakeModel:
        if self.gate is not None:
            assert self.gate.wait(20)
        error = self.errors.get(f"{candidate.model}/{candidate.version}")
        if error is not None:
            raise error
        self.made.append(FakeModel(str(candidate.version)))
        return self.made[-1]


class FakeCatalogue:
    def __init__(self) -> None:
        self.models: dict[str, Wanted] = {}
        self.down = False
        self.published: list[Sequence[VersionStatus]] = []

    def open(self, changed: Callable[[], None]) -> None:
        """The tests' clock polls it."""

    def close(self) -> None:
        pass

    def say(
        self,
        model: str,
        *versions: str,
        chosen: str | None = None,
        files: str = "a",
        trial: str | None = None,
        beside: Sequence[str] = (),
    ) -> None:
        candidates = tuple(
            Candidate(model=model, version=Version.parse(text), location=f"/{model}/{text}", fingerprint=files)
            for text in versions
        )
        self.models[model] = Wanted(
            candidates=candidates,
            chosen=Version.parse(chosen) if chosen else None,
            trial=Version.parse(trial) if trial else None,
            beside=frozenset(map(Version.parse, beside)),
        )

    def wanted(self) -> Mapping[str, Wanted]:
        if self.down:
            raise CatalogueError("no quorum")
        return self.models

    def publish(self, statuses: Sequence[VersionStatus]) -> None:
        if self.down:
            raise CatalogueError("no quorum")
        self.published.append(statuses)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class World:
    """A registry without its thread: `settle` makes passes until nothing is under way."""

    def __init__(self, *, budget: int = 100, eager: bool = True) -> None:
        self.catalogue, self.loader, self.clock = FakeCatalogue(), FakeLoader(), Clock()
        self.registry: Registry[FakeModel] = Registry(
            self.catalogue,
            self.loader,
            Options(budget_bytes=budget, eager=eager, poll_seconds=5, standby_seconds=60),
            clock=self.clock,
        )

    def settle(self, seconds: float = 5) -> None:
        self.clock.now += seconds
        for _ in range(12):
            self.registry.refresh()
            for thread in threading.enumerate():
                if thread.name == "load":
                    thread.join(20)

    def states(self) -> dict[str, str]:
        return {f"{status.model}/{status.version}": str(status.state) for status in self.registry.statuses()}

    def reason(self, name: str) -> str:
        return {f"{s.model}/{s.version}": s.reason for s in self.registry.statuses()}[name]

    def served(self, model: str | None = "m") -> str:
        with self.registry.lease(model) as loaded:
            return loaded.version


BROKEN = ModelError("weights.safetensors is damaged")
