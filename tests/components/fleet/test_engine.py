"""Fleets through the real engine and the clouds' stand-ins, over stacks that export what regions do."""

import json
from pathlib import Path
from typing import Any

import pytest

from stacks.fleet import network
from stacks.loader import parse
from tests.components.fleet import fleets
from tests.harness.engine import Project, write_launcher
from tools.paths import ROOT

pytestmark = pytest.mark.integration

WEST = fleets.GLOBAL[0]
FLEET = """
from components.fleet import Fleet, FleetArgs
from stacks.loader import members, read
from pathlib import Path
text = Path({file!r}).read_text()
spec = read(text.replace(*{change!r}), source={file!r})
fleet = Fleet("fleet-global", FleetArgs(spec=spec, regions=members(spec)))
pulumi.export("endpoint", fleet.endpoint)
pulumi.export("racks", fleet.racks)
"""


class FleetProject(Project):
    """A project of several stacks: one for each member, and the fleet's."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        for name in ("aws", "alicloud", "tencentcloud"):
            write_launcher(folder / "bin", name)
        self.environment["PYTHONPATH"] = str(ROOT)

    def member(self, stack: str, exported: object) -> None:
        self.run("stack", "init", stack).ok()
        self.write(f"import json\npulumi.export('fleet', json.loads({json.dumps(exported)!r}))\n")
        self.up("--stack", stack).ok()

    def fleet(self, name: str = "fleet-global", change: tuple[str, str] = ("", "")) -> None:
        """`change`: a text of the fleet's file, and another in its place."""
        self.write(FLEET.format(file=str(ROOT / "stacks" / f"{name}.yaml"), change=change))
        self.run("stack", "select", "dev").ok()


def exported(stack: str) -> dict[str, Any]:
    """As the region's file has it: the fleet compares."""
    path = ROOT / "stacks" / f"{stack}.yaml"
    region: Any = parse(path.read_text(), source=path.name)
    facts = {"region": region.region, "account": region.account_id, "cidr": str(network(region).cidr)}
    return {**fleets.exported(WEST), "provider": region.provider, **facts, "routeTables": [f"rtb-{stack}"]}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> FleetProject:
    """With members that are up."""
    made = FleetProject(tmp_path_factory.mktemp("fleet"))
    for stack in fleets.GLOBAL:
        made.member(stack, exported(stack))
    made.fleet()
    return made


@pytest.mark.parametrize("name", ["fleet-global", "fleet-cn"])
def test_a_fleet_is_previewed_before_its_members_are_up_but_not_made(tmp_path: Path, name: str) -> None:
    project = FleetProject(tmp_path)
    project.fleet(name)
    assert set(project.steps().values()) == {"create"}
    text = project.up().failed()
    assert "exports nothing yet: run `pulumi up --stack" in text
    assert not {"aws", "alicloud", "tencentcloud", "random"} & {
        str(entry["type"]).partition(":")[0] for entry in project.state().values()
    }


def test_life(project: FleetProject) -> None:
    """Up, no change, a failback in steps, destroy."""
    steps = project.steps()
    made = {name for name, step in steps.items() if step == "create"}
    assert {step for step in steps.values()} == {"create", "read"}
    project.up().ok()
    state = project.state()
    assert made <= set(state)

    key = "fleet-global-aws-us-west-2-tencentcloud-ap-singapore-key-0"
    found = project.run("stack", "export", "--show-secrets").ok()
    entries = {entry["urn"].rpartition("::")[2]: entry for entry in json.loads(found)["deployment"]["resources"]}
    password = json.loads(entries[key]["outputs"]["result"]["plaintext"])
    assert len(password) == 47
    assert password in found
    assert password not in project.state_text()
    tunnel = json.dumps(entries["fleet-global-aws-us-west-2-tencentcloud-ap-singapore-aws-us-west-2-vpn-0-connection"])
    assert f"k{password}" in tunnel

    peer = "fleet-global-aws-us-west-2-tencentcloud-ap-singapore-tencentcloud-ap-singapore-vpn-0-connection"
    assert entries[peer]["additionalSecretOutputs"] == ["preShareKey"]

    assert set(project.steps().values()) == {"same", "read"}

    project.fleet(change=("weight: 100", "weight: 90"))
    changed = {name: step for name, step in project.steps().items() if step not in ("same", "read")}
    assert changed == {f"fleet-global-failover-weighted-{WEST}": "update"}

    project.run("destroy", "--yes", "--skip-preview").ok()
    assert not project.state()


def test_a_member_that_changed_is_refused_before_anything_is_made(project: FleetProject) -> None:
    moved = {**exported(WEST), "cidr": "10.99.0.0/16"}
    project.write(f"import json\npulumi.export('fleet', json.loads({json.dumps(moved)!r}))\n")
    project.up("--stack", WEST).ok()
    project.fleet()
    text = project.run("preview").failed()
    assert "cidr is '10.99.0.0/16' in the stack, '10.10.0.0/16' in its file" in text
