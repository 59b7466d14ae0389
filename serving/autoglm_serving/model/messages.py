"""A chat between the API and the model: plain data, so that neither imports the other's libraries."""

from dataclasses import dataclass

from PIL import Image


class PromptError(Exception):
    """A message for the client."""


class PromptTooLong(PromptError):
    """More tokens than the context holds."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """`parts` are texts and RGB images, in the order of the request."""

    role: str
    parts: tuple[str | Image.Image, ...]

    @property
    def images(self) -> list[Image.Image]:
        return [part for part in self.parts if isinstance(part, Image.Image)]
