"""Reads an OCI archive as a container runtime does: every blob by its digest, which is checked."""

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Read:
    index: dict[str, Any]
    manifest: dict[str, Any]
    config: dict[str, Any]
    layers: list[list[tarfile.TarInfo]]
    contents: list[dict[str, bytes]]  # of the files of each layer


def read(archive: Path) -> Read:
    with tarfile.open(archive) as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar}

    def blob(descriptor: dict[str, Any]) -> bytes:
        algorithm, digest = descriptor["digest"].split(":")
        content = files[f"blobs/{algorithm}/{digest}"]
        assert hashlib.sha256(content).hexdigest() == digest
        assert len(content) == descriptor["size"]
        return content

    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    index = json.loads(files["index.json"])
    manifest = json.loads(blob(index["manifests"][0]))
    config = json.loads(blob(manifest["config"]))
    layers, contents = [], []
    for descriptor in manifest["layers"]:
        with tarfile.open(fileobj=io.BytesIO(blob(descriptor))) as layer:
            layers.append(layer.getmembers())
            contents.append({m.name: layer.extractfile(m).read() for m in layer.getmembers() if m.isfile()})
    return Read(index, manifest, config, layers, contents)
