"""A real server over a repository, while its models come, change and go."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import chat, endless
from watching import Watching, settled, watching_server

from autoglm_serving.model import manifest


@pytest.fixture(scope="module")
def watching(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watching]:
    root, log = tmp_path_factory.mktemp("repository"), tmp_path_factory.mktemp("log") / "log"
    with watching_server(root, tiny_model, log) as watching:
        yield watching


def test_a_repository_without_a_model_is_alive_and_not_ready(watching: Watching):
    assert not watching.ready()
    with watching.server.http() as client:
        assert client.get("/health").status_code == 200
    assert watching.server.post(chat(model="phone")).status_code == 404


def test_a_model_that_appears_is_served(watching: Watching):
    watching.add("phone/1")
    settled(watching.ready)
    answer = watching.server.post(chat(model="phone"))
    assert answer.status_code == 200, answer.text
    assert watching.describe("phone")["version"] == "1"


def test_a_damaged_version_fails_alone_and_names_the_file(watching: Watching):
    folder = watching.root / ".part"
    shutil.copytree(watching.model, folder)
    flip_a_bit(folder / "model.safetensors")
    folder = folder.rename(watching.root / "phone" / "2")
    settled(lambda: watching.states("phone").get("2") == "failed")
    versions = {version["version"]: version for version in watching.describe("phone")["versions"]}
    assert "model.safetensors is damaged" in versions["2"]["reason"]
    assert watching.describe("phone")["version"] == "1"
    assert watching.server.post(chat(model="phone")).status_code == 200
    shutil.copyfile(watching.model / "model.safetensors", folder / "model.safetensors")
    settled(lambda: watching.describe("phone")["version"] == "2")


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_stream_goes_on_over_a_switch_and_no_request_fails_in_it(watching: Watching):
    before = watching.describe("phone")["version"]
    request = endless(3900, model="phone")
    with watching.server.http() as client, client.stream("POST", "/v1/chat/completions", json=request) as stream:
        lines = (line for line in stream.iter_lines() if line)
        next(lines)
        watching.add("phone/3")
        statuses = []
        while watching.describe("phone")["version"] != "3":
            statuses.append(watching.server.post(chat(model="phone", max_tokens=1)).status_code)
        settled(lambda: watching.states("phone")[before] == "retired")
        assert all('"finish_reason":null' in next(lines) for _ in range(20)), "the old version goes on answering"
    assert set(statuses) <= {200}
    with watching.server.http() as client:
        held = f'autoglm:model_version_bytes{{model_name="phone",version="{before}"}} 0.0'
        settled(lambda: held in client.get("/metrics").text)


def test_a_choice_switches_back_and_forth(watching: Watching):
    choice = watching.root / "phone" / "ACTIVE"
    choice.write_text("1\n")
    settled(lambda: watching.describe("phone")["version"] == "1")
    choice.unlink()
    settled(lambda: watching.describe("phone")["version"] == "3")


def test_states_are_in_the_metrics(watching: Watching):
    with watching.server.http() as client:
        text = client.get("/metrics").text
    assert 'autoglm:model_version_state{model_name="phone",state="active",version="3"} 1.0' in text


@pytest.mark.parametrize("name", ["../phone", "phone/1", "/etc/passwd", "phone\x00", "."])
def test_a_name_that_is_a_path_is_no_model(watching: Watching, name: str):
    assert watching.server.post(chat(model=name)).status_code == 404


def test_two_models_are_told_apart_and_one_that_is_removed_is_gone(watching: Watching):
    watching.add("other/1.0.0-rc.1")
    settled(lambda: watching.states("other") == {"1.0.0-rc.1": "active"})
    assert watching.server.post(chat(model="other")).json()["model"] == "other"
    shutil.rmtree(watching.root / "other")
    settled(lambda: watching.describe("other") == {})
    assert watching.server.post(chat(model="other")).status_code == 404
    assert watching.server.post(chat(model="phone")).status_code == 200


def test_a_folder_without_a_manifest_says_how_to_make_it(watching: Watching):
    folder = watching.root / ".part-4"
    shutil.copytree(watching.model, folder)
    (folder / manifest.NAME).unlink()
    folder.rename(watching.root / "phone" / "4")
    settled(lambda: watching.states("phone").get("4") == "failed")
    reasons = {version["version"]: version.get("reason", "") for version in watching.describe("phone")["versions"]}
    assert "sha256sum" in reasons["4"]
