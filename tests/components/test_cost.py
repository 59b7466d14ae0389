"""A region's monthly cost: its smallest and largest size, and what nobody knows the price of."""

from typing import Any

import pytest

from components import cost
from components.cost import Line
from stacks.loader import parse
from stacks.schema import RegionSpec
from tools import paths

FOLDER = paths.ROOT / "stacks"


def region(stack: str, overlay: dict[str, Any] | None = None) -> RegionSpec:
    return parse((FOLDER / f"{stack}.yaml").read_text(), source=f"stacks/{stack}.yaml", overlay=overlay)


def lines(stack: str, overlay: dict[str, Any] | None = None) -> dict[str, Line]:
    return {line.what: line for line in cost.estimate(stack, region(stack, overlay)).lines}


def test_oregon() -> None:
    found = lines("aws-us-west-2")
    assert list(found) == [
        "NAT gateway",
        "control plane",
        "system nodes, m7i.xlarge",
        "pool serving, g6e.xlarge",
        "pool serving-spot, g6e.xlarge (spot)",
    ]
    assert {line.layer for line in found.values()} == {"network", "cluster", "gpu"}
    assert found["NAT gateway"].max_usd == pytest.approx(3 * 0.045 * 730)
    base = found["pool serving, g6e.xlarge"]
    assert (base.min_count, base.max_count, base.usd_per_hour) == (2, 2, 1.861)
    assert base.min_usd == base.max_usd == pytest.approx(2 * 1.861 * 730)


def test_the_sums_are_those_of_the_lines() -> None:
    found = cost.estimate("aws-us-west-2", region("aws-us-west-2"))
    assert found.min_usd == pytest.approx(sum(line.min_usd or 0 for line in found.lines))
    assert found.max_usd == pytest.approx(sum(line.max_usd or 0 for line in found.lines))
    assert 0 < found.min_usd < found.max_usd
    assert found.unknown == ()


def test_one_nat_gateway_where_the_file_says_so() -> None:
    overlay = {"environment": "development", "network": {"nat": "single"}}
    assert lines("aws-us-west-2", overlay)["NAT gateway"].max_count == 1


def test_spot_without_a_price_costs_at_most_on_demand() -> None:
    spot = lines("aws-us-west-2")["pool serving-spot, g6e.xlarge (spot)"]
    assert (spot.usd_per_hour, spot.note) == (1.861, "at most: no spot price is known")


def test_spot_costs_at_most_what_the_file_bids() -> None:
    spot = lines("alicloud-ap-southeast-1")["pool serving-spot, ecs.gn7i-c32g1.16xlarge (spot)"]
    assert (spot.usd_per_hour, spot.source) == (4.5, "the region file's maxUsdPerHour")


def test_a_known_spot_price_is_used() -> None:
    overlay = {"gpuPools": {"serving": {"instanceType": "g6.24xlarge"}}, "serving": {"gpu": {"tensorParallelSize": 2}}}
    spot = lines("aws-us-west-2", overlay)["pool serving-spot, g6.24xlarge (spot)"]
    assert spot.usd_per_hour == 3.3743
    assert "skypilot" in spot.source


def test_a_price_that_nobody_published_is_named() -> None:
    found = cost.estimate("tencentcloud-na-ashburn", region("tencentcloud-na-ashburn"))
    assert (found.min_usd, found.max_usd) == (0, 0)
    assert found.unknown == (
        "NAT gateway",
        "control plane",
        "system nodes, S5.LARGE16",
        "pool serving, GN7.10XLARGE160",
    )
    assert all(line.min_usd is line.max_usd is None for line in found.lines)


def test_a_file_may_give_its_own_price() -> None:
    facts = {"accelerator": "T4", "gpus": 2, "gpuMemoryGib": 16, "vcpus": 40, "memoryGib": 160, "usdPerHour": 2.5}
    pool = lines("tencentcloud-na-ashburn", {"gpuPools": {"serving": {"facts": facts}}})[
        "pool serving, GN7.10XLARGE160"
    ]
    assert (pool.min_usd, pool.max_usd) == (1 * 2.5 * 730, 4 * 2.5 * 730)
    assert pool.source == "the region file's facts"


def test_what_exists_is_not_this_stack_s_bill() -> None:
    assert list(lines("alicloud-cn-beijing")) == ["pool serving, ecs.gn7e-c16g1.4xlarge"]


def test_a_rack_costs_what_its_file_says() -> None:
    found = cost.estimate("private-rack", region("private-rack"))
    assert found.min_usd == found.max_usd == pytest.approx(3 * 9.5 * 730)
    assert found.unknown == ("pool ascend, Ascend-910B",)


def test_the_dev_stack_costs_nothing() -> None:
    assert cost.estimate("dev", region("dev")).lines == ()
