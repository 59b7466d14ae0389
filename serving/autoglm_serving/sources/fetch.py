"""`fetch SOURCE FOLDER`: the folder holds the whole model, verified, or does not exist. Replicas may share it."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from filelock import FileLock, Timeout

from autoglm_serving import logs
from autoglm_serving.errors import ModelError
from autoglm_serving.model import manifest
from autoglm_serving.model.folder import PICKLES
from autoglm_serving.model.publish import publish
from autoglm_serving.sources import download
from autoglm_serving.sources.base import Interrupted, RemoteFile, Source, SourceError
from autoglm_serving.sources.layers import is_layer, unpack
from autoglm_serving.sources.parse import is_local, parse

ORIGIN = ".source.json"
"""In a fetched folder: what it was fetched from, and the size of each file."""

MANIFEST_BYTES = 16 * 1024 * 1024
SPARE_BYTES = 64 * 1024 * 1024
"""Left on the disk for everything else."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What `fetch` is told besides source and folder."""

    offline: bool = False
    """Ask no network: what is not there already is an error."""
    verify: bool = False
    """Read a folder that is there already in full, and repair it."""
    sha256: str = ""
    """Of the SHA256SUMS: pins every byte of the model. Empty: any."""
    transfer: download.Options = field(default_factory=download.Options)


def fetch(location: str, folder: Path, wish: Wish) -> str:
    """Bring a model's files, and say what was done. Raises ServingError."""
    folder = folder.absolute()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            return _fetch(location, folder, wish)
    except Interrupted as error:
        raise SourceError(f"{location} can't be had: {error}") from error
    except OSError as error:
        raise SourceError(f"{folder} can't be made: {error.strerror or error}") from error


def _fetch(location: str, folder: Path, wish: Wish) -> str:
    if folder.exists() and _is_whole(location, folder, wish):
        return f"{folder}: already there, fetched from {location}"
    if wish.offline and not is_local(location):
        raise SourceError(
            f"--offline: {folder} does not hold the whole of {location}:"
            " fetch it on a machine with a network and copy the folder, or leave --offline out"
        )
    part = folder.parent / f".{folder.name}.part"
    if folder.exists():
        # It lacks something or is damaged; what is right in it is kept.
        shutil.rmtree(part, ignore_errors=True)
        folder.rename(part)
    part.mkdir(exist_ok=True)
    with closing(parse(location)) as source:
        files, pinned = _plan(source, part, wish)
        _check_space(files, part)
        logs.info("fetching", source=source.name, files=len(files), bytes=sum(file.size for file in files))
        digests = _bring(source, files, part, wish)
    layers = [file for file in files if is_layer(file)]
    if layers:
        sizes = _unpack(source, layers, part)
    else:
        sizes = {file.name: file.size for file in files}
        if not pinned:
            manifest.write_sums(part, digests)
    _check_pin(part, wish)
    _drop_others(part, {*sizes, manifest.NAME})
    (part / ORIGIN).write_text(json.dumps({"source": location, "sizes": sizes}, indent=2) + "\n")
    publish(part, folder)
    return f"{folder}: {len(sizes)} files, {sum(sizes.values())} bytes from {location}, all as in {manifest.NAME}"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process of this node, or of all that share the disk, at a time."""
    lock = FileLock(folder.parent / f".{folder.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        logs.info("another process is fetching; waiting for it", folder=str(folder))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _is_whole(location: str, folder: Path, wish: Wish) -> bool:
    """Whether nothing is left to do. Raises SourceError for a folder that holds something else."""
    if not folder.is_dir():
        raise SourceError(f"{folder} is not a folder: choose another")
    try:
        origin = json.loads((folder / ORIGIN).read_bytes())
        source, sizes = str(origin["source"]), dict(origin["sizes"])
    except (OSError, ValueError, KeyError, TypeError):
        if any(folder.iterdir()):
            raise SourceError(f"{folder} is there and was not fetched: choose another, or remove it") from None
        folder.rmdir()
        return False
    if source != location:
        raise SourceError(f"{folder} holds {source}, not {location}: choose another folder, or remove it")
    if any(not (folder / name).is_file() or (folder / name).stat().st_size != size for name, size in sizes.items()):
        return False
    _check_pin(folder, wish)
    if wish.verify:
        try:
            manifest.verify(folder)
        except ModelError as error:
            logs.warning("the folder is repaired", reason=str(error))
            return False
    return True


def _plan(source: Source, part: Path, wish: Wish) -> tuple[Sequence[RemoteFile], bool]:
    """The files to fetch, and whether the source's own SHA256SUMS says so, which is there already then."""
    listed = {file.name: file for file in source.files()}
    own = listed.pop(manifest.NAME, None)
    if own is None:
        kept = [file for file in listed.values() if is_layer(file) or not _is_left_out(file.name)]
        unknown = next((file.name for file in kept if not (file.sha256 or file.blob_sha1)), None)
        if unknown is not None:
            raise SourceError(
                f"{source.name} has no {manifest.NAME}, and nothing else says what {unknown} should be:"
                f" make it beside the files with\n  {manifest.make_command(Path('FOLDER'))}"
            )
        if not kept:
            raise SourceError(f"{source.name} has no files: check its name, and that you may list it")
        return kept, False
    if own.size > MANIFEST_BYTES:
        raise SourceError(f"{source.name}: {manifest.NAME} has {own.size} bytes, which is no list of files")
    download.forget(part, manifest.NAME)
    download.download(source, [own], part, wish.transfer)
    _check_pin(part, wish)
    sums = manifest.read(part)
    missing = sorted(sums.keys() - listed.keys())
    if missing:
        raise SourceError(f"{source.name} has no {missing[0]}, which its {manifest.NAME} lists")
    return [replace(listed[name], sha256=digest, blob_sha1="") for name, digest in sums.items()], True


def _bring(source: Source, files: Sequence[RemoteFile], part: Path, wish: Wish) -> dict[str, str]:
    """Download and verify; SHA-256 by name. What came wrong is asked for once more, from its beginning."""
    digests: dict[str, str] = {}
    left = [file for file in files if not (download.is_complete(part, file) and _is_right(part, file, digests))]
    for last in (False, True):
        download.download(source, left, part, wish.transfer)
        left = [file for file in left if not _is_right(part, file, digests)]
        for file in left:
            download.forget(part, file.name)
        if not left:
            return digests
        if not last:
            logs.warning("files came damaged and are fetched again", files=[file.name for file in left])
    raise SourceError(
        f"{source.name}: {left[0].name} came twice with the SHA-256 {digests[left[0].name]},"
        f" but {left[0].sha256 or 'git object ' + left[0].blob_sha1} was expected: the source is damaged or lies"
    )


def _unpack(source: Source, layers: Sequence[RemoteFile], part: Path) -> dict[str, int]:
    """Sizes by name of what the layers hold, as its own SHA256SUMS says or one that is made now."""
    unpack(source.name, layers, part)
    if not (part / manifest.NAME).exists():
        manifest.write(part)
    return manifest.verify(part)


def _is_right(part: Path, file: RemoteFile, digests: dict[str, str]) -> bool:
    digests[file.name], blob_sha1 = _digests(part / file.name)
    return file.sha256 == digests[file.name] if file.sha256 else file.blob_sha1 == blob_sha1


def _digests(path: Path) -> tuple[str, str]:
    """SHA-256, and git's SHA-1 of the file as an object, in one reading."""
    sha256 = hashlib.sha256()
    blob = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(download.MIB):
            sha256.update(piece)
            blob.update(piece)
    return sha256.hexdigest(), blob.hexdigest()


def _check_pin(folder: Path, wish: Wish) -> None:
    if not wish.sha256:
        return
    actual = hashlib.sha256((folder / manifest.NAME).read_bytes()).hexdigest()
    if actual != wish.sha256:
        raise SourceError(f"--sha256: {folder / manifest.NAME} has {actual}, not {wish.sha256}: this is another model")


def _check_space(files: Sequence[RemoteFile], part: Path) -> None:
    """Before anything is fetched: a full disk takes more down than a download."""
    there = sum((part / file.name).stat().st_blocks * 512 for file in files if (part / file.name).exists())
    need = sum(file.size for file in files) - there + SPARE_BYTES
    free = shutil.disk_usage(part).free
    if need > free:
        raise SourceError(f"{part.parent}: {need} bytes are needed and {free} are free: make room, or use another disk")


def _drop_others(part: Path, names: set[str]) -> None:
    """What an earlier run with other files has left, and the notes."""
    for parent, folders, files in os.walk(part, topdown=False):
        for name in files:
            if (Path(parent) / name).relative_to(part).as_posix() not in names:
                (Path(parent) / name).unlink()
        for name in folders:
            if not any((Path(parent) / name).iterdir()):
                (Path(parent) / name).rmdir()


def _is_left_out(name: str) -> bool:
    """A hub's own notes, and weights that would run code."""
    return any(piece.startswith(".") for piece in name.split("/")) or name.endswith(PICKLES)
