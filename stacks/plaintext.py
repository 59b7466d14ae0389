"""Secrets that stand readable in a file which everyone with the repository has. What is found is never shown."""

import re
from collections.abc import Iterator, Mapping

from stacks.problems import Path, Problem

_FIX = (
    "take it out, revoke it where it was issued, and give credentials by the environment, or the value as "
    "pulumi config set --secret --path 'open-autoglm:region...'"
)
_VALUES = (
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), "an access key of AWS"),
    (re.compile(r"\bLTAI[0-9A-Za-z]{12,26}\b"), "an access key of Alibaba Cloud"),
    (re.compile(r"\bAKID[0-9A-Za-z]{13,40}\b"), "an access key of Tencent Cloud"),
    (re.compile(r"-----BEGIN [A-Z0-9 ]+-----"), "a PEM block"),
    (re.compile(r"\b(?:hf_|ghp_|github_pat_)[0-9A-Za-z_]{20,}\b"), "an access token"),
    (re.compile(r"://[^/\s:@]+:[^/\s:@]+@"), "a URL with a password"),
)
_WORDS = frozenset(["password", "passwd", "passphrase", "secret", "secrets", "credential", "credentials", "psk"])
_LAST_WORDS = (
    ("token",),
    ("api", "key"),
    ("access", "key"),
    ("private", "key"),
    ("secret", "key"),
    ("shared", "key"),
    ("access", "key", "id"),
)


def in_tree(tree: object, path: Path = ()) -> Iterator[Problem]:
    """Of what YAML or the stack's configuration said, before any other check."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            below = (*path, str(key))
            if _is_value(value) and _named_secret(str(key)):
                yield Problem(path=below, reason=f"its name says that it is a secret, and it is in plain text: {_FIX}")
            else:
                yield from in_tree(value, below)
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from in_tree(value, (*path, index))
    elif isinstance(tree, str):
        yield from (Problem(path=path, reason=f"it holds {what} in plain text: {_FIX}") for what in _found(tree))


def in_comments(text: str) -> Iterator[Problem]:
    """Comments are as readable as values."""
    for number, line in enumerate(text.splitlines(), 1):
        _, mark, comment = line.partition("#")
        for what in _found(comment) if mark else ():
            yield Problem(path=(f"line {number}",), reason=f"its comment holds {what}: {_FIX}")


def _found(text: str) -> list[str]:
    return [what for pattern, what in _VALUES if pattern.search(text)]


def _is_value(value: object) -> bool:
    """A mapping or a list is looked into; nothing, a switch and an empty text hide nothing."""
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""


def _named_secret(key: str) -> bool:
    words = tuple(word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", key))
    if words[-2:] == ("per", "token"):  # a rate, as in kvBytesPerToken
        return False
    return bool(_WORDS & set(words)) or any(words[-len(last) :] == last for last in _LAST_WORDS)
