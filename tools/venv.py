"""The virtual environment of the program and the tools, from the lock file; standard library only."""

import hashlib
import os
import re
import shutil
import sys
from pathlib import Path

from tools.paths import ROOT, TOOLS, VENV
from tools.process import ToolError, run

LOCK = ROOT / "requirements.lock"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)


def ensure(log: Path) -> str:
    """Makes the environment what the lock file says, or leaves it."""
    return "kept" if is_current() else _make(log)


def is_current() -> bool:
    stamp = VENV / "lock.sha256"
    return PYTHON.exists() and stamp.exists() and stamp.read_text() == _key()


def _make(log: Path) -> str:
    if sys.version_info < OLDEST:
        raise ToolError(f"Python {sys.version.split()[0]} is older than 3.11; install a later one and run it")
    TOOLS.mkdir(parents=True, exist_ok=True)
    if not PYTHON.exists():
        shutil.rmtree(VENV, ignore_errors=True)
        run([sys.executable, "-m", "venv", VENV], log=log, timeout=300)
    lock = LOCK.read_text()
    pinned = re.search(r"^uv==.*(?:\\\n.*)*", lock, re.MULTILINE)
    if pinned is None:
        raise ToolError(f"{LOCK.name} pins no uv; make it again with `make lock`")
    installer = TOOLS / "uv.lock"
    installer.write_text(pinned[0] + "\n")
    run([PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", installer], log=log, timeout=600)
    uv = [PYTHON, "-m", "uv", "pip", "sync", "--quiet", "--python", PYTHON, "--require-hashes", LOCK]
    run(uv, log=log, timeout=1200)
    (VENV / "lock.sha256").write_text(_key())
    return "made"


def _key() -> str:
    return hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()


def inside() -> bool:
    """Whether this process runs in that environment."""
    return Path(sys.prefix).resolve() == VENV.resolve()


def enter(arguments: list[str]) -> None:
    """Becomes `python -m tools` of the environment; returns only if this process is it already."""
    if not inside():
        sys.stdout.flush()
        os.chdir(ROOT)
        os.execv(PYTHON, [str(PYTHON), "-m", "tools", *arguments])  # noqa: S606
