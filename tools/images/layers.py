"""Layers before they are written: a key that says what goes in, and the nodes made when no archive holds them yet."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from tools.images.nodes import Node, ordered
from tools.paths import BUILD, IMAGES

Nodes = AbstractContextManager[Iterable[Node]]


@dataclass(frozen=True)
class Layer:
    """`key` names the content by what it is made from; `nodes(log)` holds what `make` staged until it is written."""

    key: str
    nodes: Callable[[Path], Nodes]


def key_of(kind: str, *inputs: object) -> str:
    """`kind-` and 16 hexadecimal digits of SHA-256 over the inputs, which JSON must be able to write."""
    return f"{kind}-{hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]}"


def layer_of(kind: str, nodes: Iterable[Node]) -> Layer:
    """A layer of things that are all there already, known by their content."""
    known = ordered(nodes)
    digests = list(_described(known))
    return Layer(key_of(kind, digests), lambda _log: nullcontext(known))


def _described(nodes: Iterable[Node]) -> Iterator[list[object]]:
    with FileDigests(IMAGES / "digests.json") as digests:
        for node in nodes:
            content = digests.of(node.source) if node.source else hashlib.sha256(node.content or b"").hexdigest()
            yield [node.path, node.mode, node.target, node.is_folder, content]


@contextmanager
def staging(name: str) -> Iterator[Path]:
    """An empty folder for what a layer is made of, gone when the layer is written; a killed run's is cleared."""
    folder = BUILD / f"{name}.part"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


class FileDigests:
    """SHA-256 of files, remembered with inode, size and time of change as git's index does."""

    def __init__(self, memory: Path) -> None:
        self._memory = memory

    def __enter__(self) -> "FileDigests":
        try:
            self._known = json.loads(self._memory.read_text())
        except (FileNotFoundError, ValueError):
            self._known = {}
        self._changed = False
        return self

    def __exit__(self, *_: object) -> None:
        if self._changed:
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            part = self._memory.with_suffix(".part")
            part.write_text(json.dumps(self._known))
            part.rename(self._memory)

    def of(self, path: Path) -> str:
        stat = path.stat()
        seen = [stat.st_ino, stat.st_size, stat.st_mtime_ns]
        name = str(path.resolve())
        if self._known.get(name, [None])[0] != seen:
            with path.open("rb") as file:
                self._known[name] = [seen, hashlib.file_digest(file, "sha256").hexdigest()]
            self._changed = True
        digest: str = self._known[name][1]
        return digest
