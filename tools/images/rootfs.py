"""A small Debian root file system in two layers, the C library and Python: no shell, package manager or compiler."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from tools import debian
from tools.images.layers import Layer, key_of
from tools.images.nodes import Node, folder, link, text, tree
from tools.images.static import ACCOUNTS
from tools.process import run

LIBC = ("base-files", "libc6", "ca-certificates", "tzdata")
PYTHON = (
    "python3.13-minimal | python3.12-minimal | python3.11-minimal",
    "libpython3.13-minimal | libpython3.12-minimal | libpython3.11-minimal",
    "libpython3.13-stdlib | libpython3.12-stdlib | libpython3.11-stdlib",
    "zlib1g",
    "libexpat1",
    "gcc-14-base | gcc-13-base | gcc-12-base",  # the licence of the next two
    "libgcc-s1",  # this and the next of the extension modules in Python wheels
    "libstdc++6",
    "libssl3t64 | libssl3",  # the rest of the standard library's modules
    "libffi8",
    "libbz2-1.0",
    "liblzma5",
    "libsqlite3-0",
    "libuuid1",
    "libcrypt1",
)

KEPT = (
    *debian.MERGED,
    "etc",
    "etc/host.conf",
    "etc/os-release",
    "usr",
    "usr/bin",
    "usr/bin/python3*",
    "usr/lib",
    "usr/lib/*",
    "usr/lib64*",
    "usr/sbin",
    "usr/share",
    "usr/share/doc*",
    "usr/share/zoneinfo*",
    "var",
    "var/lib",
    "var/lib/dpkg*",
)
DROPPED = {
    "usr/lib/*/gconv*": "character sets for iconv(3); Python brings its own",
    "usr/lib/*/audit": "for the linker's debugging",
    "usr/lib/binfmt.d*": "for a kernel of one's own",
    "usr/share/doc/*/[!c]*": "all but the licences",
    "usr/share/doc/*/c[!o]*": "all but the licences",
    "usr/share/zoneinfo/right*": "clocks that count leap seconds",
    "usr/share/zoneinfo/posix*": "a second copy",
    "usr/lib/python3*/lib2to3*": "converts Python 2",
    "usr/lib/python3*/pydoc_data*": "for interactive help",
    "usr/lib/python3*/test*": "Python's own tests",
    "usr/lib/python3*/lib-dynload/_curses*": "needs libncursesw",
    "usr/lib/python3*/lib-dynload/_dbm*": "needs libdb",
    "usr/lib/python3*/lib-dynload/nis*": "needs libnsl",
    "usr/lib/python3*/lib-dynload/readline*": "needs libreadline",
}
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"  # where OpenSSL, Go and Envoy look on Debian


@dataclass(frozen=True)
class Rootfs:
    """The two unpacked halves on this machine."""

    libc: Path
    python: Path

    @property
    def version(self) -> str:
        """Of Python, as `3.11`."""
        return self._program.name.removeprefix("python")

    @property
    def _program(self) -> Path:
        return next(self.python.glob("usr/bin/python3.*"))

    @property
    def interpreter(self) -> Sequence[str]:
        """The command that runs this Python from where it lies, with its own C library: no chroot, so as any user."""
        (loader,) = self.libc.glob("usr/lib/*/ld-linux*.so.*")
        libraries = ":".join(f"{half}/usr/lib/{loader.parent.name}" for half in (self.libc, self.python))
        return [str(loader), "--library-path", libraries, str(self._program)]

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "PATH": os.defpath,
            "PYTHONHOME": str(self.python / "usr"),
            "PYTHONHASHSEED": "0",  # the order in sets, and with it byte-code, is the same each time
            "PYTHONDONTWRITEBYTECODE": "1",  # what runs leaves no trace in what is packed
            "LC_ALL": "C.UTF-8",
        }

    def compile(self, folder: Path, at: str, log: Path, workers: int = 1) -> None:
        """Byte-code beside the sources of `folder`, which is `at` in the image.

        It is never checked against them: an image does not change, and its times are all zero.
        """
        command = ["-m", "compileall", "-q", "-f", "-j", str(workers), "--invalidation-mode", "unchecked-hash"]
        run(
            [*self.interpreter, *command, "-s", str(folder), "-p", at, str(folder)],
            log=log,
            env=self.environment,
            timeout=debian.TIMEOUT,
        )


def rootfs(log: Path) -> Rootfs:
    """Fetched, unpacked and byte-compiled once."""
    libc = debian.prefix("rootfs-libc", LIBC, log)

    def finish(python: Path, log: Path) -> None:
        made = Rootfs(libc, python)
        modules = python / f"usr/lib/python{made.version}"
        (modules / "sitecustomize.py").unlink()  # a link into /etc, where this machine has a file of its own
        made.compile(modules, f"/usr/lib/python{made.version}", log)

    return Rootfs(libc, debian.prefix("rootfs-python", PYTHON, log, finish))


def libc_layer(made: Rootfs) -> Layer:
    return _layer("libc", made.libc, _libc)


def python_layer(made: Rootfs) -> Layer:
    return _layer(f"python{made.version}", made.python, _python)


def _layer(name: str, half: Path, nodes: Callable[[Path], Iterator[Node]]) -> Layer:
    """Keyed by packages and versions, which the folder is named after, and by what this module does to them."""
    return Layer(key_of(name, half.name, Path(__file__).read_text()), lambda _log: nullcontext(nodes(half)))


def _libc(libc: Path) -> Iterator[Node]:
    yield from tree(libc, keep=_kept)
    yield from ACCOUNTS
    yield text("etc/nsswitch.conf", "hosts: files dns\n")
    authorities = sorted(libc.glob("usr/share/ca-certificates/mozilla/*.crt"))
    yield text(CERTIFICATES, "".join(authority.read_text() for authority in authorities))
    yield from (folder(name) for name in ("dev", "proc", "run", "sys"))


def _python(python: Path) -> Iterator[Node]:
    """Without the links bin, lib, …, which the layer below has."""
    yield from (node for node in tree(python, keep=_kept) if node.path not in debian.MERGED)
    (program,) = python.glob("usr/bin/python3.*")
    yield from (link(f"usr/bin/{name}", program.name) for name in ("python", "python3"))


def _kept(path: PurePosixPath) -> bool:
    name = str(path)
    return any(fnmatchcase(name, pattern) for pattern in KEPT) and not any(
        fnmatchcase(name, pattern) for pattern in DROPPED
    )
