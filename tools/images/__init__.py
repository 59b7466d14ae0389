"""Local container images, for where no registry can be reached: upstream programs in OCI archives, made as any user."""

from tools.images.recipe import MissingInput, Recipe
from tools.images.store import Image, build

__all__ = ["Image", "MissingInput", "Recipe", "build"]
