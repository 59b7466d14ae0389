"""Compile the kernels: `python3 -m autoglm_serving.nn.native.build`, when an image is made.

The library's name holds a hash of its sources, so a stale one is never loaded. It is a plain C library that knows
neither Python nor torch: any version of both can load it.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent
SOURCES = ("answers.c", "chunks.c", "forward.c", "layers.c", "products.c")
HEADERS = ("kernels.h",)

COMPILE = ("-O3", "-march=x86-64-v4", "-mavx512bf16", "-fopenmp", "-fno-math-errno", "-fPIC", "-Wall", "-Wextra")
LINK = ("-shared", "-Wl,-z,noexecstack")
"""Not linked to an OpenMP library: it uses the one that torch brings, and so torch's threads."""


def library() -> Path:
    digest = hashlib.sha256(" ".join(COMPILE + LINK).encode())
    for name in SOURCES + HEADERS:
        digest.update((FOLDER / name).read_bytes())
    return FOLDER / f"kernels-{digest.hexdigest()[:16]}.so"


def build(compiler: str = "cc") -> Path:
    """The library's path; one that is there is kept. Raises OSError or subprocess.CalledProcessError."""
    target = library()
    if target.exists():
        return target
    with tempfile.TemporaryDirectory(prefix=".build-", dir=FOLDER) as folder:
        objects = []
        for name in SOURCES:
            objects.append(str(Path(folder) / f"{name}.o"))
            _run(compiler, *COMPILE, "-c", str(FOLDER / name), "-o", objects[-1])
        built = Path(folder) / target.name
        _run(compiler, *LINK, *objects, "-lm", "-o", str(built))
        built.chmod(0o755)
        built.rename(target)
    return target


def possible() -> bool:
    """Whether this machine could compile them now: a developer's can, a read-only image can't and need not."""
    return shutil.which("cc") is not None and os.access(FOLDER, os.W_OK)


def _run(*command: str) -> None:
    # Only fixed flags and this package's own files.
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603


if __name__ == "__main__":
    try:
        print(build())
    except subprocess.CalledProcessError as error:
        sys.exit(f"error: {error}\n{error.stderr.decode(errors='replace')}")
