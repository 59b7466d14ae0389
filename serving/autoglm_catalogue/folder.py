"""What pins a model's folder: the SHA-256 of its SHA256SUMS, which has that of every file."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SUMS: Final = "SHA256SUMS"


class FolderError(Exception):
    """The folder can't be pinned; the message names it and the fix."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """`size`: bytes of all files together."""

    sha256: str
    size: int


def read(path: Path) -> Found:
    """Reads the sums and no weights: servers compare every file before they load it. Raises FolderError."""
    try:
        sums = (path / SUMS).read_bytes()
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    except OSError as error:
        raise FolderError(
            f"{path} can't be rolled out: {SUMS} can't be read ({error.strerror}); make it with `sha256sum`"
        ) from None
    return Found(sha256=hashlib.sha256(sums).hexdigest(), size=size)
