"""Groups of a pool: a base that is always on, the rest spot."""

from hypothesis import given
from hypothesis import strategies as st

from components import pools
from components.pools import Group


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
