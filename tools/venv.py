"""Virtual environments from lock files, that of the program and the tools first; standard library only."""

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.paths import ROOT, TOOLS, VENV
from tools.process import ToolError, run

LOCK = ROOT / "requirements.lock"
PYTHON = VENV / "bin" / "python"


def ensure(log: Path, folder: Path = VENV, locks: Sequence[Path] = (LOCK,)) -> str:
    """Makes the environment what the lock files say, or leaves it."""
    return "kept" if is_current(folder, locks) else _make(log, folder, locks)


def is_current(folder: Path = VENV, locks: Sequence[Path] = (LOCK,)) -> bool:
    stamp = folder / "lock.sha256"
    return (folder / "bin" / "python").exists() and stamp.exists() and stamp.read_text() == _key(locks)


def _make(log: Path, folder: Path, locks: Sequence[Path]) -> str:
    TOOLS.mkdir(parents=True, exist_ok=True)
    python = folder / "bin" / "python"
    stamp = folder / "lock.sha256"
    stamp.unlink(missing_ok=True)
    if not python.exists():
        shutil.rmtree(folder, ignore_errors=True)
        run([_base_python(), "-m", "venv", folder], log=log, timeout=300)
    if folder == VENV:
        _install_uv(python, log)
    uv: list[str | Path] = [PYTHON, "-m", "uv", "pip", "sync", "--python", python, "--require-hashes", *locks]
    run(uv, log=log, timeout=2400)
    stamp.write_text(_key(locks))
    return "made"


def _base_python() -> str:
    """The Python that this one's environment was made from: an environment of an environment would go with it."""
    return getattr(sys, "_base_executable", None) or sys.executable


def _install_uv(python: Path, log: Path) -> None:
    installer = TOOLS / "uv.lock"
    installer.write_text(pinned("uv", LOCK.read_text()))
    run([python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", installer], log=log, timeout=600)


def pinned(package: str, lock: str) -> str:
    """A package's requirement with its hashes, which follow on continued lines. Raises ToolError if there is none."""
    found = re.search(rf"^{package}==[^\\\n]*(?:\\\n[^\\\n]*)*\n", lock, re.MULTILINE)
    if found is None:
        raise ToolError(f"{LOCK.name} pins no {package}, which is a development dependency of pyproject.toml")
    return found[0]


def _key(locks: Sequence[Path]) -> str:
    return hashlib.sha256(b"".join(lock.read_bytes() for lock in locks) + sys.version.encode()).hexdigest()


def inside() -> bool:
    """Whether this process runs in the program's environment."""
    return Path(sys.prefix).resolve() == VENV.resolve()


def enter(arguments: Sequence[str]) -> None:
    """Becomes `python -m tools` of the environment; returns only if this process is it already."""
    if not inside():
        sys.stdout.flush()
        os.chdir(ROOT)
        os.execv(PYTHON, [str(PYTHON), "-m", "tools", *arguments])  # noqa: S606
