"""The server's door, as far as it is used here: the API's `Lifecycle`."""

from typing import Protocol


class Door(Protocol):
    """Counts the requests in progress, which a drain waits for."""

    @property
    def draining(self) -> bool: ...

    def enter(self) -> None: ...

    def leave(self) -> None: ...
