import os
import subprocess
import sys
from contextlib import nullcontext

import pytest

from tests.tools.images.reading import read
from tools.images.archive import Settings
from tools.images.layers import FileDigests, Layer, layer_of
from tools.images.nodes import program, text
from tools.images.recipe import Recipe
from tools.images.store import build
from tools.paths import ROOT


class Counted:
    """Recipes of one image, of a costly layer under a cheap one, which count how often the costly one is made."""

    def __init__(self):
        self.made = 0
        self.app = "one"
        self.broken = False

    def nodes(self, _log):
        self.made += 1
        if self.broken:
            raise RuntimeError("killed")
        return nullcontext([text("costly", "c" * 10_000)])

    def thing(self, _log):
        layers = (Layer("costly-1", self.nodes), layer_of("app", [text("app", self.app)]))
        return Recipe(name="thing", version="1.0", layers=layers, settings=Settings())


@pytest.fixture
def counted():
    return Counted()


@pytest.fixture
def make(tmp_path, counted):
    def make():
        return build(["thing"], tmp_path / "log", {"thing": counted.thing}, tmp_path / "images")["thing"]

    return make


def test_an_image_is_named_after_its_content(make):
    image = make()
    assert image.ref.startswith("localhost/autoglm/thing:1.0-")
    assert len(image.ref.rpartition("-")[2]) == 12
    assert read(image.archive).index["manifests"][0]["annotations"]["io.containerd.image.name"] == image.ref
    assert image.size == image.archive.stat().st_size > 10_000


def test_nothing_changed_writes_nothing(make, counted):
    first = make()
    inode = first.archive.stat().st_ino
    assert make() == first
    assert first.archive.stat().st_ino == inode
    assert counted.made == 1


def test_a_change_above_leaves_the_layer_below_and_takes_a_new_name(make, counted):
    first = make()
    counted.app = "two"
    second = make()
    assert second.ref != first.ref
    assert counted.made == 1
    assert read(second.archive).contents == [{"costly": b"c" * 10_000}, {"app": b"two"}]
    assert list(second.archive.parent.glob("*.tar")) == [second.archive]  # the older one is gone


def test_a_failed_build_keeps_the_older_image(make, counted, tmp_path):
    first = make()
    first.archive.rename(first.archive.with_name("thing@0.9-000000000000.tar"))
    (tmp_path / "images/thing@1.0-ffffffffffff.part").write_text("left by a kill")
    counted.broken = True
    counted.thing = lambda _log: Recipe(
        name="thing", version="1.1", layers=(Layer("costly-2", counted.nodes),), settings=Settings()
    )
    with pytest.raises(RuntimeError, match="killed"):
        make_again(tmp_path, counted)
    assert [path.name for path in (tmp_path / "images").glob("thing*")] == ["thing@0.9-000000000000.tar"]


def make_again(tmp_path, counted):
    build(["thing"], tmp_path / "log", {"thing": counted.thing}, tmp_path / "images")


def test_a_killed_build_leaves_nothing_and_the_next_one_is_whole(make, tmp_path):
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from tools.images.archive import ArchiveWriter\n"
        "from tools.images.nodes import text\n"
        "with ArchiveWriter(Path(sys.argv[1])) as writer:\n"
        "    writer.add_layer('costly-1', [text('costly', 'half')])\n"
        "    print('half', flush=True)\n"
        "    time.sleep(60)\n"
    )
    (tmp_path / "images").mkdir()
    archive = tmp_path / "images/thing@1.0-0123456789ab.tar"
    with subprocess.Popen([sys.executable, "-c", program, archive], cwd=ROOT, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"half\n"
        child.kill()
    assert [path.suffix for path in archive.parent.iterdir()] == [".part"]
    image = make()
    assert read(image.archive).contents[0] == {"costly": b"c" * 10_000}
    assert list(archive.parent.glob("*.part")) == []


def test_an_unknown_name_is_refused_with_the_known_ones(tmp_path, counted):
    with pytest.raises(ValueError, match=r"no image named other; there are thing"):
        build(["thing", "other"], tmp_path / "log", {"thing": counted.thing}, tmp_path / "images")
    assert counted.made == 0


@pytest.mark.parametrize(
    "change",
    [
        {"version": "1.1"},
        {"layers": (layer_of("app", [text("app", "other")]),)},
        {"layers": (layer_of("app", [text("app", "app", 0o600)]),)},
        {"layers": (layer_of("app", [text("other", "app")]),)},
        {"settings": Settings(environment={"A": "b"})},
        {"settings": Settings(user="0:0")},
    ],
    ids=str,
)
def test_whatever_goes_in_changes_the_name(change):
    inputs = {"name": "a", "version": "1.0", "layers": (layer_of("app", [text("app", "app")]),), "settings": Settings()}
    assert Recipe(**inputs).ref == Recipe(**inputs).ref
    assert Recipe(**{**inputs, **change}).ref != Recipe(**inputs).ref


def test_a_rebuilt_program_changes_the_name(tmp_path):
    (tmp_path / "thing").write_text("one")
    before = layer_of("thing", [program("thing", tmp_path / "thing")]).key
    os.utime(tmp_path / "thing", (1, 1))
    assert layer_of("thing", [program("thing", tmp_path / "thing")]).key == before
    (tmp_path / "thing").write_text("two")
    assert layer_of("thing", [program("thing", tmp_path / "thing")]).key != before


def test_digests_are_remembered_until_the_file_changes(tmp_path):
    (tmp_path / "file").write_text("one")
    with FileDigests(tmp_path / "memory") as digests:
        first = digests.of(tmp_path / "file")
    (tmp_path / "memory").write_text((tmp_path / "memory").read_text().replace(first, "remembered"))
    with FileDigests(tmp_path / "memory") as digests:
        assert digests.of(tmp_path / "file") == "remembered"
        (tmp_path / "file").write_text("longer")
        assert digests.of(tmp_path / "file") not in (first, "remembered")


def test_a_spoilt_memory_of_digests_is_forgotten(tmp_path):
    (tmp_path / "memory").write_text("{")
    (tmp_path / "file").write_text("one")
    with FileDigests(tmp_path / "memory") as digests:
        assert len(digests.of(tmp_path / "file")) == 64
