"""Every local image by name."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from tools.images.recipe import Recipe
from tools.images.static import STATIC, static

RECIPES: dict[str, Callable[[Path], Recipe]] = {name: partial(static, name) for name in STATIC}
