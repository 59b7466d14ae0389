"""A stack of the last release is previewed with the code as it is: nothing may be replaced or deleted."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.harness.regions import Region, Step
from tests.regions import released

pytestmark = pytest.mark.integration
_KEEPING = {"same", "update", "create", "read", "refresh"}
_TOLD = (
    # Members with TLS and members without never meet, so release 0.1's end together; nothing was kept in them.
    "replace kubernetes:apps/v1:StatefulSet {stack}-etcd-members",
    # Other contents are another Secret, made before the old one goes: so the gateway is rolled.
    "replace kubernetes:core/v1:Secret {stack}-gateway-config",
)

# The file names other cards since: V100s, which vLLM's packages do not run on, were a mistake.
_CARDS = {
    "tencentcloud-ap-singapore": tuple(
        f"replace tencentcloud:Kubernetes/nodePool:NodePool {{stack}}-pool-serving-{nodes}"
        for nodes in ("nodes", "spot-nodes")
    )
}


def plan(folder: Path, stack: str) -> list[Step]:
    region = Region(folder / "project", stack)
    region.run("stack", "import", "--file", str(released.FOLDER / f"{stack}.json")).ok()
    return region.plan("--show-sames")


def lost(steps: Iterable[Step]) -> list[str]:
    return [f"{step.op} {step.type} {step.name}" for step in steps if step.op not in _KEEPING]


@pytest.mark.parametrize("stack", released.STACKS)
def test_the_current_code_replaces_nothing(tmp_path: Path, stack: str) -> None:
    steps = plan(tmp_path, stack)
    assert len(steps) > 100
    assert set(lost(steps)) <= {told.format(stack=stack) for told in (*_TOLD, *_CARDS.get(stack, ()))}


def test_a_renamed_resource_would_be_seen(tmp_path: Path) -> None:
    """The check can fail: the same state under another code's name for one resource."""
    region = Region(tmp_path / "project", "aws-us-west-2")
    text = (
        (released.FOLDER / "aws-us-west-2.json").read_text().replace("aws-us-west-2-network-vpc", "aws-us-west-2-old")
    )
    (tmp_path / "state.json").write_text(text)
    region.run("stack", "import", "--file", str(tmp_path / "state.json")).ok()
    assert any("aws-us-west-2-old" in entry for entry in lost(region.plan()))
