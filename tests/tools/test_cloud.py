"""Stacks on clouds: refused before anything without credentials, never given a cluster of this machine."""

import errno
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.tools.test_cli import make
from tools import cli, cloud, commands, credentials, regions, up, where
from tools.cluster_choice import Kind
from tools.machine import Facts
from tools.paths import TOOLS
from tools.plugins import CLOUDS
from tools.process import ToolError
from tools.steps import Clock

NAMES = {"aws": "AWS_", "alicloud": "ALI", "tencentcloud": "TENCENTCLOUD_"}
STACKS = {"aws": "aws-us-west-2", "alicloud": "alicloud-cn-hangzhou", "tencentcloud": "tencentcloud-ap-guangzhou"}


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A user without an account anywhere."""
    for name in {sign for known in CLOUDS.values() for sign in known.signs}:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.parametrize("provider", CLOUDS)
def test_what_to_set(provider: str, tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    text = credentials.missing(provider, home)
    assert text is not None
    assert text.startswith(f"set {NAMES[provider]}")
    assert all(sign in text for sign in CLOUDS[provider].signs)
    assert credentials.missing("private", home) is None


@pytest.mark.parametrize(
    ("provider", "half", "other"),
    [
        ("aws", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        ("alicloud", "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
        ("tencentcloud", "TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"),
    ],
)
def test_half_a_key(provider: str, half: str, other: str, tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), half: "x"}
    assert credentials.missing(provider, home) == f"{half} is set without {other}: set both"
    assert credentials.missing(provider, home | {other: "y"}) is None


@pytest.mark.parametrize("provider", CLOUDS)
@pytest.mark.usefixtures("nobody")
def test_up_without_credentials_is_refused_first(provider: str) -> None:
    done = make("up", f"STACK={STACKS[provider]}")
    assert done.returncode != 0
    assert f"error: stack {STACKS[provider]}: no credentials for {provider}: set {NAMES[provider]}" in done.stderr
    assert f"`make preview STACK={STACKS[provider]}` needs none" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Python packages" not in done.stdout


@pytest.mark.usefixtures("nobody")
def test_a_fleet_needs_all_its_clouds() -> None:
    with pytest.raises(ToolError) as refused:
        credentials.refuse("both", ("aws", "tencentcloud"))
    assert "no credentials for aws: set " in str(refused.value)
    assert "; tencentcloud: set " in str(refused.value)


def test_a_stand_in_makes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With credentials, but where the official plugin can't be had."""
    monkeypatch.setattr(credentials, "refuse", lambda stack, clouds: None)
    monkeypatch.setattr(cloud, "run_steps", lambda steps, **rest: None)
    monkeypatch.setattr(cloud.plugins, "stands_in", lambda name: True)
    region = regions.load("aws-us-west-2")
    with pytest.raises(ToolError, match="its stand-in makes nothing; install it: pulumi plugin install resource aws 7"):
        cloud.up(region, ("aws",), Clock(lambda text: None), print, print)


def test_up_takes_a_cloud_stack_to_its_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[tuple[str, ...]] = []

    def taking(region: regions.Region, clouds: tuple[str, ...], *rest: object) -> dict[str, Any]:
        taken.append((region.stack, *clouds))
        return {"endpoint": "https://x/v1", "model": "m"}

    monkeypatch.setattr(cloud, "up", taking)
    options = cli.parser().parse_args(["up", "--stack", "tencentcloud-ap-guangzhou"])
    assert commands.up(options, Clock(lambda text: None)) == 0
    assert taken == [("tencentcloud-ap-guangzhou", "tencentcloud")]


def test_down_asks_for_credentials_of_today(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ran: list[tuple[str, ...]] = []
    there = tmp_path / "Pulumi.yaml"
    there.touch()
    monkeypatch.setattr(cloud.Stack, "config", property(lambda self: there))
    monkeypatch.setattr(cloud.Stack, "exists", lambda self: True)
    monkeypatch.setattr(cloud.Stack, "resources", lambda self: ["one"])
    monkeypatch.setattr(cloud.Stack, "foreground", lambda self, *command, show: ran.append(command))
    monkeypatch.setattr(cloud, "prepare", lambda region, clouds, clock: None)
    cloud.down(regions.load(STACKS["alicloud"]), ["alicloud"], Clock(lambda line: None), lambda line: None)
    assert ran == [("destroy", "--run-program")]


def test_only_an_endpoint_that_answers_is_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert cloud.reachable(f"http://127.0.0.1:{port}/v1")
    assert not cloud.reachable(f"http://127.0.0.1:{port}/v1")
    assert not cloud.reachable("")
    assert not cloud.reachable("not a url")


def test_a_rack_is_its_owners_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Even for root, who could have an embedded node."""
    region = regions.load("private-rack")
    monkeypatch.setattr(up.contexts, "find", lambda context, file: (file, context or "current"))
    facts = Facts(**{name: None for name in Facts.__dataclass_fields__} | {"programs": {}, "root": True})
    assert region.spec is not None
    if region.spec.images.serving.startswith("localhost/"):
        pytest.skip("its image is local")
    assert up.pick(region, facts, None).kind is Kind.OWN
    assert where.names_a_cluster("private-rack")
    assert not where.names_a_cluster("dev")
    assert not where.names_a_cluster("aws-us-west-2")


@pytest.mark.parametrize("euid", [0, 1000])
def test_files_of_another_user_are_told(euid: int, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    """As after `sudo make up`, and no traceback."""

    def run(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", str(TOOLS / "state" / "Pulumi.yaml"))

    left: list[int] = []
    monkeypatch.setattr(cli, "_run", run)
    monkeypatch.setattr(cli.os, "geteuid", lambda: euid)
    monkeypatch.setattr(cli.os, "_exit", left.append)
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    cli.main(["status"])
    text = capfd.readouterr().err
    assert left == [1]
    assert text.startswith(f"error: {TOOLS}/state/Pulumi.yaml")
    assert ("sudo chown -R $(id -un)" in text) is (euid != 0)


@pytest.mark.parametrize("arguments", [["VERBOSE=1"], ["VERBOSE=0"], []])
def test_the_engines_own_diff_is_asked_for(arguments: list[str]) -> None:
    command = make("-n", "preview", "STACK=all", *arguments).stdout
    assert ("--diff" in command) is (arguments == ["VERBOSE=1"])
    assert '--stack "all"' in command
