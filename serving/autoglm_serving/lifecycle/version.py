"""The version that a folder's name says: semantic (`1.4.0`, `v2.0.0-rc.1`) or an integer (`7`)."""

from dataclasses import dataclass
from typing import Self

from semver import Version as SemVer

MAX_LENGTH = 64


class VersionError(ValueError):
    """A name that is no version."""


@dataclass(frozen=True, order=True)
class Version:
    """Ordered as semver.org says; an integer `7` stands where `7.0.0` does. Made by `parse`."""

    order: SemVer
    text: str
    """As it was written, which is what the API, metrics and the catalogue show."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises VersionError."""
        try:
            if len(text) > MAX_LENGTH:
                raise ValueError
            order = SemVer.parse(text.removeprefix("v"), optional_minor_and_patch=True)
        except (ValueError, TypeError):
            raise VersionError(
                f"{text[:MAX_LENGTH]!r} is no version: use a semantic version as 1.4.0, or an integer as 7,"
                " without leading zeros"
            ) from None
        return cls(order, text)

    def __str__(self) -> str:
        return self.text
