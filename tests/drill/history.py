"""What clients asked and heard, in the order of one clock; and whether one copy of each key could have said so."""

import json
import subprocess
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tests.harness.apiserver import program

_PATIENCE = 300  # seconds of search, for all keys together


@dataclass(frozen=True, kw_only=True)
class Operation:
    """Times in nanoseconds. `returned` None: nobody said whether it happened. A `kind` is put, get or swap (which
    writes over `expected` only); an empty value is that of a key which is not there."""

    client: int
    key: str
    kind: str
    value: str = ""
    expected: str = ""
    found: str = ""
    succeeded: bool = False
    call: int
    returned: int | None

    @property
    def wrote(self) -> bool:
        """Whether it is known to have changed the key."""
        return self.returned is not None and (self.kind == "put" or self.succeeded)


class History:
    """Any thread adds to it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._operations: list[Operation] = []

    def add(self, operation: Operation) -> None:
        with self._lock:
            self._operations.append(operation)

    def all(self) -> list[Operation]:
        with self._lock:
            return sorted(self._operations, key=lambda operation: operation.call)


@dataclass(frozen=True)
class Verdict:
    """`result` is linearizable, not linearizable, or unknown; `key` is the first that fits no order."""

    result: str
    operations: int
    key: str

    @property
    def passed(self) -> bool:
        return self.result == "linearizable"


def judge(operations: Iterable[Operation], folder: Path) -> Verdict:
    """By porcupine, which etcd's own robustness tests use too. A picture of what fits no order is left in `folder`.

    A read that nobody answered says nothing, so it is left out. Raises CalledProcessError for a history it can't read.
    """
    file = folder / "history.jsonl"
    with file.open("w") as lines:
        for operation in operations:
            if operation.kind != "get" or operation.returned is not None:
                fields = asdict(operation)
                fields["return"] = fields.pop("returned")
                lines.write(json.dumps(fields) + "\n")
    argv = [str(program("linearizable")), f"-timeout={_PATIENCE}s", f"-picture={folder / 'history.html'}", str(file)]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1, 3):
        done.check_returncode()
    said = json.loads(done.stdout)
    return Verdict(said["result"], said["operations"], said.get("key", ""))


def with_stale_read(operations: list[Operation]) -> list[Operation]:
    """The same history, but that one read is answered with what its key held before the last change it had to see.

    What a checker must catch. Raises ValueError where no read had a change to see.
    """
    for place, read in reversed(list(enumerate(operations))):
        if read.kind != "get" or read.returned is None:
            continue
        settled = [
            one for one in operations if one.key == read.key and one.wrote and (one.returned or 0) < read.call
        ]  # fmt: skip
        settled.sort(key=lambda one: one.returned or 0)
        # The first of three in a row that do not overlap: two changes lie between it and the read.
        if len(settled) >= 3:
            stale = settled[0].value
            return [*operations[:place], replace(read, found=stale), *operations[place + 1 :]]
    raise ValueError("no read came after three changes of its key")
