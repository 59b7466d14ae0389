"""The schemas of an SDK: read from its classes once, then from a file, so that a plugin starts without the SDK."""

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from tools.paths import TOOLS
from tools.providers.cloud import sdk
from tools.providers.cloud.packages import Package
from tools.providers.cloud.schema import Schema

FOLDER = TOOLS / "cache" / "cloud-schemas"
_READERS = ("reflect.py", "schema.py", "sdk.py")  # a change of these makes other schemas


class Schemas:
    """One package's schemas by token; None for a token that the SDK does not have."""

    def __init__(self, package: Package, folder: Path = FOLDER) -> None:
        self.package, self._folder = package, folder
        self._known: dict[tuple[str, str], Schema | None] = {}
        self._lock = threading.Lock()

    def resource(self, token: str) -> Schema | None:
        return self._get(token, sdk.resource)

    def function(self, token: str) -> Schema | None:
        return self._get(token, sdk.function)

    def settings(self) -> Schema:
        """The arguments of the package's provider."""
        found = self.resource(f"pulumi:providers:{self.package.name}")
        assert found is not None, f"{self.package.module} has no provider.py"  # noqa: S101
        return found

    def _get(self, token: str, find: Callable[[Package, str], sdk.Found | None]) -> Schema | None:
        with self._lock:  # the engine checks side by side; one reading of an SDK's file is enough
            key = (find.__name__, token)
            if key not in self._known:
                self._known[key] = self._load(token, find)
            return self._known[key]

    def _load(self, token: str, find: Callable[[Package, str], sdk.Found | None]) -> Schema | None:
        path = self._place / f"{token.replace(':', '.').replace('/', '.')}.json"
        with contextlib.suppress(OSError, ValueError):
            kept: Schema = json.loads(path.read_text())
            return kept
        found = find(self.package, token)
        if found is None:
            return None
        from tools.providers.cloud import reflect  # costs nothing where the file is there

        made = reflect.schema(found)
        with contextlib.suppress(OSError):  # a folder that can't be written costs time, nothing else
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f".{path.name}.{os.getpid()}")
            part.write_text(json.dumps(made))
            part.replace(path)
        return made

    @cached_property
    def _place(self) -> Path:
        here = Path(__file__).parent
        marks = b"".join((here / name).read_bytes() for name in _READERS)
        marks += str(self.package.folder).encode()
        digest = hashlib.sha256(marks).hexdigest()[:12]
        return self._folder / f"{self.package.name}-{self.package.version}-{digest}"
