"""The image of etcd's keeper where no base image can be pulled: what target `keeper` of serving/Containerfile makes."""

import shutil
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.images.archive import Settings
from tools.images.layers import Layer, key_of, layer_of, staging
from tools.images.nodes import Node, program, tree
from tools.images.recipe import Recipe
from tools.images.rootfs import Rootfs, libc_layer, python_layer, rootfs
from tools.images.serving import copy_code, own_code
from tools.images.static import built
from tools.images.wheels import SERVING, install
from tools.process import run

PACKAGE = "autoglm_etcd"
PACKAGES = ("autoglm_catalogue", PACKAGE)
LIBRARY, APPLICATION = "opt/autoglm/lib", "opt/autoglm/app"
LOCK = SERVING / "keeper.lock"
ETCDUTL = "usr/local/bin/etcdutl"
PROOF = "import autoglm_etcd.keeper.cli, autoglm_etcd.keeper.keep, autoglm_etcd.keeper.store, autoglm_catalogue.cli"
PROOF_SECONDS = 120.0
SETTINGS = Settings(
    entrypoint=["python3", "-m", f"{PACKAGE}.keeper"],
    environment={
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": "/opt/autoglm/lib:/opt/autoglm/app",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "LANG": "C.UTF-8",
    },
)


def keeper(log: Path) -> Recipe:
    made = rootfs(log)
    layers = (libc_layer(made), python_layer(made), _libraries(made), _program(made))
    version = tomllib.loads((SERVING / "pyproject.toml").read_text())["project"]["version"]
    return Recipe(name="keeper", version=version, layers=layers, settings=SETTINGS)


def _libraries(made: Rootfs) -> Layer:
    @contextmanager
    def nodes(log: Path) -> Iterator[Iterable[Node]]:
        with staging("keeper-libraries") as folder:
            install(made, folder, ["-r", str(LOCK)], log)
            shutil.rmtree(folder / "bin", ignore_errors=True)
            made.compile(folder, f"/{LIBRARY}", log)
            environment = {**made.environment, "PYTHONPATH": f"{folder}:{SERVING}"}
            run([*made.interpreter, "-c", PROOF], log=log, env=environment, timeout=PROOF_SECONDS)
            yield tree(folder, LIBRARY)

    return Layer(key_of("keeper-libraries", made.python.name, LOCK.read_text(), Path(__file__).read_text()), nodes)


def _program(made: Rootfs) -> Layer:
    """Our own code, and etcd's tool that makes a member of a snapshot."""
    sources = layer_of("sources", own_code(PACKAGES))
    tool = layer_of("etcdutl", [program(ETCDUTL, built("etcdutl"))])

    @contextmanager
    def nodes(log: Path) -> Iterator[Iterable[Node]]:
        with staging("keeper-program") as folder:
            copy_code(PACKAGES, folder)
            made.compile(folder, f"/{APPLICATION}", log)
            yield [*tree(folder, APPLICATION), program(ETCDUTL, built("etcdutl"))]

    return Layer(key_of("keeper-program", sources.key, tool.key, made.python.name), nodes)
