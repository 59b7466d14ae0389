"""Redis as Debian packages it, for tests of what is counted in it. It listens where a test says, and nowhere else.

Not in `.tools/bin`, which is on the PATH of tests: without the libraries beside it, it does not start.
"""

from pathlib import Path

from tools import debian
from tools.golang import link
from tools.paths import TOOLS

PROGRAM = TOOLS / "redis" / "redis-server"
_PACKAGES = (
    "redis-tools",  # has the server's binary, too; the package redis-server is its start on boot
    "libatomic1",
    "libjemalloc2",
    "liblzf1",
    "libssl3t64 | libssl3",
    "libsystemd0",
    "libcap2",  # of libsystemd0
    "libgcrypt20",
    "libgpg-error0",
    "liblz4-1",
    "liblzma5",
    "libzstd1",
)


def ensure(log: Path) -> str:
    """Fetches it, unless it is there. Run it with `environment`."""
    folder = debian.prefix("redis", _PACKAGES, log)
    PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    link(PROGRAM, folder / "usr/bin/redis-check-rdb")  # one binary that goes by the name that it is called by
    return folder.name


def environment() -> dict[str, str]:
    """Where its libraries are: beside it."""
    (libraries,) = PROGRAM.resolve().parents[1].glob("lib/*-linux-gnu")
    return {"LD_LIBRARY_PATH": str(libraries)}
