"""Which models the API serves now. A request holds the one it began with until it has ended."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from autoglm_serving.engine.base import Engine, EngineStats, Prompt
from autoglm_serving.guides import Grammars
from autoglm_serving.model.messages import Message


class Prompts(Protocol):
    def build(self, messages: list[Message]) -> Prompt:
        """Raises PromptError."""

    def decode(self, token_ids: list[int]) -> str: ...


@dataclass(frozen=True, kw_only=True)
class ServedModel:
    """One version of a model, loaded: its engine, its way from chats to tokens."""

    name: str
    version: str
    created: int
    """Unix time of its loading."""
    engine: Engine
    prompts: Prompts
    max_model_len: int
    """Tokens of prompt and answer together."""
    grammars: Grammars | None = None
    """Makes guides for its tokens; None where its answers can't be held to a format."""


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """What `/v1/models` says. `state` is one of lifecycle.state.State: found, loading, ready, active, failed, …"""

    name: str
    version: str
    created: int
    state: str
    max_model_len: int | None
    """None while it is not loaded."""
    reason: str = ""
    """Why it failed, was rolled back, or waits."""


class UnknownModel(LookupError):
    """No model of this name is served."""


class ModelNotReady(Exception):
    """The model is known and not loaded yet; `retry_after` is in seconds."""

    def __init__(self, name: str, retry_after: int) -> None:
        super().__init__(f"model {name} is being loaded")
        self.retry_after = retry_after


class Models(Protocol):
    def lease(self, name: str | None, *, trial: bool = False) -> AbstractContextManager[ServedModel]:
        """The active version of a model, or of the only one. It is not unloaded before the context ends. With `trial`
        the version that is being tried, while one is.

        Raises UnknownModel or ModelNotReady. For the event loop's thread.
        """

    def list(self) -> Sequence[ModelInfo]: ...

    def stats(self) -> Mapping[str, EngineStats]:
        """Of the models that are loaded, by name, as metrics show them. Any thread."""

    def alive(self) -> bool:
        """False once an engine is dead or hangs: then only a new process helps."""

    def ready(self) -> bool:
        """Whether there is a model to answer with."""

    def stop(self) -> None:
        """End every open request with Aborted, then the engines. Any thread, any number of times."""


class NoModels:
    """Models of a server that has predict models alone."""

    def lease(self, name: str | None, *, trial: bool = False) -> AbstractContextManager[ServedModel]:
        raise UnknownModel(name)

    def list(self) -> Sequence[ModelInfo]:
        return []

    def stats(self) -> Mapping[str, EngineStats]:
        return {}

    def alive(self) -> bool:
        return True

    def ready(self) -> bool:
        return False

    def stop(self) -> None:
        """There is nothing to end."""


class OneModel:
    """Models of a server that has one, loaded before it listens."""

    def __init__(self, model: ServedModel) -> None:
        self._model = model

    def lease(self, name: str | None, *, trial: bool = False) -> AbstractContextManager[ServedModel]:
        if name not in (None, self._model.name):
            raise UnknownModel(name)
        return nullcontext(self._model)

    def list(self) -> Sequence[ModelInfo]:
        model = self._model
        return [
            ModelInfo(
                name=model.name,
                version=model.version,
                created=model.created,
                state="active",
                max_model_len=model.max_model_len,
            )
        ]

    def stats(self) -> Mapping[str, EngineStats]:
        return {self._model.name: self._model.engine.stats()}

    def alive(self) -> bool:
        return self._model.engine.alive()

    def ready(self) -> bool:
        return self.alive()

    def stop(self) -> None:
        self._model.engine.stop()
