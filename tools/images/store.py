"""Builds what is not there yet, once: an archive is named after its content, so an existing one is the right one."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.debian import one_at_a_time
from tools.images.archive import ArchiveWriter, stored_layers
from tools.images.recipe import Recipe
from tools.images.table import RECIPES
from tools.paths import IMAGES

Recipes = Mapping[str, Callable[[Path], Recipe]]


@dataclass(frozen=True)
class Image:
    """A local image: the reference that pods name, and the OCI archive that `ctr images import` reads."""

    name: str
    ref: str
    archive: Path

    @property
    def size(self) -> int:
        """Bytes."""
        return self.archive.stat().st_size


def build(names: Iterable[str], log: Path, recipes: Recipes = RECIPES, folder: Path = IMAGES) -> dict[str, Image]:
    """The images by name, each built if it is not there; older archives of the same name go.

    Raises ValueError for a name that no recipe has, MissingInput for a program that was not built, and what the
    commands raise that fetch packages. Nothing half-made is left under an archive's name, whenever it ends.
    """
    wanted = list(names)
    if unknown := sorted(set(wanted) - recipes.keys()):
        raise ValueError(f"no image named {', '.join(unknown)}; there are {', '.join(sorted(recipes))}")
    with one_at_a_time(folder / ".lock"):
        return {name: _build(recipes[name](log), log, folder) for name in wanted}


def _build(recipe: Recipe, log: Path, folder: Path) -> Image:
    image = Image(recipe.name, recipe.ref, folder / f"{recipe.name}@{recipe.tag}.tar")
    for part in folder.glob(f"{recipe.name}@*.part"):  # of a run that was killed; the lock says that nobody writes it
        part.unlink()
    older = [path for path in folder.glob(f"{recipe.name}@*.tar") if path != image.archive]
    if not image.archive.exists():
        start = time.monotonic()
        held = {key: (path, blob) for path in older for key, blob in stored_layers(path).items()}
        with ArchiveWriter(image.archive) as writer:
            for layer in recipe.layers:
                if layer.key in held:
                    writer.copy_layer(layer.key, *held[layer.key])
                else:
                    with layer.nodes(log) as nodes:
                        writer.add_layer(layer.key, nodes)
            writer.finish(recipe.ref, recipe.settings)
        _note(log, f"built {image.ref}: {image.size / 1e6:.1f} MB in {time.monotonic() - start:.1f} s")
    for path in older:
        path.unlink()
    return image


def _note(log: Path, line: str) -> None:
    with log.open("a") as file:
        print(line, file=file)
