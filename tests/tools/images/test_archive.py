import os
import tarfile

import pytest

from tests.tools.images.reading import read
from tools.images.archive import LAYER_KEY, ArchiveWriter, Settings, stored_layers
from tools.images.nodes import folder, link, program, text, tree

REF = "localhost/autoglm/thing:1-0123456789ab"
SETTINGS = Settings(entrypoint=["/thing"], command=["--help"], environment={"A": "b"}, labels={"l": "m"})


def write(path, *layers, ref=REF):
    with ArchiveWriter(path) as writer:
        for number, nodes in enumerate(layers):
            writer.add_layer(f"layer-{number}", nodes)
        writer.finish(ref, SETTINGS)


def test_a_runtime_finds_name_configuration_and_layers_by_their_digests(tmp_path):
    write(tmp_path / "a.tar", [text("etc/passwd", "root"), folder("tmp", 0o1777)], [link("thing", "etc/passwd")])
    image = read(tmp_path / "a.tar")
    annotations = image.index["manifests"][0]["annotations"]
    assert annotations == {"io.containerd.image.name": REF, "org.opencontainers.image.ref.name": REF}
    assert [layer["annotations"][LAYER_KEY] for layer in image.manifest["layers"]] == ["layer-0", "layer-1"]
    # The layers are not compressed, so the digest of what is stored is that of what is unpacked.
    assert image.config["rootfs"]["diff_ids"] == [layer["digest"] for layer in image.manifest["layers"]]
    assert image.config["os"] == "linux"
    assert image.config["config"] == {
        "User": "65532:65532",
        "Env": ["A=b"],
        "Entrypoint": ["/thing"],
        "Cmd": ["--help"],
        "WorkingDir": "/",
        "Labels": {"l": "m"},
    }
    assert image.contents == [{"etc/passwd": b"root"}, {}]
    assert [(m.name, m.mode) for m in image.layers[0]] == [("etc", 0o755), ("etc/passwd", 0o644), ("tmp", 0o1777)]
    assert image.layers[1][0].linkname == "etc/passwd"


def test_nothing_of_this_machine_gets_into_a_layer(tmp_path):
    (tmp_path / "thing").write_bytes(b"x" * 100_000)
    os.utime(tmp_path / "thing", (1e9, 1e9))
    write(tmp_path / "a.tar", [program("thing", tmp_path / "thing")])
    (member,) = read(tmp_path / "a.tar").layers[0]
    assert (member.uid, member.gid, member.uname, member.gname, member.mtime) == (0, 0, "", "", 0)
    assert member.pax_headers == {}


def test_equal_content_gives_equal_bytes_whatever_the_order_and_the_times(tmp_path):
    for name, order in (("one", "abc"), ("two", "cba")):
        (tmp_path / name).mkdir()
        for letter in order:
            (tmp_path / name / letter).write_text(letter)
            os.utime(tmp_path / name / letter, (ord(letter), len(name) + hash(name) % 1000))
        write(tmp_path / f"{name}.tar", tree(tmp_path / name))
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_long_and_non_ascii_names_survive(tmp_path):
    name = "usr/" + "d" * 90 + "/" + "名" * 60
    write(tmp_path / "a.tar", [text(name, "x")])
    assert read(tmp_path / "a.tar").contents == [{name: b"x"}]


def test_a_layer_copied_from_another_archive_is_the_same_layer(tmp_path):
    base = [text("base", "b" * 3_000_001)]
    write(tmp_path / "old.tar", base, [text("app", "1")])
    write(tmp_path / "fresh.tar", base, [text("app", "2")])
    with ArchiveWriter(tmp_path / "new.tar") as writer:
        writer.copy_layer("layer-0", tmp_path / "old.tar", stored_layers(tmp_path / "old.tar")["layer-0"])
        writer.add_layer("layer-1", [text("app", "2")])
        writer.finish(REF, SETTINGS)
    assert (tmp_path / "new.tar").read_bytes() == (tmp_path / "fresh.tar").read_bytes()


def test_a_truncated_archive_is_no_source_of_layers(tmp_path):
    write(tmp_path / "old.tar", [text("base", "b" * 100_000)])
    (blob,) = stored_layers(tmp_path / "old.tar").values()
    os.truncate(tmp_path / "old.tar", blob.offset + 5000)
    with pytest.raises(OSError, match=r"old\.tar: ends inside"), ArchiveWriter(tmp_path / "new.tar") as writer:
        writer.copy_layer("layer-0", tmp_path / "old.tar", blob)
    assert not (tmp_path / "new.tar").exists()


def test_a_layer_that_fails_leaves_nothing(tmp_path):
    def broken():
        yield text("a", "a")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        write(tmp_path / "a.tar", broken())
    assert list(tmp_path.iterdir()) == []


def test_any_tar_reads_the_archive_to_its_end(tmp_path):
    write(tmp_path / "a.tar", [text("a", "a")])
    with tarfile.open(tmp_path / "a.tar", "r|") as stream:
        names = [member.name for member in stream]
    assert names[-2:] == ["oci-layout", "index.json"]
    assert all(name.startswith("blobs/sha256/") for name in names[:-2])
