"""The requests that wait for a place, in the order in which they get one. Imports no torch."""

import itertools
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator

from autoglm_serving.engine.sequence import Sequence

Rank = tuple[int, float, int]
"""Priority, arrival, and a number that makes it unique."""


class WaitingQueue:
    """Of a user's requests the one of lowest `priority` goes first, then the one that came first."""

    def __init__(self) -> None:
        self._users: dict[str, list[tuple[Rank, Sequence]]] = {}
        self._ranks: dict[Sequence, Rank] = {}
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._ranks)

    def __contains__(self, sequence: Sequence) -> bool:
        return sequence in self._ranks

    def __iter__(self) -> Iterator[Sequence]:
        return iter(self._ranks)

    def push(self, sequence: Sequence) -> None:
        request = sequence.request
        rank = (request.priority, sequence.arrival, next(self._numbers))
        insort(self._users.setdefault(request.user, []), (rank, sequence))
        self._ranks[sequence] = rank

    def remove(self, sequence: Sequence) -> None:
        user = sequence.request.user
        line = self._users[user]
        del line[bisect_left(line, (self._ranks.pop(sequence),))]
        if not line:
            del self._users[user]

    def count(self, user: str) -> int:
        return len(self._users.get(user, ()))

    def greediest(self) -> Sequence | None:
        """Of the user with the most requests here the last one, if it has not begun."""
        line = max(self._users.values(), key=len, default=[])
        return line[-1][1] if line and not line[-1][1].admitted else None

    def head(self, served: Callable[[str], float]) -> Sequence | None:
        """The next one: of the user who was served least; of equals, who came first."""
        heads = (line[0] for line in self._users.values())
        best = min(heads, key=lambda head: (served(head[1].request.user), head[0]), default=None)
        return None if best is None else best[1]
