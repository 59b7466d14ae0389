"""A model's files, and what the tests of every source ask about them."""

import hashlib
from pathlib import Path

import pytest

from autoglm_serving.errors import ServingError
from autoglm_serving.model import manifest
from autoglm_serving.sources import download
from autoglm_serving.sources.fetch import Wish, fetch

WEIGHTS = hashlib.shake_128(b"weights").digest(95_123)
FILES = {"config.json": b"{}", "model.safetensors": WEIGHTS, "sub/tokens.json": b"[]"}
SUMS = "".join(f"{hashlib.sha256(FILES[name]).hexdigest()}  {name}\n" for name in sorted(FILES)).encode()
FAST = Wish(transfer=download.Options(chunk=10_000, connections=4, pause=lambda seconds: None))


def good(folder: Path) -> bool:
    return manifest.verify(folder) == {name: len(content) for name, content in FILES.items()}


def refused(location: str, folder: Path) -> str:
    with pytest.raises(ServingError) as caught:
        fetch(location, folder, FAST)
    assert not folder.exists()
    return str(caught.value)
