"""A directory as the catalogue: `<root>/<model>/<version>/` holds a version, `<root>/<model>/ACTIVE` a choice.

It is polled: a shared file system tells nobody what another machine has changed.
"""

import contextlib
import hashlib
import json
import os
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from autoglm_serving import logs
from autoglm_serving.errors import SettingsError
from autoglm_serving.lifecycle.catalogue import Candidate, CatalogueError, Wanted
from autoglm_serving.lifecycle.state import VersionStatus
from autoglm_serving.lifecycle.version import Version, VersionError
from autoglm_serving.model.manifest import IGNORED_FOLDER

CHOICE = "ACTIVE"
"""A file with a version in its one line. Write it anew and rename it into place to switch."""

STATES = ".states"
"""Where this folder exists, each server writes what it has made of the versions into a file of its own."""

SETTLE_SECONDS = 2.0
"""A folder that changed this lately is still being copied, unless it looks the same a poll later."""

MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class DirectoryCatalogue:
    """Versions of models in folders. For one thread."""

    def __init__(self, root: Path, *, flag: str = "--model-repository", clock: Callable[[], float] = time.time) -> None:
        """`flag` is what errors name. Raises SettingsError for what can't be a repository."""
        self._root = root
        self._clock = clock
        self._known: dict[Path, Candidate] = {}
        self._last_looks: dict[Path, str] = {}
        self._choices: dict[str, Version] = {}
        self._told: set[str] = set()
        if not root.is_dir():
            what = "is not a folder" if root.exists() else "does not exist"
            raise SettingsError(f"{flag}: {root} {what}: give the folder that holds MODEL/VERSION/ folders")
        if (root / "config.json").exists():
            raise SettingsError(
                f"{flag}: {root} is itself a model: use --model {root}, or move it to REPOSITORY/MODEL/VERSION/"
            )

    def open(self, changed: Callable[[], None]) -> None:
        """It is polled."""

    def close(self) -> None:
        """There is nothing to end."""

    def wanted(self) -> Mapping[str, Wanted]:
        try:
            found = {name: self._model(name, folder) for name, folder in self._models()}
        except OSError as error:
            raise CatalogueError(f"{error.filename}: {error.strerror}") from error
        found = {name: wanted for name, wanted in found.items() if wanted.candidates}
        if self._known and not found:
            raise CatalogueError(f"{self._root} holds no model any more: taken for a volume that went away")
        listed = {Path(candidate.location): candidate for wanted in found.values() for candidate in wanted.candidates}
        self._known = listed
        return found

    def publish(self, statuses: Sequence[VersionStatus]) -> None:
        folder = self._root / STATES
        if not folder.is_dir():
            return
        path = folder / f"{socket.gethostname()}.json"
        part = path.with_suffix(".part")
        try:
            part.write_text(json.dumps([asdict(status) for status in statuses], indent=2) + "\n")
            part.rename(path)
        except OSError as error:
            raise CatalogueError(f"{path}: {error.strerror}") from error

    def _models(self) -> Iterator[tuple[str, Path]]:
        for folder in self._folders(self._root):
            if MODEL_NAME.fullmatch(folder.name):
                yield folder.name, folder
            else:
                self._tell(f"{folder}: {folder.name!r} can't be a model's name: use letters, digits, `.`, `_`, `-`")

    def _model(self, name: str, folder: Path) -> Wanted:
        candidates = []
        for place in self._folders(folder):
            try:
                version = Version.parse(place.name)
            except VersionError as error:
                self._tell(f"{place} is left out: {error}")
                continue
            candidate = self._candidate(name, version, place)
            if candidate is not None:
                candidates.append(candidate)
        return Wanted(candidates=tuple(candidates), chosen=self._choice(name, folder))

    def _candidate(self, model: str, version: Version, folder: Path) -> Candidate | None:
        """None while the folder is being written; what was known of it stays meanwhile."""
        looks, changed = _looks(folder)
        quiet = self._clock() - changed > SETTLE_SECONDS or self._last_looks.get(folder) == looks
        self._last_looks[folder] = looks
        if not quiet:
            return self._known.get(folder)
        return Candidate(model=model, version=version, location=str(folder), fingerprint=looks)

    def _choice(self, name: str, folder: Path) -> Version | None:
        path = folder / CHOICE
        try:
            self._choices[name] = Version.parse(path.read_text(encoding="utf-8").strip())
        except FileNotFoundError:
            self._choices.pop(name, None)
        except (ValueError, OSError) as error:
            self._tell(f"{path} can't be used, so the last choice holds: {error}")
        return self._choices.get(name)

    def _folders(self, parent: Path) -> Iterator[Path]:
        root = self._root.resolve()
        for entry in sorted(os.scandir(parent), key=lambda entry: entry.name):
            if entry.name.startswith(".") or entry.name == IGNORED_FOLDER or not entry.is_dir():
                continue
            path = Path(entry.path)
            if path.resolve().is_relative_to(root):
                yield path
            else:
                self._tell(f"{path} is left out: it is a link out of the repository")

    def _tell(self, message: str) -> None:
        """Once, not at every poll."""
        if message not in self._told:
            self._told.add(message)
            logs.warning("model repository", message=message)


def _looks(folder: Path) -> tuple[str, float]:
    """A digest of names, sizes and times, and the Unix time of the last change. Nothing is read."""
    lines, newest = [], 0.0
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != IGNORED_FOLDER)
        newest = max(newest, os.stat(parent).st_ctime)
        for name in sorted(names):
            # A file that goes while it is looked at makes the next look different.
            with contextlib.suppress(FileNotFoundError):
                stat = os.stat(os.path.join(parent, name))
                lines.append(f"{parent}/{name} {stat.st_size} {stat.st_mtime_ns}")
                newest = max(newest, stat.st_ctime)
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest(), newest
