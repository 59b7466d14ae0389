"""Groups of a pool: a base that is always on, the rest spot."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import Region, RegionArgs, pools
from components.pools import Group
from stacks.cloud import Cgpu, Mig, Sharing, TimeSlicing, Whole
from stacks.loader import parse
from tests.harness import mocks, programs
from tools.paths import ROOT


def test_without_spot_there_is_one_group() -> None:
    assert pools.groups("a", min_size=1, max_size=4, on_demand_base=None) == (
        Group(name="a", spot=False, min_size=1, max_size=4),
    )


def test_a_base_and_the_rest_as_spot() -> None:
    assert pools.groups("a", min_size=3, max_size=8, on_demand_base=2) == (
        Group(name="a", spot=False, min_size=2, max_size=2),
        Group(name="a-spot", spot=True, min_size=1, max_size=6),
    )


def test_all_spot_has_no_base() -> None:
    assert pools.groups("a", min_size=0, max_size=4, on_demand_base=0) == (
        Group(name="a-spot", spot=True, min_size=0, max_size=4),
    )


def test_a_base_that_is_everything_has_no_spot() -> None:
    assert pools.groups("a", min_size=2, max_size=2, on_demand_base=2) == (
        Group(name="a", spot=False, min_size=2, max_size=2),
    )


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 50))
def test_groups_add_up_to_the_pool(base: int, more: int, room: int) -> None:
    least, most = base + more, base + more + room
    made = pools.groups("a", min_size=least, max_size=most, on_demand_base=base)
    assert sum(group.min_size for group in made) == least
    assert sum(group.max_size for group in made) == most
    assert sum(group.min_size for group in made if not group.spot) == base
    assert len({group.name for group in made}) == len(made)
    assert all(group.min_size <= group.max_size > 0 for group in made)


def test_labels_say_what_a_node_is() -> None:
    assert pools.labels("serving", "l40s", spot=True) == {
        "autoglm.io/pool": "serving",
        "autoglm.io/accelerator": "l40s",
        "autoglm.io/capacity": "spot",
        "autoglm.io/sharing": "none",
    }


def test_gpu_nodes_are_tainted() -> None:
    assert pools.taints() == {"nvidia.com/gpu": "present"}


@pytest.mark.parametrize(
    ("asked", "label"),
    [
        (Whole(), "none"),
        (Cgpu(type="cgpu"), "cgpu"),
        (Mig(type="mig", profile="1g.10gb"), "mig-1g.10gb"),
        (TimeSlicing(type="timeSlicing", replicas=4), "timeSlicing-4"),
    ],
)
def test_a_label_says_how_cards_are_shared(asked: Sharing, label: str) -> None:
    assert pools.sharing(asked) == label


def test_nodes_of_ones_own_say_how_their_cards_are_shared(tmp_path: Path) -> None:
    """As those of a cloud do."""
    cluster = {"kubeconfig": str(programs.kubeconfig(tmp_path)), "context": "here"}
    sharing = {"type": "timeSlicing", "replicas": 2}
    text = (ROOT / "stacks" / "private-edge.yaml").read_text()
    overlay = {"cluster": cluster, "gpuPools": {"cards": {"sharing": sharing, "facts": {"gpuMemoryGib": 48}}}}
    spec = parse(text, source="stacks/private-edge.yaml", overlay=overlay)

    def program() -> Mapping[str, object]:
        return {"endpoint": Region("edge", RegionArgs(spec=spec)).endpoint}

    nodes = [item for item in mocks.run(program).resources if item.type.endswith(":NodePatch")]
    assert [node.inputs["metadata"]["labels"][pools.SHARING] for node in nodes] == ["timeSlicing-2"]
