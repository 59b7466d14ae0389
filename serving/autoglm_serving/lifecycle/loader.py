"""What the registry holds and how it comes to it. A chat model and a predict model are loaded alike."""

from typing import Protocol, TypeVar

from autoglm_serving.lifecycle.catalogue import Candidate
from autoglm_serving.lifecycle.memory import give_back


class Loaded(Protocol):
    """A version in memory."""

    def alive(self) -> bool:
        """False once it can't answer any more. Cheap: asked for each lease."""

    def fault(self) -> str:
        """Why a version that was just switched to should be rolled back; empty when it should not. Cheap."""

    def close(self) -> None:
        """Free the memory. Called once: without a lease, or when the server stops, to end what is open."""


T = TypeVar("T", bound=Loaded)
T_co = TypeVar("T_co", bound=Loaded, covariant=True)


class Loader(Protocol[T_co]):
    def estimate(self, candidate: Candidate) -> int:
        """Bytes of memory it will take; quick. Raises ServingError, or OSError where its folder can't be read."""

    def load(self, candidate: Candidate) -> T_co:
        """Verify, read and try it: what is returned answers requests. Blocks for as long as that takes.

        Raises ServingError for a version that can't work until its files change; anything else is tried again.
        """


def close_all(closing: list[T]) -> None:
    """Close each, and forget it: a name that still held one would keep its memory."""
    if not closing:
        return
    while closing:
        closing.pop().close()
    give_back()
