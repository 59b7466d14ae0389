"""From the `url` of an image part to pixels. Only data URLs: a server that fetches links can be sent anywhere."""

import base64
import binascii
import io
import re
import warnings

from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP")
"""What screenshots come as; every other decoder of PIL stays out of reach."""

MAX_ASPECT_RATIO = 200
"""GLM-4V's image processor refuses more."""

MAX_SCANS = 64
"""Of a JPEG. A progressive one has about ten; each goes over the whole image, and a few bytes make one."""

_SCAN = b"\xff\xda"
_DATA_URL = re.compile(r"data:image/[a-z0-9.+-]+;base64,", re.IGNORECASE)


class ImageError(Exception):
    """A message for the client."""


def decode(url: str, *, max_pixels: int) -> Image.Image:
    """An RGB image of at most `max_pixels`; transparent parts become white. Raises ImageError."""
    prefix = _DATA_URL.match(url)
    if prefix is None:
        raise ImageError(
            "only images inside the request are accepted, as 'data:image/png;base64,…': links are never fetched"
        )
    try:
        content = base64.b64decode(url[prefix.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise ImageError("the data after 'base64,' is not valid base64") from None
    try:
        with warnings.catch_warnings():
            # PIL's own limit warns before it refuses; ours comes first, by the size in the header.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=FORMATS)
            _check_size(image, max_pixels)
            _check_scans(image, content)
            image.load()
            return _rgb(image)
    except ImageError:
        raise
    except Image.DecompressionBombError:
        raise ImageError(f"the image has far more pixels than the {max_pixels} allowed") from None
    except Exception:
        # PIL's decoders raise many kinds of errors on hostile input; each means the same to the client.
        raise ImageError(f"the image can't be decoded: it is damaged or not one of {', '.join(FORMATS)}") from None


def _check_size(image: Image.Image, max_pixels: int) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise ImageError(f"the image has {width}x{height} pixels, more than the {max_pixels} allowed")
    if max(width, height) > MAX_ASPECT_RATIO * min(width, height):
        raise ImageError(f"the image of {width}x{height} pixels is more than {MAX_ASPECT_RATIO} times longer than wide")


def _check_scans(image: Image.Image, content: bytes) -> None:
    """Within a scan's data, 0xff is always followed by another byte."""
    scans = content.count(_SCAN)
    if image.format == "JPEG" and scans > MAX_SCANS:
        raise ImageError(f"the JPEG image has {scans} scans, more than the {MAX_SCANS} allowed")


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA" and "transparency" not in image.info:
        return image.convert("RGB")
    opaque = image.convert("RGBA")
    background = Image.new("RGBA", opaque.size, "white")
    return Image.alpha_composite(background, opaque).convert("RGB")
