"""Where a model comes from."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from components.types import SharedFiles


@dataclass(frozen=True, kw_only=True)
class TinyModel:
    """A small GLM-4V with random weights, the same for the same seed."""

    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class PhoneModel:
    """The tiny GLM-4V that comes with the serving image and operates simple screens."""


@dataclass(frozen=True, kw_only=True)
class ModelFolder:
    """A folder that is on every node that may run the model: local, or a shared file system's mount."""

    path: str

    def __post_init__(self) -> None:
        _check_path("ModelFolder", self.path)


@dataclass(frozen=True, kw_only=True)
class SharedFolder:
    """A folder of a shared file system that every node can mount; `path` is absolute within that file system."""

    path: str
    files: SharedFiles

    def __post_init__(self) -> None:
        _check_path("SharedFolder", self.path)


ModelSource = TinyModel | PhoneModel | ModelFolder | SharedFolder

MADE_HERE = (TinyModel, PhoneModel)
"""What the region makes on a volume of its own."""


def _check_path(kind: str, given: str) -> None:
    path = PurePosixPath(given)
    if not path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{kind}.path: {given!r} is not allowed: give an absolute path without `..`")
