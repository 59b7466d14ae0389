"""Ranges of files, several at a time, into a folder; what has arrived is noted, so that another run goes on there."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from autoglm_serving import logs
from autoglm_serving.sources.base import Interrupted, NoRanges, RemoteFile, Source, SourceError

MIB = 1024 * 1024
CHUNK = 32 * MIB
"""Bytes of one range: what a killed download loses of each connection, at most."""

ATTEMPTS = 6
"""In a row without a byte: about half a minute with the pauses between them."""

FIRST_PAUSE = 0.5
LAST_PAUSE = 15.0
PROGRESS_SECONDS = 10.0
NOTES = ".ranges"
"""Folder of the notes: for each file the starts of the ranges that have arrived, a line each."""


@dataclass(frozen=True, kw_only=True)
class Options:
    connections: int = 8
    chunk: int = CHUNK
    pause: Callable[[float], None] = time.sleep


@dataclass(eq=False)
class _Part:
    """A file on its way. `done` has the starts of its ranges that are there."""

    file: RemoteFile
    path: Path
    notes: Path
    chunk: int
    done: set[int]
    lock: threading.Lock

    def ranges(self) -> Iterator[tuple[int, int]]:
        for start in range(0, self.file.size, self.chunk):
            if start not in self.done:
                yield start, min(start + self.chunk, self.file.size)

    def note(self, start: int) -> None:
        with self.lock:
            self.done.add(start)
            with self.notes.open("a") as notes:
                notes.write(f"{start}\n")


def download(source: Source, files: Sequence[RemoteFile], folder: Path, options: Options) -> None:
    """Every file at its name in `folder`, of its size; nothing is said of its content.

    Raises SourceError; what has arrived stays for the next run.
    """
    parts = [_open(file, folder, options.chunk) for file in files]
    _run(source, [(part, start, end) for part in parts for start, end in part.ranges()], options)
    # A server without ranges sends everything at once, so such a file is one range, from its beginning.
    whole = [part for part in parts if any(part.ranges())]
    for part in whole:
        part.chunk = max(1, part.file.size)
        part.done.clear()
    _run(source, [(part, 0, part.file.size) for part in whole], options)


def forget(folder: Path, name: str) -> None:
    """Drop what has arrived of a file."""
    (folder / name).unlink(missing_ok=True)
    _notes(folder, name).unlink(missing_ok=True)


def is_complete(folder: Path, file: RemoteFile) -> bool:
    """Whether a file of this size is there that was not begun by a download; its content is another matter."""
    path = folder / file.name
    return path.is_file() and path.stat().st_size == file.size and not _notes(folder, file.name).exists()


def _run(source: Source, ranges: Sequence[tuple[_Part, int, int]], options: Options) -> None:
    if not ranges:
        return
    failed = threading.Event()

    def one(job: tuple[_Part, int, int]) -> None:
        if failed.is_set():
            return
        try:
            _fetch(source, *job, options, failed)
        except NoRanges:
            logs.warning("the server sends whole files only", file=job[0].file.name)
        except BaseException:
            failed.set()
            raise

    with ThreadPoolExecutor(max_workers=options.connections, thread_name_prefix="fetch") as pool:
        left = {pool.submit(one, job) for job in ranges}
        while left:
            done, left = wait(left, timeout=PROGRESS_SECONDS, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
            if left:
                logs.info("fetching", ranges=len(ranges) - len(left), of=len(ranges))


def _fetch(source: Source, part: _Part, start: int, end: int, options: Options, failed: threading.Event) -> None:
    """One range. After an interruption it goes on with the byte that is missing."""
    position, attempt = start, 0
    descriptor = os.open(part.path, os.O_WRONLY)
    try:
        while position < end:
            before = position
            try:
                for piece in source.read(part.file, position, end):
                    if position + len(piece) > end:
                        raise _lie(source, part.file, "sends more bytes than were asked for")
                    _write(descriptor, piece, position, part.path)
                    position += len(piece)
                    if failed.is_set():
                        return
                why = f"ended after {position} of {part.file.size} bytes"
            except Interrupted as error:
                why = str(error)
            except NoRanges:
                if (start, end) != (0, part.file.size):
                    raise
                position = before = start
                why = "the server sends whole files only, so it begins again"
            if position < end:
                attempt = 1 if position > before else attempt + 1
                if attempt >= ATTEMPTS:
                    raise _lie(source, part.file, f"did not come, {ATTEMPTS} times in a row: {why}")
                pause = min(LAST_PAUSE, FIRST_PAUSE * 2.0 ** (attempt - 1))
                logs.warning("download interrupted", file=part.file.name, at=position, reason=why, again_in=pause)
                options.pause(pause)
    finally:
        os.close(descriptor)
    part.note(start)


def _write(descriptor: int, piece: bytes, position: int, path: Path) -> None:
    view = memoryview(piece)
    try:
        while view:
            written = os.pwrite(descriptor, view, position)
            view, position = view[written:], position + written
    except OSError as error:
        raise SourceError(
            f"{path} can't be written: {error.strerror}; what has arrived is kept: make room and run the same again"
        ) from error


def _open(file: RemoteFile, folder: Path, chunk: int) -> _Part:
    path, notes = folder / file.name, _notes(folder, file.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    notes.parent.mkdir(parents=True, exist_ok=True)
    header = f"{file.size} {chunk} {file.sha256 or file.blob_sha1 or file.etag}"
    try:
        # The last line may have been cut off with the process that wrote it.
        lines = [line[:-1] for line in notes.read_text().splitlines(keepends=True) if line.endswith("\n")]
    except FileNotFoundError:
        lines = []
    if not (lines and lines[0] == header and path.exists() and path.stat().st_size == file.size):
        # Another file, or another cut: nothing of it is of use.
        forget(folder, file.name)
        with path.open("wb") as empty:
            empty.truncate(file.size)
        notes.write_text(header + "\n")
        lines = []
    return _Part(file, path, notes, chunk, {int(line) for line in lines[1:]}, threading.Lock())


def _notes(folder: Path, name: str) -> Path:
    return folder / NOTES / name


def _lie(source: Source, file: RemoteFile, what: str) -> SourceError:
    return SourceError(f"{source.name}: {file.name} {what}")
