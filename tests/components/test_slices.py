"""What a pod asks of a card, whole or shared, and how many such pods a node holds (G1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import accelerators, pools, slices
from components.instance_type import InstanceType
from stacks.cloud import Cgpu, Mig, Qgpu, Sharing, TimeSlicing, Whole

GIB = 1024**3


def kind(provider: str, name: str) -> InstanceType:
    found = accelerators.find(provider, name)
    assert found
    return found


H100 = kind("aws", "p5.48xlarge")
T4 = kind("tencentcloud", "GN7.2XLARGE32")
A10 = kind("alicloud", "ecs.gn7i-c32g1.32xlarge")  # four cards
MIG = Mig(type="mig", profile="3g.40gb")
SLICED = TimeSlicing(type="timeSlicing", replicas=3)


@pytest.mark.parametrize(
    ("sharing", "found", "need", "asks"),
    [
        (Whole(), H100, 20 * GIB, {"nvidia.com/gpu": 2}),
        (SLICED, H100, 20 * GIB, {"nvidia.com/gpu.shared": 1}),
        (MIG, H100, 20 * GIB, {"nvidia.com/mig-3g.40gb": 1}),
        (Cgpu(type="cgpu"), A10, 9 * GIB, {"aliyun.com/gpu-mem": 10}),  # 9 GiB are nine tenths of 10
        (Cgpu(type="cgpu", memoryGib=5), A10, 9 * GIB, {"aliyun.com/gpu-mem": 5}),
        (Cgpu(type="cgpu"), A10, 0, {"aliyun.com/gpu-mem": 22}),  # nobody knows how much: all
        (
            Qgpu(type="qgpu", memoryGib=6),
            T4,
            0,
            {"tke.cloud.tencent.com/qgpu-core": 35, "tke.cloud.tencent.com/qgpu-memory": 6},
        ),
    ],
)
def test_a_pod_asks_by_the_name_that_gives_out_cards_so(
    sharing: Sharing, found: InstanceType, need: int, asks: dict[str, int]
) -> None:
    assert slices.asks(sharing, found, cards=2, need=need) == asks


def test_a_pod_that_asks_for_a_whole_card_never_gets_a_part() -> None:
    whole = slices.asks(Whole(), H100, cards=1, need=0)
    for sharing in (SLICED, MIG, Cgpu(type="cgpu"), Qgpu(type="qgpu")):
        assert not set(whole) & set(slices.offers(sharing, H100))


@pytest.mark.parametrize(
    ("sharing", "found", "cards", "servers"),
    [
        (Whole(), H100, 4, 2),
        (SLICED, H100, 1, 24),
        (MIG, H100, 1, 16),
        (Cgpu(type="cgpu", memoryGib=10), A10, 1, 8),  # two a card: no part is of two cards
        (Qgpu(type="qgpu", memoryGib=6), T4, 1, 2),
        (Qgpu(type="qgpu", memoryGib=1), T4, 1, 16),
        (Mig(type="mig", profile="9g.9gb"), H100, 1, None),
    ],
)
def test_a_node_holds_so_many(sharing: Sharing, found: InstanceType, cards: int, servers: int | None) -> None:
    assert slices.servers(sharing, found, cards=cards, need=0) == servers


@given(st.integers(1, 80), st.sampled_from(["cgpu", "qgpu"]))
def test_no_more_is_given_out_than_there_is(memory: int, mode: str) -> None:
    sharing = Cgpu(type="cgpu", memoryGib=memory) if mode == "cgpu" else Qgpu(type="qgpu", memoryGib=memory)
    asks, offers = slices.asks(sharing, H100, cards=1, need=0), slices.offers(sharing, H100)
    count = slices.servers(sharing, H100, cards=1, need=0) or 0
    assert all(asks[name] * count <= offers[name] for name in asks)


def test_labels_tell_what_the_cards_are() -> None:
    assert pools.card_labels(H100) == {
        "autoglm.io/cards": "8",
        "autoglm.io/card-memory-gib": "80",
        "autoglm.io/interconnect": "nvlink",
    }
    assert pools.card_labels(None) == {}
