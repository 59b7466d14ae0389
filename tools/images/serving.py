"""The serving image where no base image can be pulled: the layout and settings of serving/Containerfile."""

import shutil
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.images.archive import Settings
from tools.images.layers import Layer, key_of, layer_of, staging
from tools.images.nodes import Node, tree
from tools.images.recipe import Recipe
from tools.images.rootfs import Rootfs, libc_layer, python_layer, rootfs
from tools.images.wheels import SERVING, dependencies_layer

PACKAGE = "autoglm_serving"
AT = "opt/autoglm/app"
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
    sources = layer_of("sources", tree(SERVING / PACKAGE, keep=lambda path: "__pycache__" not in path.parts))
    return Layer(key_of("application", sources.key, made.python.name), lambda log: _compiled(made, log))


@contextmanager
def _compiled(made: Rootfs, log: Path) -> Iterator[Iterable[Node]]:
    with staging("serving-application") as folder:
        shutil.copytree(SERVING / PACKAGE, folder / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
        made.compile(folder, f"/{AT}", log)
        yield tree(folder, AT)
