"""What an image is made from, and the name that follows from it."""

import dataclasses
from dataclasses import dataclass

from tools.images.archive import Settings
from tools.images.layers import Layer, key_of
from tools.process import ToolError

REPOSITORY = "localhost/autoglm"
FORMAT = 1  # of what archive.py writes; another number gives every image another tag


class MissingInput(ToolError):
    """Something an image is made from is not there; says what, and the command that makes it."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    name: str
    version: str
    layers: tuple[Layer, ...]
    settings: Settings

    @property
    def tag(self) -> str:
        """`<version>-<12 hexadecimal digits>` of what goes in: equal inputs have equal tags on every machine."""
        inputs = [FORMAT, [layer.key for layer in self.layers], dataclasses.asdict(self.settings)]
        return f"{self.version}-{key_of('', *inputs)[1:13]}"

    @property
    def ref(self) -> str:
        return f"{REPOSITORY}/{self.name}:{self.tag}"
