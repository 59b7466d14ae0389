"""The serving image where no base image can be pulled: the layout and settings of serving/Containerfile."""

import platform
import shutil
import sys
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

from tools.images.archive import Settings
from tools.images.layers import Layer, key_of, layer_of, staging
from tools.images.nodes import Node, tree
from tools.images.recipe import Recipe
from tools.images.rootfs import Rootfs, libc_layer, python_layer, rootfs
from tools.images.wheels import SERVING, dependencies_layer
from tools.process import run

PACKAGE = "autoglm_serving"
PACKAGES = ("autoglm_catalogue", "autoglm_etcd", PACKAGE)
AT = "opt/autoglm/app"
MADE = ("__pycache__", "*.so", ".build-*")
KERNELS = f"{PACKAGE}.nn.native.build"
KERNELS_SECONDS = 300.0
SETTINGS = Settings(
    entrypoint=["python3", "-m", PACKAGE],
    environment={
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": "/opt/autoglm/lib:/opt/autoglm/app",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "HF_HUB_OFFLINE": "1",
        "HOME": "/tmp",  # noqa: S108 - the one place that a read-only container mounts to write to
        "LANG": "C.UTF-8",
        "AUTOGLM_SERVE_QUARANTINE_FILE": "/tmp/autoglm-quarantine",  # noqa: S108 - outlives the process, not the pod
    },
)


def serving(log: Path) -> Recipe:
    made = rootfs(log)
    return Recipe(
        name="serving",
        version=tomllib.loads((SERVING / "pyproject.toml").read_text())["project"]["version"],
        layers=(libc_layer(made), python_layer(made), dependencies_layer(made), _application(made)),
        settings=SETTINGS,
    )


def _application(made: Rootfs) -> Layer:
    """Small, so that a change of our own code copies the layers below and writes this one alone."""
    sources = layer_of("sources", own_code(PACKAGES))
    return Layer(key_of("application", sources.key, made.python.name, _compiler()), lambda log: _compiled(made, log))


def own_code(packages: Iterable[str]) -> Iterator[Node]:
    """Packages of serving/, as they are under version control."""
    for package in packages:
        yield from tree(SERVING / package, package, keep=lambda path: not _is_made(path))


def copy_code(packages: Iterable[str], folder: Path) -> None:
    for package in packages:
        shutil.copytree(SERVING / package, folder / package, ignore=shutil.ignore_patterns(*MADE))


def _is_made(path: PurePath) -> bool:
    """Byte-code and kernels of this checkout: the image gets its own."""
    return any(fnmatchcase(path.name, pattern) for pattern in MADE)


def _compiler() -> bool:
    """Kernels for CPUs with bf16 instructions are part of the image where there is a C compiler to make them."""
    return platform.machine() == "x86_64" and shutil.which("cc") is not None


@contextmanager
def _compiled(made: Rootfs, log: Path) -> Iterator[Iterable[Node]]:
    with staging("serving-application") as folder:
        copy_code(PACKAGES, folder)
        if _compiler():
            run([sys.executable, "-B", "-m", KERNELS], log=log, cwd=folder, timeout=KERNELS_SECONDS)
        made.compile(folder, f"/{AT}", log)
        yield tree(folder, AT)
