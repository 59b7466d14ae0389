"""The small types that region files are made of."""

import re
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

from components import quantities

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
# registry[:port]/path[:tag][@digest], https://github.com/distribution/reference
_IMAGE = re.compile(
    r"(?P<path>[a-z0-9][a-zA-Z0-9._:/-]*?)(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@sha256:(?P<digest>[0-9a-f]{64}))?"
)
_MODEL = re.compile(r"[a-z0-9]([-._a-z0-9]{0,98}[a-z0-9])?")


class Part(BaseModel):
    """A part of a region file: keys in camelCase, unknown ones refused, unchangeable once read."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, validate_default=True)


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


def _label(value: str) -> str:
    if not _LABEL.fullmatch(value):
        raise ValueError("it must be a DNS label: at most 63 of a-z, 0-9 and -, with a letter or digit at both ends")
    return value


def _image(value: str) -> str:
    match = _IMAGE.fullmatch(value)
    if not match:
        raise ValueError("it is not an image reference: write registry/name:version or registry/name@sha256:...")
    if match["digest"] is None and match["tag"] in (None, "latest"):
        raise ValueError("it changes under the same name: end it with an exact version or with @sha256:...")
    return value


def _folder(value: str) -> str:
    path = PurePosixPath(value)
    if not path.is_absolute() or ".." in path.parts:
        raise ValueError("it is a path on the nodes, so it must be absolute and without `..`: as in /srv/models/phone")
    return value


def _model_name(value: str) -> str:
    if not _MODEL.fullmatch(value):
        raise ValueError("it is a folder's name too: use at most 100 of a-z, 0-9, -, . and _, as in autoglm-phone-9b")
    return value


Quantity = Annotated[str, BeforeValidator(_number_as_text), AfterValidator(_quantity)]
Label = Annotated[str, AfterValidator(_label)]
ImageRef = Annotated[str, AfterValidator(_image)]
Folder = Annotated[str, AfterValidator(_folder)]
ModelName = Annotated[str, AfterValidator(_model_name)]
