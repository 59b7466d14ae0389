import json
import os
import socket
import time
from pathlib import Path

import pytest

from autoglm_serving.errors import SettingsError
from autoglm_serving.lifecycle.catalogue import CatalogueError
from autoglm_serving.lifecycle.directory import CHOICE, DirectoryCatalogue
from autoglm_serving.lifecycle.state import State, VersionStatus


class Repository:
    """A repository that is looked at an hour later, so that nothing is being copied, unless a test says so."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.later = 3600.0
        self.catalogue = DirectoryCatalogue(root, clock=lambda: time.time() + self.later)

    def add(self, place: str, content: str = "x") -> Path:
        folder = self.root / place
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(content)
        return folder

    def versions(self) -> dict[str, list[str]]:
        wanted = self.catalogue.wanted()
        return {name: [str(candidate.version) for candidate in one.candidates] for name, one in wanted.items()}

    def chosen(self, model: str = "m") -> str:
        return str(self.catalogue.wanted()[model].chosen)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_models_and_versions_are_folders(repository: Repository):
    for place in ("m/1", "m/v2.0.0", "autoglm-phone-9b/1.4.0-rc.1"):
        repository.add(place)
    assert repository.versions() == {"m": ["1", "v2.0.0"], "autoglm-phone-9b": ["1.4.0-rc.1"]}


def test_what_is_no_version_or_no_model_is_left_out_and_told_once(
    repository: Repository, caplog: pytest.LogCaptureFixture
):
    for place in ("m/1", "m/latest", "m/.hidden", "m/007", ".states/1", "lost+found/1", "my model/1"):
        repository.add(place)
    for _ in range(3):
        assert repository.versions() == {"m": ["1"]}
    told = [record.fields["message"] for record in caplog.records]  # type: ignore[attr-defined]
    assert len(told) == 3
    assert any("'latest' is no version: use a semantic version" in message for message in told)
    assert any("'my model' can't be a model's name" in message for message in told)


def test_a_link_out_of_the_repository_is_left_out(repository: Repository, tmp_path_factory: pytest.TempPathFactory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "1").mkdir()
    repository.add("m/1")
    (repository.root / "m" / "2").symlink_to(outside / "1")
    (repository.root / "n").symlink_to(outside)
    (repository.root / "m" / "3").symlink_to(repository.root / "m" / "1")
    assert repository.versions() == {"m": ["1", "3"]}


def test_a_folder_that_is_being_copied_waits_until_it_looks_the_same_twice(repository: Repository):
    repository.add("m/1")
    repository.later = 0
    assert repository.versions() == {}
    repository.add("m/1", "more")
    assert repository.versions() == {}
    assert repository.versions() == {"m": ["1"]}


def test_a_change_is_seen_by_size_or_time(repository: Repository):
    folder = repository.add("m/1")
    seen = [repository.catalogue.wanted()["m"].candidates[0].fingerprint]
    (folder / "config.json").write_text("longer")
    seen.append(repository.catalogue.wanted()["m"].candidates[0].fingerprint)
    os.utime(folder / "config.json", (0, 0))
    seen.append(repository.catalogue.wanted()["m"].candidates[0].fingerprint)
    assert len(set(seen)) == 3
    (folder / ".cache").mkdir()
    assert repository.catalogue.wanted()["m"].candidates[0].fingerprint == seen[-1]


def test_a_file_chooses_the_version(repository: Repository):
    repository.add("m/1")
    repository.add("m/2")
    assert repository.chosen() == "None"
    choice = repository.root / "m" / CHOICE
    choice.write_text("1\n")
    assert repository.chosen() == "1"
    choice.write_text("the first one\n")
    assert repository.chosen() == "1", "the last choice that could be read holds"
    choice.unlink()
    assert repository.chosen() == "None"


def test_an_empty_mount_point_is_no_order_to_unload_everything(repository: Repository):
    folder = repository.add("m/1")
    assert repository.versions()
    (folder / "config.json").unlink()
    folder.rmdir()
    with pytest.raises(CatalogueError, match="taken for a volume that went away"):
        repository.catalogue.wanted()
    repository.root.joinpath("m").rmdir()
    repository.root.rmdir()
    with pytest.raises(CatalogueError, match="No such file"):
        repository.catalogue.wanted()


def test_states_are_written_where_their_folder_is(repository: Repository):
    status = VersionStatus(model="m", version="1", state=State.FAILED, since=1.0, reason="damaged")
    repository.catalogue.publish([status])
    assert not (repository.root / ".states").exists()
    (repository.root / ".states").mkdir()
    repository.catalogue.publish([status])
    written = json.loads((repository.root / ".states" / f"{socket.gethostname()}.json").read_text())
    assert written[0]["state"] == "failed"
    assert written[0]["reason"] == "damaged"


def test_what_can_be_no_repository_is_refused_with_the_way_out(tmp_path: Path):
    with pytest.raises(SettingsError, match="does not exist"):
        DirectoryCatalogue(tmp_path / "none")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(SettingsError, match="is itself a model: use --model"):
        DirectoryCatalogue(tmp_path)
    with pytest.raises(SettingsError, match="is not a folder"):
        DirectoryCatalogue(tmp_path / "config.json")
