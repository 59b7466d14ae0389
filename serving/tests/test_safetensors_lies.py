"""Weights whose SHA-256 is right and which are still no weights: each is refused, with the file's name."""

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autoglm_serving.errors import ModelError
from autoglm_serving.loading import load_folder
from autoglm_serving.model import manifest
from autoglm_serving.settings import ServeSettings

Header = dict[str, Any]


def split(content: bytes) -> tuple[Header, bytes]:
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def join(header: Header, data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def changed(change: Callable[[Header, Header], None]) -> Callable[[bytes], bytes]:
    """`change` gets the header and the entry of the largest tensor."""

    def apply(content: bytes) -> bytes:
        header, data = split(content)
        entries = [entry for name, entry in header.items() if name != "__metadata__"]
        change(header, max(entries, key=lambda entry: entry["data_offsets"][1] - entry["data_offsets"][0]))
        return join(header, data)

    return apply


LIES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "truncated": lambda content: content[:-1],
    "trailing bytes": lambda content: content + b"\0",
    "huge header": lambda content: struct.pack("<Q", 2**62) + content[8:],
    "header beyond the file": lambda content: struct.pack("<Q", len(content)) + content[8:],
    "header that is no JSON": lambda content: content[:8] + b"]" + content[9:],
    "a pickle by another name": lambda content: b"\x80\x04\x95" + content[3:],
    "shape larger than its data": changed(lambda header, entry: entry["shape"].append(2)),
    "shape of another order": changed(lambda header, entry: entry["shape"].reverse()),
    "shape that overflows": changed(lambda header, entry: entry.update(shape=[2**40, 2**40])),
    "negative shape": changed(lambda header, entry: entry["shape"].insert(0, -1)),
    "another type": changed(lambda header, entry: entry.update(dtype="F16" if entry["dtype"] != "F16" else "F32")),
    "offsets beyond the file": changed(lambda header, entry: entry.update(data_offsets=[0, 2**50])),
    "offsets backwards": changed(lambda header, entry: entry["data_offsets"].reverse()),
    "no tensors": lambda content: join({}, b""),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_refused_though_its_sum_is_right(name: str, tiny_model: Path, tmp_path: Path):
    folder = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    weights = folder / "model.safetensors"
    weights.write_bytes(LIES[name](weights.read_bytes()))
    (folder / manifest.NAME).unlink()
    manifest.write(folder)
    manifest.verify(folder)
    with pytest.raises(ModelError) as caught:
        load_folder(ServeSettings(model=folder), folder, name="m", version="1")
    assert str(folder) in str(caught.value)
