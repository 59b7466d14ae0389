"""Which plugin a stack gets: official with credentials, else the stand-in; and each end of a broken download."""

import http.client
import io
import subprocess
import tarfile
import urllib.request

import pytest

from tools import engine, official, plugins
from tools.process import ToolError


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with nothing on it and no credentials, whose server answers."""
    for name, folder in (("BIN", "bin"), ("HOME", "home")):
        monkeypatch.setattr(plugins, name, tmp_path / folder)
    monkeypatch.setattr(official, "reachable", lambda url: True)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.delenv("PULUMI_HOME", raising=False)
    for plugin in plugins.CLOUDS.values():
        for sign in plugin.signs:
            monkeypatch.delenv(sign, raising=False)
    return tmp_path


def installed(monkeypatch, calls, fails=None):
    def run(argv, **options):
        calls.append([str(part) for part in argv])
        if fails:
            raise ToolError(fails)

    monkeypatch.setattr(plugins, "run", run)


def test_a_stack_has_the_plugins_of_its_own_cloud():
    assert list(plugins.of("private")) == ["kubernetes", "random", "tls"]
    assert list(plugins.of("aws")) == ["kubernetes", "random", "tls", "aws"]
    assert list(plugins.of("fleet")) == ["kubernetes", "random", "tls", "aws", "alicloud", "tencentcloud"]


def test_without_credentials_a_cloud_is_stood_in_for(machine, monkeypatch):
    calls = []
    installed(monkeypatch, calls)
    said = plugins.ensure(machine / "log", "alicloud")
    assert said == (
        "kubernetes official, random official, tls official, "
        "alicloud stand-in, as there are no credentials: nothing is made in the cloud"
    )
    assert [call[4] for call in calls] == ["kubernetes", "random", "tls"]
    launcher = machine / "bin" / "pulumi-resource-alicloud"
    assert "-m tools.providers.alicloud" in launcher.read_text()
    assert launcher.stat().st_mode & 0o111
    assert plugins.stands_in("alicloud")
    assert not plugins.stands_in("kubernetes")


def test_with_credentials_the_official_one_takes_the_stand_in_s_place(machine, monkeypatch):
    plugins.write_launcher(machine / "bin" / "pulumi-resource-tencentcloud", "tencentcloud")
    monkeypatch.setenv("TENCENTCLOUD_SECRET_ID", "id")
    calls = []
    installed(monkeypatch, calls)
    assert plugins.ensure(machine / "log", "tencentcloud").endswith("tencentcloud official")
    assert calls[-1][1:] == [
        *("plugin", "install", "resource", "tencentcloud", "0.2.3"),
        *("--server", "github://api.github.com/tencentcloudstack"),
    ]
    assert not plugins.stands_in("tencentcloud")


def test_an_installed_plugin_is_taken_without_asking_the_network(machine, monkeypatch):
    monkeypatch.setattr(official, "reachable", lambda url: pytest.fail("asked the network"))
    for name, plugin in plugins.ALWAYS.items():
        (machine / "home/plugins" / f"resource-{name}-v{plugin.version}").mkdir(parents=True)
    assert plugins.ensure(machine / "log") == "kubernetes official, random official, tls official"


def test_a_download_that_fails_ends_in_the_stand_in(machine, monkeypatch):
    installed(monkeypatch, [], fails="pulumi ended with 1\n    no such host\n    (all of it: log)")
    said = plugins.ensure(machine / "log")
    assert "kubernetes stand-in, as the official one could not be had: pulumi ended with 1," in said
    assert plugins.stands_in("kubernetes")


def test_what_stood_in_once_for_kubernetes_does_so_without_the_network(machine, monkeypatch):
    for name in plugins.ALWAYS:
        plugins.write_launcher(machine / "bin" / f"pulumi-resource-{name}", name)
    monkeypatch.setattr(official, "reachable", lambda url: pytest.fail("asked the network"))
    assert plugins.ensure(machine / "log") == "kubernetes stand-in, random stand-in, tls stand-in"


@pytest.mark.parametrize(
    ("variable", "value", "there"),
    [("AWS_PROFILE", "me", True), ("AWS_PROFILE", "", False), ("ALICLOUD_PROFILE", "me", False)],
)
def test_credentials_are_told_by_variables_of_the_cloud(tmp_path, variable, value, there):
    assert plugins.CLOUDS["aws"].has_credentials({"HOME": str(tmp_path), variable: value}) is there


def test_credentials_are_told_by_files_of_the_cloud(tmp_path):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/credentials").touch()
    assert plugins.CLOUDS["aws"].has_credentials({"HOME": str(tmp_path)})
    assert not plugins.CLOUDS["alicloud"].has_credentials({"HOME": str(tmp_path)})
    assert plugins.ALWAYS["random"].has_credentials({"HOME": str(tmp_path)})


def archive() -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        entry = tarfile.TarInfo("pulumi/pulumi")
        entry.size = 100_000
        tar.addfile(entry, io.BytesIO(bytes(index * 7919 % 251 for index in range(entry.size))))
    return data.getvalue()


class Answer(io.BytesIO):
    """A server's answer that ends in an error."""

    def __init__(self, data: bytes, error: Exception | None = None) -> None:
        super().__init__(data)
        self._error = error

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        if not data and self._error:
            raise self._error
        return data


WHOLE = archive()
BROKEN = {
    "cut off": Answer(WHOLE[: len(WHOLE) // 2]),
    "incomplete": Answer(WHOLE[:50], http.client.IncompleteRead(b"")),
    "timeout": Answer(WHOLE[:50], TimeoutError("timed out")),
    "reset": Answer(WHOLE[:50], ConnectionResetError("reset by peer")),
    "no archive": Answer(b"<html>blocked</html>"),
    "empty": Answer(b""),
    "damaged": Answer(WHOLE[:200] + bytes(200) + WHOLE[400:]),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_archive_is_one_kind_of_error_and_leaves_nothing(how, tmp_path, monkeypatch):
    monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: BROKEN[how])
    with pytest.raises(OSError):
        official.unpack("https://example.com/x.tar.gz", tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_a_whole_archive_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: Answer(WHOLE))
    official.unpack("https://example.com/x.tar.gz", tmp_path / "x")
    assert (tmp_path / "x/pulumi/pulumi").stat().st_size == 100_000


def test_an_engine_that_cannot_be_downloaded_is_built(tmp_path, monkeypatch):
    def broken(url, folder):
        raise OSError("IncompleteRead: 50 bytes read")

    monkeypatch.setattr(engine, "BUILD", tmp_path / "build")
    monkeypatch.setattr(engine, "user_pulumi", lambda: None)
    monkeypatch.setattr(official, "reachable", lambda url: True)
    monkeypatch.setattr(official, "unpack", broken)
    monkeypatch.setattr(engine.golang, "ensure", lambda name, log: "built")
    monkeypatch.setattr(engine, "_python_host", lambda log: None)
    said = engine.ensure(tmp_path / "log")
    assert said.startswith("built, ")
    assert "broke off (IncompleteRead: 50 bytes read)" in said


@pytest.mark.parametrize(
    ("script", "taken"),
    [("echo v3.250.1", True), ("echo v3.100.0", False), ("exit 1", False), ("echo no version", False)],
)
def test_the_users_own_engine_is_taken_when_it_is_late_enough(tmp_path, monkeypatch, script, taken):
    own = tmp_path / "pulumi"
    own.write_text(f"#!/bin/sh\n{script}\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert engine.user_pulumi() == (str(own) if taken else None)


def test_an_engine_that_hangs_is_not_taken(tmp_path, monkeypatch):
    def hangs(argv, **options):
        raise subprocess.TimeoutExpired(argv, 30)

    (tmp_path / "pulumi").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(engine.subprocess, "run", hangs)
    assert engine.user_pulumi() is None
