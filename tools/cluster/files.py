"""Files that are either whole or not there, whenever the writer is killed."""

import os
from pathlib import Path


def write(path: Path, text: str | bytes, mode: int = 0o644) -> bool:
    """Writes the file unless it has that content and mode already; says whether it wrote."""
    data = text.encode() if isinstance(text, str) else text
    if path.exists() and path.stat().st_mode & 0o777 == mode and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    part.rename(path)
    return True
