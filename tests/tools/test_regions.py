"""What the tools read of a stack's files before anything is made."""

from pathlib import Path

import pytest
import yaml

from tools import regions
from tools.process import ToolError

MEMBERS = """\
kind: fleet
owner: {name: phones, costCenter: cc-1}
members: {aws-us-east-1: {weight: 100}, aws-us-west-2: {}}
dns: {zone: example.com, zoneId: Z0123456789, accountId: "123456789012", host: autoglm}
recovery: {primary: aws-us-west-2, standby: aws-us-west-2, rtoSeconds: 300}
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder with the dev region and a fleet."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "dev.yaml").write_text((regions.ROOT / "stacks" / "dev.yaml").read_text())
    (tmp_path / "stacks" / "fleet-x.yaml").write_text(MEMBERS)
    monkeypatch.setattr(regions, "ROOT", tmp_path)
    return tmp_path


def configure(root: Path, **overlay: object) -> None:
    (root / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": {regions.KEY: overlay}}))


def test_a_region_is_checked_with_its_overlay(root: Path) -> None:
    configure(root, serving={"replicas": 3})
    found = regions.load("dev").spec
    assert found is not None and found.serving.replicas == 3
    configure(root, serving={"replcas": 3})
    with pytest.raises(ToolError, match=r"serving\.replcas: it is not a known key: did you mean replicas\?"):
        regions.load("dev")


def test_encrypted_values_are_the_program_s_to_check(root: Path) -> None:
    configure(root, namespace={"secure": "v1:abc:def"}, serving={"replicas": "anything"})
    assert regions.load("dev").spec is None


def test_an_open_secret_beside_encrypted_values(root: Path) -> None:
    configure(root, namespace={"secure": "v1:abc:def"}, serving={"password": "hunter2"})
    with pytest.raises(ToolError) as error:
        regions.load("dev")
    first, problem = str(error.value).splitlines()
    assert first == "Pulumi.dev.yaml can't be used; nothing was made. 1 to correct:"
    assert problem.startswith("  open-autoglm:region.serving.password: its name says that it is a secret, and it is in")
    assert "hunter2" not in problem


def test_a_fleet_is_checked_and_has_no_region(root: Path) -> None:
    with pytest.raises(ToolError, match=r"recovery\.standby = aws-us-west-2: it is the primary"):
        regions.load("fleet-x")
    (root / "stacks" / "fleet-x.yaml").write_text(MEMBERS.replace("standby: aws-us-west-2", "standby: aws-us-east-1"))
    assert regions.load("fleet-x").spec is None


def test_a_stack_without_a_file(root: Path) -> None:
    with pytest.raises(ToolError, match=r"'prod' has no stacks/prod\.yaml; write one, or use one of: dev, fleet-x"):
        regions.load("prod")
