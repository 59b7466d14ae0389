"""Layers of an image that hold the model in /models, as KServe's "modelcars" do."""

import shutil
import tarfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from autoglm_serving.sources.base import RemoteFile, SourceError, check_name

LAYERS = ".layers"
"""Where layers lie until they are unpacked."""

ROOT = "models"
WHITEOUT = ".wh."
"""How a layer says that a file of a lower one is gone."""


def is_layer(file: RemoteFile) -> bool:
    return file.name.startswith(f"{LAYERS}/")


def unpack(source: str, layers: Sequence[RemoteFile], folder: Path) -> None:
    """The files under /models of each layer, the lowest first, into `folder`. Raises SourceError."""
    for layer in layers:
        try:
            # "r:*" takes plain, gzip, bzip2 and xz, and says so of anything else.
            with tarfile.open(folder / layer.name, "r:*") as archive:
                for member in archive:
                    _place(source, archive, member, folder)
        except tarfile.TarError as error:
            raise SourceError(
                f"{source}: layer {layer.sha256[:12]} can't be unpacked: {error};"
                " it must be a tar, plain or gzip (zstd is not known here)"
            ) from error
    shutil.rmtree(folder / LAYERS)


def _place(source: str, archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    path = PurePosixPath(member.name.removeprefix("./"))
    if len(path.parts) < 2 or path.parts[0] != ROOT or member.isdir():
        return
    name = check_name(source, str(PurePosixPath(*path.parts[1:])))
    target = folder / name
    if target.name.startswith(WHITEOUT):
        (target.parent / target.name.removeprefix(WHITEOUT)).unlink(missing_ok=True)
        return
    content = archive.extractfile(member) if member.isreg() else None
    if content is None:
        raise SourceError(f"{source}: /{member.name} is a link or a device: the image must hold the file itself")
    free = shutil.disk_usage(folder).free
    if member.size > free:
        raise SourceError(f"{folder.parent}: {name} needs {member.size} bytes and {free} are free: make room")
    target.parent.mkdir(parents=True, exist_ok=True)
    # Not written through what lies there: a lower layer may have had a link of this name.
    target.unlink(missing_ok=True)
    with content, target.open("wb") as file:
        shutil.copyfileobj(content, file, 1024 * 1024)
