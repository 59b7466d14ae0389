"""A real server over a repository, while its models come, change and go."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import Server, chat, command, endless, environment, eventually, listening_port

from autoglm_serving.model import manifest


def settled(condition: Any) -> None:
    """A load reads a model and tries it, on a machine that may have other work."""
    eventually(condition, seconds=100)


class Watching:
    """A server and the repository it watches."""

    def __init__(self, server: Server, root: Path, model: Path) -> None:
        self.server, self.root, self.model = server, root, model

    def add(self, place: str) -> Path:
        """As an operator does: copied beside, then renamed into place."""
        part = self.root / f".part-{place.replace('/', '-')}"
        shutil.copytree(self.model, part)
        (self.root / place).parent.mkdir(exist_ok=True)
        return part.rename(self.root / place)

    def describe(self, name: str) -> dict[str, Any]:
        with self.server.http() as client:
            listed: list[dict[str, Any]] = client.get("/v1/models").json()["data"]
        return next((model for model in listed if model["id"] == name), {})

    def states(self, name: str) -> dict[str, str]:
        return {version["version"]: version["state"] for version in self.describe(name).get("versions", [])}

    def ready(self) -> bool:
        with self.server.http() as client:
            return client.get("/ready").status_code == 200


@pytest.fixture(scope="module")
def watching(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watching]:
    root = tmp_path_factory.mktemp("repository")
    log = tmp_path_factory.mktemp("log") / "log"
    flags = ["--model-poll-seconds", "0.2", "--model-standby-seconds", "1", "--host", "127.0.0.1", "--port", "0"]
    argv = command("serve", "--model-repository", root, "--threads", "1", "--max-model-len", "4096", *flags)
    with log.open("wb") as output:
        process = subprocess.Popen(argv, stdout=output, stderr=subprocess.STDOUT, env=environment())
    try:
        yield Watching(Server(process, listening_port(process, log), log), root, tiny_model)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()


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


def test_a_stream_ends_on_the_version_it_began_with_and_no_request_fails_in_a_switch(watching: Watching):
    before = watching.describe("phone")["version"]
    with (
        watching.server.http() as client,
        client.stream("POST", "/v1/chat/completions", json=endless(2000, model="phone")) as stream,
    ):
        lines = stream.iter_lines()
        next(lines)
        watching.add("phone/3")
        statuses = []
        while watching.describe("phone")["version"] != "3":
            statuses.append(watching.server.post(chat(model="phone", max_tokens=1)).status_code)
        assert watching.states("phone")[before] in ("ready", "retired")
        rest = "".join(lines)
    assert set(statuses) <= {200}
    assert '"finish_reason":"length"' in rest.replace(" ", "")
    settled(lambda: watching.states("phone")[before] == "retired")


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
