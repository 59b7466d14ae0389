"""A folder that appears whole, or not at all."""

import os
from pathlib import Path


def publish(part: Path, folder: Path) -> None:
    """Give `part` the name `folder`: readable for every user, and on the disk. Raises OSError.

    A rename that survives a power cut must not point to lost files, so these are written out before it.
    """
    for parent, _, names in os.walk(part, topdown=False):
        os.chmod(parent, 0o755)  # noqa: S103  another replica may run as another user
        for name in names:
            os.chmod(os.path.join(parent, name), 0o644)
            _sync(os.path.join(parent, name))
        _sync(parent)
    part.rename(folder)
    _sync(folder.parent)


def _sync(path: str | Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
