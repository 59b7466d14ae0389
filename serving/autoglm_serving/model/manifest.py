"""SHA256SUMS, as coreutils' `sha256sum` writes and checks it, over a whole model folder."""

import hashlib
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from autoglm_serving.cpu import usable_cpus
from autoglm_serving.errors import ModelError

NAME = "SHA256SUMS"
IGNORED_FOLDER = "lost+found"
"""The root of an ext4 volume has this folder, and it can't be read."""

_MAKE_COMMAND = (
    "cd {folder} && find . -type f ! -name SHA256SUMS ! -path '*/.*' -printf '%P\\0' | sort -z"
    " | xargs -0 sha256sum > SHA256SUMS"
)

_LINE = re.compile(r"([0-9a-f]{64}) [ *](\S.*)")


def verify(folder: Path) -> dict[str, int]:
    """Sizes in bytes by name of every file, after each was read once and its SHA-256 compared.

    Raises ModelError that names the first file that is missing, extra, outside the folder or different.
    """
    expected = read(folder)
    present = set(_files(folder))
    for name in sorted(expected.keys() - present):
        raise ModelError(f"{folder / name} is missing, but {NAME} lists it: copy the model again")
    for name in sorted(present - expected.keys()):
        raise ModelError(
            f"{folder / name} is not listed in {NAME}: remove it, or, if you trust the whole folder, run\n"
            f"  {make_command(folder)}"
        )
    # Hashing leaves the interpreter, so threads read the shards of a large model side by side.
    with ThreadPoolExecutor(max_workers=usable_cpus()) as pool:
        sizes = pool.map(lambda name: _verify_file(folder, name, expected[name]), sorted(expected))
        return dict(zip(sorted(expected), sizes, strict=True))


def check_pinned(folder: Path, sha256: str) -> None:
    """That the manifest itself is the one that was declared, and with it every file. Raises ModelError."""
    path = folder / NAME
    try:
        actual = _sha256(path)
    except OSError as error:
        raise ModelError(f"{path} can't be read: {error.strerror}") from None
    if actual != sha256:
        raise ModelError(
            f"{path} has the SHA-256 {actual}, and the catalogue declares {sha256}: this server sees other files than"
            " the rollout did; give changed files a new version"
        )


def make_command(folder: Path) -> str:
    """A line for a shell that makes the manifest of a folder as it is."""
    return _MAKE_COMMAND.format(folder=shlex.quote(str(folder)))


def write(folder: Path) -> None:
    write_sums(folder, {name: _sha256(folder / name) for name in _files(folder)})


def write_sums(folder: Path, sums: Mapping[str, str]) -> None:
    """The manifest of SHA-256 by name, where these are known already."""
    (folder / NAME).write_text("".join(f"{sums[name]}  {name}\n" for name in sorted(sums)))


def read(folder: Path) -> dict[str, str]:
    """SHA-256 by name, as the folder's SHA256SUMS has them. Raises ModelError."""
    path = folder / NAME
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        command = make_command(folder)
        raise ModelError(f"{path} is missing; where you trust the folder, make it with\n  {command}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} can't be read: {error}") from None
    expected = {}
    for number, line in enumerate(lines, start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise ModelError(f"{path}, line {number}: expected `<sha256>  <file>` as sha256sum writes it, got {line!r}")
        name = PurePosixPath(match[2])
        if name.is_absolute() or ".." in name.parts:
            raise ModelError(f"{path}, line {number}: {match[2]!r} leads out of the model's folder")
        if str(name) in expected:
            raise ModelError(f"{path}, line {number}: {match[2]!r} is listed twice")
        expected[str(name)] = match[1]
    if not expected:
        raise ModelError(f"{path} lists no file; make it with\n  {make_command(folder)}")
    return expected


def _files(folder: Path) -> Iterator[str]:
    """Names relative to the folder. Hidden files (a download's notes) are not read by the loader, nor here."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name != IGNORED_FOLDER]
        for name in names:
            relative = (Path(parent) / name).relative_to(folder).as_posix()
            if not name.startswith(".") and relative != NAME:
                yield relative


def _verify_file(folder: Path, name: str, expected: str) -> int:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ModelError(f"{path} is a link out of the model's folder; copy the file itself with `cp -L`")
    try:
        size = path.stat().st_size
        actual = _sha256(path)
    except OSError as error:
        raise ModelError(f"{path} can't be read: {error.strerror}") from None
    if actual != expected:
        raise ModelError(
            f"{path} is damaged or was changed: its {size} bytes have the SHA-256 {actual},"
            f" {NAME} says {expected}; copy the file again"
        )
    return size


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
