"""The chat models of a repository, as the API sees them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from autoglm_serving.api.models import ModelInfo, ServedModel
from autoglm_serving.engine.base import EngineStats
from autoglm_serving.lifecycle.catalogue import Candidate, Catalogue
from autoglm_serving.lifecycle.metrics import LifecycleMetrics
from autoglm_serving.lifecycle.registry import Options, Registry
from autoglm_serving.lifecycle.tally import CountedEngine, Tallies
from autoglm_serving.lifecycle.trial import ProbationEngine, answer_once
from autoglm_serving.model import manifest


class LoadFolder(Protocol):
    def __call__(self, folder: Path, *, name: str, version: str) -> ServedModel:
        """Verify and load a folder; the engine is started. Raises ServingError."""


@dataclass(frozen=True)
class ChatVersion:
    """A Loaded."""

    served: ServedModel
    engine: ProbationEngine

    def alive(self) -> bool:
        return self.engine.alive()

    def fault(self) -> str:
        return self.engine.fault()

    def close(self) -> None:
        self.engine.stop()


@dataclass(frozen=True, kw_only=True)
class ChatLoader:
    """A Loader of ChatVersions from folders."""

    load_folder: LoadFolder
    estimate_folder: Callable[[Path], int]
    trial_seconds: float
    tallies: Tallies | None = None
    """Where answers are counted by version, for a catalogue that compares versions."""

    def estimate(self, candidate: Candidate) -> int:
        return self.estimate_folder(Path(candidate.location))

    def load(self, candidate: Candidate) -> ChatVersion:
        folder = Path(candidate.location)
        if candidate.sha256:
            manifest.check_pinned(folder, candidate.sha256)
        served = self.load_folder(folder, name=candidate.model, version=str(candidate.version))
        try:
            answer_once(served, self.trial_seconds)
        except BaseException:
            served.engine.stop()
            raise
        engine = ProbationEngine(served.engine)
        counted = CountedEngine(engine, self.tallies.of(served.version)) if self.tallies else engine
        return ChatVersion(replace(served, engine=counted), engine)


class RepositoryModels:
    """Models of a server that takes them from a catalogue, while it serves."""

    def __init__(self, catalogue: Catalogue, loader: ChatLoader, options: Options) -> None:
        self._registry: Registry[ChatVersion] = Registry(catalogue, loader, options)

    def start(self) -> None:
        self._registry.start()

    @contextmanager
    def lease(self, name: str | None, *, trial: bool = False) -> Iterator[ServedModel]:
        with self._registry.lease(name, trial=trial) as version:
            yield version.served

    def list(self) -> Sequence[ModelInfo]:
        loaded = self._registry.loaded()
        infos = []
        for status in self._registry.statuses():
            version = loaded.get((status.model, status.version))
            infos.append(
                ModelInfo(
                    name=status.model,
                    version=status.version,
                    created=int(status.since),
                    state=str(status.state),
                    max_model_len=version.served.max_model_len if version else None,
                    reason=status.reason,
                )
            )
        return infos

    def stats(self) -> Mapping[str, EngineStats]:
        """Of the active versions: one that drains is no longer what an autoscaler should look at."""
        active = {(s.model, s.version) for s in self._registry.statuses() if s.state == "active"}
        return {key[0]: one.engine.stats() for key, one in self._registry.loaded().items() if key in active}

    def metrics(self) -> LifecycleMetrics:
        """For Prometheus, beside what it is told of any models."""
        return LifecycleMetrics(self._registry)

    def alive(self) -> bool:
        return self._registry.alive()

    def ready(self) -> bool:
        return self._registry.ready()

    def stop(self) -> None:
        self._registry.stop()
