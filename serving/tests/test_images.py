import base64
import io
import struct
import zlib

import pytest
from harness import data_url, png
from PIL import Image

from autoglm_serving.images import ImageError, decode

LIMIT = 5_000_000


def refused(url: str) -> str:
    with pytest.raises(ImageError) as caught:
        decode(url, max_pixels=LIMIT)
    return str(caught.value)


def encoded(image: Image.Image, kind: str) -> str:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return data_url(buffer.getvalue(), f"image/{kind.lower()}")


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes whose header claims this size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9999))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_screenshots_are_decoded(kind: str):
    image = decode(encoded(Image.new("RGB", (1080, 2400), "red"), kind), max_pixels=LIMIT)
    assert (image.mode, image.size) == ("RGB", (1080, 2400))


@pytest.mark.parametrize("mode", ["L", "P", "LA", "1", "I;16", "RGBA"])
def test_every_mode_of_png_becomes_rgb(mode: str):
    assert decode(encoded(Image.new(mode, (40, 40)), "PNG"), max_pixels=LIMIT).mode == "RGB"


def test_transparent_parts_become_white():
    image = decode(encoded(Image.new("RGBA", (8, 8), (0, 0, 0, 0)), "PNG"), max_pixels=LIMIT)
    assert image.getpixel((0, 0)) == (255, 255, 255)


def test_one_pixel_is_an_image():
    assert decode(data_url(png(1, 1)), max_pixels=LIMIT).size == (1, 1)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://example.com/a.png",
        "file:///etc/passwd",
        "/etc/passwd",
        "",
        "data:text/html;base64,AAAA",
        "data:image/png,abc",
    ],
)
def test_links_and_files_are_refused_with_the_fix(url: str):
    assert "data:image/png;base64" in refused(url)


def test_bad_base64_is_refused():
    assert "not valid base64" in refused("data:image/png;base64,@@@@")
    assert "not valid base64" in refused("data:image/png;base64,ä")


@pytest.mark.parametrize(
    "content", [b"", b"hello", png(64, 64)[:120], b"\x89PNG\r\n\x1a\n" + bytes(50), b"GIF89a" + bytes(9)]
)
def test_damaged_and_other_formats_are_refused(content: bytes):
    assert "can't be decoded" in refused(data_url(content))


def test_a_decompression_bomb_is_refused_by_its_header():
    for side in (3_000, 60_000):
        content = bomb(side, side)
        assert len(content) < 300
        assert "more" in (message := refused(data_url(content)))
        assert "the 5000000 allowed" in message


def test_a_png_with_a_bomb_of_text_is_refused():
    image = png(64, 64)
    text = b"zTXt" + b"k\0\0" + zlib.compress(bytes(100_000_000))
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    assert "can't be decoded" in refused(data_url(image[:33] + chunk + image[33:]))


def test_a_ribbon_is_refused():
    assert "200 times" in refused(data_url(png(2001, 10)))
    assert "200 times" in refused(data_url(bomb(1, 1_000_000)))


def test_whitespace_around_a_type_does_not_matter_but_case_may_differ():
    url = "DATA:Image/PNG;Base64," + base64.b64encode(png(4, 4)).decode()
    assert decode(url, max_pixels=LIMIT).size == (4, 4)


def test_a_jpeg_of_thousands_of_scans_is_refused_before_it_is_decoded():
    """A few bytes a scan, and each goes over all pixels: minutes of work in a small file."""
    buffer = io.BytesIO()
    Image.new("RGB", (512, 512), "red").save(buffer, "JPEG", progressive=True)
    content = buffer.getvalue()
    assert decode(data_url(content, "image/jpeg"), max_pixels=LIMIT).size == (512, 512)
    last = content[content.rindex(b"\xff\xda") : -2]
    assert "scans" in refused(data_url(content[:-2] + last * 5000 + content[-2:], "image/jpeg"))
