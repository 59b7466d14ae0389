"""OCI image archives: an image layout (OCI image-spec 1.1, image-layout.md) in a tar file, written without a daemon.

A layer goes straight into the archive while its SHA-256 is taken, so gigabytes are neither held in memory nor written
twice: its header, whose name is the digest, is filled in afterwards. Equal content gives equal bytes: sorted paths, no
times, numeric owners, no extended attributes.
"""

import hashlib
import io
import json
import os
import platform
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from tools.images.nodes import Node, ordered

LAYER_KEY = "autoglm.layer.key"  # annotation of a layer: what it was made from
LAYER = "application/vnd.oci.image.layer.v1.tar"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}  # as the kernel names them: as OCI does

BLOCK = tarfile.BLOCKSIZE
COPY_BUFFER = 1 << 20  # bytes


@dataclass(frozen=True)
class Blob:
    """Where a blob lies in an archive, and its digest (`sha256:…`); offset and size in bytes."""

    digest: str
    offset: int
    size: int


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a container of the image starts: the `config` of an OCI image."""

    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = "65532:65532"
    folder: str = "/"
    labels: Mapping[str, str] = field(default_factory=dict)

    def as_oci(self) -> dict[str, Any]:
        return {
            "User": self.user,
            "Env": [f"{name}={value}" for name, value in self.environment.items()],
            "Entrypoint": list(self.entrypoint),
            "Cmd": list(self.command),
            "WorkingDir": self.folder,
            "Labels": dict(self.labels),
        }


class ArchiveWriter:
    """Writes one image to `path`, which exists only once it is whole; a context manager, ended by `finish`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_suffix(".part")
        self._layers: list[tuple[str, Blob]] = []

    def __enter__(self) -> Self:
        self._file: IO[bytes] = open(self._part, "wb")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)

    def add_layer(self, key: str, nodes: Iterable[Node]) -> Blob:
        """Append a layer of `nodes`; `key` says what it was made from, for `stored_layer` to find it again."""
        with self._blob() as sink:
            _write_tar(sink, nodes)
        return self._layer(key, sink.blob)

    def copy_layer(self, key: str, archive: Path, stored: Blob) -> Blob:
        """Append a layer that another archive holds; the kernel moves the bytes."""
        start = self._file.tell()
        self._header(stored.digest, stored.size)
        self._file.flush()
        with open(archive, "rb") as source:
            done = 0
            while done < stored.size:
                moved = os.sendfile(self._file.fileno(), source.fileno(), stored.offset + done, stored.size - done)
                if not moved:
                    raise OSError(f"{archive}: ends inside the layer {stored.digest}; delete the file and build again")
                done += moved
        self._file.seek(0, os.SEEK_END)
        self._pad(stored.size)
        return self._layer(key, Blob(stored.digest, start + BLOCK, stored.size))

    def finish(self, ref: str, settings: Settings) -> None:
        """Append configuration, manifest and index, and give the archive its name."""
        diffs = [blob.digest for _, blob in self._layers]
        config = self._json(
            {
                "architecture": ARCHITECTURES[platform.machine()],
                "os": "linux",
                "config": settings.as_oci(),
                "rootfs": {"type": "layers", "diff_ids": diffs},
                "history": [{"comment": key} for key, _ in self._layers],
            }
        )
        layers = [descriptor(LAYER, blob) | {"annotations": {LAYER_KEY: key}} for key, blob in self._layers]
        manifest = self._json(
            {"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(CONFIG, config), "layers": layers}
        )
        names = {"io.containerd.image.name": ref, "org.opencontainers.image.ref.name": ref}
        index = {
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": [descriptor(MANIFEST, manifest) | {"annotations": names}],
        }
        self._named("oci-layout", {"imageLayoutVersion": "1.0.0"})
        self._named("index.json", index)
        self._file.write(bytes(2 * BLOCK))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._part.rename(self._path)

    def _layer(self, key: str, blob: Blob) -> Blob:
        self._layers.append((key, blob))
        return blob

    @contextmanager
    def _blob(self) -> Iterator["_Sink"]:
        start = self._file.tell()
        self._file.write(bytes(BLOCK))
        sink = _Sink(self._file)
        yield sink
        self._file.seek(start)
        self._header(sink.blob.digest, sink.blob.size)
        self._file.seek(0, os.SEEK_END)
        self._pad(sink.blob.size)

    def _json(self, value: object) -> Blob:
        with self._blob() as sink:
            sink.write(json.dumps(value, sort_keys=True).encode())
        return sink.blob

    def _named(self, name: str, value: object) -> None:
        content = json.dumps(value, sort_keys=True).encode()
        self._file.write(_tar_header(name, len(content)) + content)
        self._pad(len(content))

    def _header(self, digest: str, size: int) -> None:
        self._file.write(_tar_header(f"blobs/{digest.replace(':', '/')}", size))

    def _pad(self, size: int) -> None:
        self._file.write(bytes(-size % BLOCK))


class _Sink:
    """A file-like place for one blob that counts and hashes what passes; all that tarfile asks of its output."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._offset, self._size, self._hash = file, file.tell(), 0, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._hash.update(data)
        self._size += len(data)
        return self._file.write(data)

    def tell(self) -> int:
        return self._size

    @property
    def blob(self) -> Blob:
        return Blob(f"sha256:{self._hash.hexdigest()}", self._offset, self._size)


def descriptor(kind: str, blob: Blob) -> dict[str, Any]:
    return {"mediaType": kind, "digest": blob.digest, "size": blob.size}


def stored_layers(archive: Path) -> dict[str, Blob]:
    """The layers that an archive holds, by their keys; its headers alone are read."""
    with tarfile.open(archive, "r:") as tar:
        members = {member.name: member for member in tar}

        def load(member: tarfile.TarInfo) -> dict[str, Any]:
            content = tar.extractfile(member)
            if content is None:
                raise ValueError(f"{archive}: {member.name} is not a file; delete the archive and build again")
            return dict(json.load(content))

        def blob(digest: str) -> tarfile.TarInfo:
            return members[f"blobs/{digest.replace(':', '/')}"]

        index = load(members["index.json"])
        manifest = load(blob(index["manifests"][0]["digest"]))
        return {
            layer["annotations"][LAYER_KEY]: Blob(layer["digest"], blob(layer["digest"]).offset_data, layer["size"])
            for layer in manifest["layers"]
        }


def _tar_header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.USTAR_FORMAT)


def _write_tar(sink: _Sink, nodes: Iterable[Node]) -> None:
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.PAX_FORMAT, copybufsize=COPY_BUFFER) as tar:  # type: ignore[call-overload]
        for node in ordered(nodes):
            info = tarfile.TarInfo(node.path)
            info.mode = node.mode
            if node.target is not None:
                info.type, info.linkname = tarfile.SYMTYPE, node.target
                tar.addfile(info)
            elif node.source is not None:
                with open(node.source, "rb") as source:
                    info.size = os.fstat(source.fileno()).st_size
                    tar.addfile(info, source)
            elif node.content is not None:
                info.size = len(node.content)
                tar.addfile(info, io.BytesIO(node.content))
            else:
                info.type = tarfile.DIRTYPE
                tar.addfile(info)
