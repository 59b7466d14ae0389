"""What the stack's encrypted configuration says stays unsaid, whatever is wrong with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from stacks.problems import Path, Problem

_SHORTEST = 4  # a shorter text is no secret, and would be found inside other words


@dataclass(frozen=True)
class Hidden:
    """Fields whose values are not shown, and texts that no reason may quote."""

    paths: frozenset[Path] = frozenset()
    texts: frozenset[str] = frozenset()

    def mask(self, problem: Problem) -> Problem:
        if not self.paths:
            return problem
        known = any(problem.path[:length] in self.paths for length in range(len(problem.path) + 1))
        reason = problem.reason
        for text in sorted(self.texts, key=len, reverse=True):
            reason = reason.replace(text, "[hidden]")
        return replace(problem, value=None if known else problem.value, reason=reason)


def hidden(tree: Mapping[str, object]) -> Hidden:
    """Everything that an encrypted configuration holds."""
    leaves = list(_leaves(tree))
    texts = frozenset(text for _, value in leaves for text in _texts(value) if len(text) >= _SHORTEST)
    return Hidden(frozenset(path for path, _ in leaves), texts)


def _leaves(tree: Mapping[str, object], path: tuple[str, ...] = ()) -> Iterator[tuple[Path, object]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (text for item in value.values() for text in _texts(item))
    elif isinstance(value, list):
        yield from (text for item in value for text in _texts(item))
    elif not isinstance(value, bool) and value is not None:
        yield str(value)
