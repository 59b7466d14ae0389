"""A folder of this machine: a mounted volume, a shared file system, a disk that was carried here."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from autoglm_serving.model import manifest
from autoglm_serving.sources.base import RemoteFile, SourceError, check_name

PIECE = 4 * 1024 * 1024


class Folder:
    """`/path` or `file:///path`; its SHA256SUMS says what the files should be."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path

    def files(self) -> Sequence[RemoteFile]:
        if not self._path.is_dir():
            raise SourceError(f"{self._path} is no folder that can be read")
        found = []
        for parent, folders, names in os.walk(self._path):
            folders[:] = [name for name in folders if name != manifest.IGNORED_FOLDER]
            for name in names:
                path = Path(parent) / name
                relative = check_name(self.name, path.relative_to(self._path).as_posix())
                found.append(RemoteFile(name=relative, size=path.stat().st_size, key=str(path)))
        return found

    def read(self, file: RemoteFile, start: int, end: int) -> Iterator[bytes]:
        try:
            with open(file.key, "rb") as content:
                content.seek(start)
                while start < end and (piece := content.read(min(PIECE, end - start))):
                    start += len(piece)
                    yield piece
        except OSError as error:
            raise SourceError(f"{file.key} can't be read: {error.strerror}") from error

    def close(self) -> None:
        """Nothing is open."""
