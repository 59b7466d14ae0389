"""What must hold of any source, shown on Hugging Face's: whole or not at all, resumed, verified, shared."""

import hashlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from harness import command, environment, eventually
from source_servers import COMMIT, Site, hugging_face, running

from autoglm_serving.model import manifest
from autoglm_serving.sources import download
from autoglm_serving.sources.base import SourceError
from autoglm_serving.sources.fetch import Wish, fetch

CHUNK = 10_000
WEIGHTS = hashlib.shake_128(b"weights").digest(95_123)
FILES = {
    "config.json": b'{"model_type": "glm4v"}',
    "model.safetensors": WEIGHTS,
    "sub/empty.txt": b"",
    "pytorch_model.bin": b"a pickle",
    ".gitattributes": b"*",
}
KEPT = ["config.json", "model.safetensors", "sub/empty.txt"]
HERE = "hf://zai-org/phone"
PLACE = f"/zai-org/phone/resolve/{COMMIT}/model.safetensors"
FAST = Wish(transfer=download.Options(chunk=CHUNK, connections=4, pause=lambda seconds: None))


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with running(Site()) as site:
        hugging_face(site, FILES)
        monkeypatch.setenv("HF_ENDPOINT", site.url)
        yield site


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "phone"


def good(folder: Path) -> bool:
    return manifest.verify(folder) == {name: len(FILES[name]) for name in KEPT}


def refused(folder: Path, location: str = HERE, wish: Wish = FAST) -> str:
    with pytest.raises(SourceError) as caught:
        fetch(location, folder, wish)
    assert not folder.exists()
    return str(caught.value)


def test_a_model_comes_whole_in_ranges_without_pickles_and_notes(site: Site, folder: Path):
    assert "3 files, 95146 bytes" in fetch(HERE, folder, FAST)
    assert good(folder)
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    asked = site.file_requests(PLACE)
    assert sorted(asked) == sorted(f"bytes={start}-{min(start + CHUNK, 95123) - 1}" for start in range(0, 95123, CHUNK))
    left = sorted(path.name for path in folder.parent.iterdir())
    assert left == [".phone.lock", "phone"]


def test_a_folder_that_is_there_is_left_alone(site: Site, folder: Path):
    fetch(HERE, folder, FAST)
    site.log.clear()
    assert "already there" in fetch(HERE, folder, FAST)
    assert site.log == []


def test_an_answer_that_breaks_off_is_gone_on_with_at_the_missing_byte(site: Site, folder: Path):
    site.cut_after[PLACE] = [3000]
    fetch(HERE, folder, FAST)
    assert good(folder)
    starts = [int(asked.removeprefix("bytes=").split("-")[0]) for asked in site.file_requests(PLACE)]
    assert len(starts) == 11
    assert sum(start % CHUNK == 3000 for start in starts) == 1


def test_errors_that_pass_are_waited_for(site: Site, folder: Path):
    site.errors[PLACE] = 3
    fetch(HERE, folder, FAST)
    assert good(folder)


def test_errors_that_stay_end_it_and_the_next_run_goes_on(site: Site, folder: Path):
    one = Wish(transfer=download.Options(chunk=CHUNK, connections=1, pause=lambda seconds: None))
    site.cut_after[PLACE] = [CHUNK, CHUNK, 0, 0, 0, 0, 0, 0, 0]
    assert "did not come, 6 times in a row" in refused(folder, wish=one)
    site.cut_after.clear()
    site.log.clear()
    fetch(HERE, folder, one)
    assert good(folder)
    assert len(site.file_requests(PLACE)) == 8, "two of the ten ranges were there"


def test_a_killed_download_is_gone_on_with(site: Site, folder: Path):
    weights = hashlib.shake_128(b"more").digest(download.CHUNK + 5)
    hugging_face(site, FILES | {"model.safetensors": weights})
    site.held, site.held_from = threading.Event(), download.CHUNK
    notes = folder.parent / ".phone.part" / download.NOTES / "model.safetensors"
    argv = command("fetch", HERE, folder)
    with subprocess.Popen(argv, env=environment() | {"HF_ENDPOINT": site.url}, stdout=subprocess.DEVNULL) as process:
        eventually(lambda: notes.exists() and notes.read_text().endswith("\n0\n"), 60)
        os.kill(process.pid, signal.SIGKILL)
    assert not folder.exists()
    site.held.set()
    site.log.clear()
    fetch(HERE, folder, Wish())
    assert (folder / "model.safetensors").read_bytes() == weights
    assert site.file_requests(PLACE) == [f"bytes={download.CHUNK}-{download.CHUNK + 4}"]


def test_a_server_that_sends_whole_files_only_will_do(site: Site, folder: Path):
    site.ranges = False
    fetch(HERE, folder, FAST)
    assert good(folder)


def test_a_lie_about_the_size_is_found(site: Site, folder: Path):
    site.lie_about_size = 1
    assert "the list of files says" in refused(folder)


def test_more_bytes_than_asked_for_are_refused(site: Site, folder: Path):
    site.too_much = b"x"
    assert "sends more bytes than were asked for" in refused(folder)


def test_a_short_file_is_refused(site: Site, folder: Path):
    site.ranges = False
    site.contents[PLACE] = WEIGHTS[:-1]
    assert "model.safetensors has 95122 bytes, but the list of files says 95123" in refused(folder)


def test_wrong_content_is_fetched_once_more_and_then_refused(site: Site, folder: Path):
    site.contents[PLACE] = WEIGHTS[:-1] + b"!"
    message = refused(folder)
    assert "model.safetensors came twice with the SHA-256" in message
    assert len(site.file_requests(PLACE)) == 20
    site.contents[PLACE] = WEIGHTS
    fetch(HERE, folder, FAST)
    assert good(folder)


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "a\\evil", ""])
def test_a_name_that_leads_out_of_the_folder_is_refused(site: Site, folder: Path, name: str):
    hugging_face(site, FILES | {name: b"x"})
    assert "leads out of the model's folder" in refused(folder)
    assert not list(folder.parent.parent.rglob("evil"))


def test_offline_nothing_is_asked(site: Site, folder: Path):
    offline = Wish(offline=True)
    assert "--offline" in refused(folder, wish=offline)
    assert site.log == []
    fetch(HERE, folder, FAST)
    site.log.clear()
    assert "already there" in fetch(HERE, folder, offline)
    assert site.log == []


def test_a_full_disk_is_told_before_anything_is_fetched(site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=1000))
    assert "1000 are free: make room" in refused(folder)
    assert site.file_requests(PLACE) == []


def test_a_disk_that_fills_up_keeps_what_has_arrived(site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch):
    def full(descriptor: int, data: bytes, position: int) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.pwrite", full)
        assert "No space left on device; what has arrived is kept" in refused(folder)
    fetch(HERE, folder, FAST)
    assert good(folder)


def test_another_folder_is_not_overwritten(site: Site, folder: Path):
    folder.mkdir(parents=True)
    (folder / "precious").write_text("x")
    with pytest.raises(SourceError, match="was not fetched: choose another"):
        fetch(HERE, folder, FAST)
    (folder / "precious").unlink()
    fetch(HERE, folder, FAST)
    with pytest.raises(SourceError, match="holds hf://zai-org/phone, not"):
        fetch("hf://zai-org/other", folder, FAST)
    assert good(folder)


def test_a_damaged_folder_is_repaired_and_only_what_is_damaged_is_fetched(site: Site, folder: Path):
    fetch(HERE, folder, FAST)
    weights = folder / "model.safetensors"
    weights.write_bytes(WEIGHTS[:-1] + b"!")
    assert "already there" in fetch(HERE, folder, FAST), "sizes are right, and `serve` reads it all anyway"
    site.log.clear()
    fetch(HERE, folder, Wish(verify=True, transfer=FAST.transfer))
    assert good(folder)
    assert not site.file_requests(PLACE.replace("model.safetensors", "config.json"))
    weights.unlink()
    fetch(HERE, folder, FAST)
    assert good(folder)


def test_a_pinned_manifest_is_compared(site: Site, folder: Path):
    assert "this is another model" in refused(folder, wish=Wish(sha256="0" * 64, transfer=FAST.transfer))
    fetch(HERE, folder, FAST)
    pin = hashlib.sha256((folder / manifest.NAME).read_bytes()).hexdigest()
    assert "already there" in fetch(HERE, folder, Wish(sha256=pin))


def test_of_two_processes_one_fetches_and_the_other_waits(site: Site, folder: Path):
    site.held = threading.Event()
    argv = command("fetch", HERE, folder)
    both = [
        subprocess.Popen(argv, env=environment() | {"HF_ENDPOINT": site.url}, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    eventually(lambda: site.file_requests(PLACE), 60)
    site.held.set()
    outputs = [process.communicate(timeout=100)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert len(site.file_requests(PLACE)) == 1
    assert sorted("already there" in output for output in outputs) == [False, True]
    assert good(folder)


def test_the_token_is_sent_and_never_told(site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch):
    site.needs = {"Authorization": "Bearer hf_secret"}
    message = refused(folder)
    assert "answers 401: the credentials are missing or wrong" in message
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch(HERE, folder, FAST)
    assert good(folder)
    assert "hf_secret" not in message + (folder / ".source.json").read_text()
