"""The small types that region files are made of."""

import re
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema
from pydantic.alias_generators import to_camel

from components import quantities
from stacks.shapes import Checked, Shape

# registry[:port]/path[:tag][@digest], https://github.com/distribution/reference
_IMAGE = re.compile(
    r"(?P<path>[a-z0-9][a-zA-Z0-9._:/-]*?)(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@sha256:(?P<digest>[0-9a-f]{64}))?"
)
# Words of tags that are moved to whatever is newest.
_MOVING = frozenset(("latest", "stable", "edge", "nightly", "main", "master", "dev", "develop", "head", "rolling"))
_QUANTITY = r"\d+(\.\d+)?([numkMGTPE]|[KMGTPE]i)?"


class Part(BaseModel):
    """A part of a region file: keys in camelCase, unknown ones refused, unchangeable once read."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, validate_default=True)


def digest(image: str) -> str | None:
    """The digest in an image reference; None where there is none."""
    match = _IMAGE.fullmatch(image)
    return match["digest"] if match else None


def _quantity(value: str) -> str:
    try:
        number = quantities.parse(value)
    except ValueError:  # its text has the value, which may have to stay hidden
        raise ValueError(
            "it is not a Kubernetes quantity: write a number with a suffix, as in 500m, 2 or 4Gi"
        ) from None
    if number <= 0:
        raise ValueError("it is nothing: ask for more than 0")
    return value


def _number_as_text(value: object) -> object:
    """YAML reads `cpu: 1` as a number."""
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _image(value: str) -> str:
    match = _IMAGE.fullmatch(value)
    if not match:
        raise ValueError("it is not an image reference: write registry/name:version or registry/name@sha256:...")
    if match["digest"] is None and (match["tag"] is None or _moves(match["tag"])):
        raise ValueError("it changes under the same name: end it with an exact version or with @sha256:...")
    return value


def _moves(tag: str) -> bool:
    """An exact version has a digit, and none of the words that mean the newest."""
    return not any(map(str.isdigit, tag)) or bool(_MOVING & set(re.split(r"[._-]", tag.lower())))


def _folder(value: str) -> str:
    path = PurePosixPath(value)
    if not path.is_absolute() or ".." in path.parts:
        raise ValueError("it is a path on the nodes, so it must be absolute and without `..`: as in /srv/models/phone")
    return value


Quantity = Annotated[
    str,
    BeforeValidator(_number_as_text),
    Checked(_quantity, {}),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": f"^{_QUANTITY}$"}, {"type": "number"}]}),
]
Label = Annotated[
    str,
    Shape(
        r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?",
        "a DNS label: at most 63 of a-z, 0-9 and -, with a letter or digit at both ends",
    ),
]
ImageRef = Annotated[str, Checked(_image, {"description": "An image with an exact version or a digest."})]
Folder = Annotated[str, Checked(_folder, {"pattern": "^/", "description": "An absolute path on the nodes."})]
ModelName = Annotated[
    str,
    Shape(
        r"[a-z0-9]([-._a-z0-9]{0,98}[a-z0-9])?",
        "a name that a folder can have: at most 100 of a-z, 0-9, -, . and _, as in autoglm-phone-9b",
    ),
]
