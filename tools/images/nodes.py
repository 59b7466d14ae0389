"""What a layer holds, said before anything is written: folders, links, texts and files with their modes."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

Keep = Callable[[PurePosixPath], bool]

PERMISSIONS = 0o1777  # no set-user-id or set-group-id bit gets into an image


@dataclass(frozen=True, kw_only=True)
class Node:
    """One path of an image, relative to its root; owned by root whoever builds it.

    Exactly one of `content` (bytes), `source` (a file of this machine) and `target` (of a symbolic link) is set; a
    folder has none of them.
    """

    path: str
    mode: int = 0o755
    content: bytes | None = None
    source: Path | None = None
    target: str | None = None

    @property
    def is_folder(self) -> bool:
        return self.content is None and self.source is None and self.target is None


def folder(path: str, mode: int = 0o755) -> Node:
    return Node(path=path, mode=mode)


def text(path: str, content: str, mode: int = 0o644) -> Node:
    return Node(path=path, mode=mode, content=content.encode())


def link(path: str, target: str) -> Node:
    return Node(path=path, mode=0o777, target=target)


def file(path: str, source: Path, mode: int = 0o644) -> Node:
    return Node(path=path, mode=mode, source=source)


def program(path: str, source: Path) -> Node:
    return file(path, source, 0o755)


def tree(root: Path, at: str = "", keep: Keep = lambda _: True) -> Iterator[Node]:
    """Everything below `root` as it shall lie below `at`; a folder that `keep` refuses takes its contents with it.

    `keep` is asked with the path relative to `root`. Devices, sockets and pipes have no place in an image: ValueError.
    """

    def walk(here: Path) -> Iterator[Node]:
        for path in here.iterdir():
            relative = PurePosixPath(path.relative_to(root))
            if not keep(relative):
                continue
            name = str(at / relative)
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                yield link(name, os.readlink(path))
            elif stat.S_ISDIR(mode):
                yield folder(name, stat.S_IMODE(mode) & PERMISSIONS)
                yield from walk(path)
            elif stat.S_ISREG(mode):
                yield file(name, path, stat.S_IMODE(mode) & PERMISSIONS)
            else:
                raise ValueError(f"{path}: neither file, folder nor symbolic link, so it cannot go into an image")

    return walk(root)


def ordered(nodes: Iterable[Node]) -> list[Node]:
    """Sorted, parents before children, with the parents that nobody named; a path named twice is a ValueError."""
    named: dict[str, Node] = {}
    for node in nodes:
        if named.setdefault(node.path, node) is not node:
            raise ValueError(f"{node.path}: named twice in one layer")
    parents = {str(parent) for path in named for parent in PurePosixPath(path).parents} - {"."} - named.keys()
    return sorted([*named.values(), *map(folder, parents)], key=lambda node: PurePosixPath(node.path).parts)
