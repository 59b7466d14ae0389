"""The table of machine types, and the questions to it."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import accelerators, cloud_regions, models
from components.instance_type import InstanceType
from stacks.cloud import Facts

CLOUDS = ("aws", "alicloud", "tencentcloud")
AUTOGLM = models.find("autoglm-phone-9b")
assert AUTOGLM
KINDS = [
    accelerators.find(provider, name)
    for provider in CLOUDS
    for gpus in (True, False)
    for name in accelerators.names(provider, gpus=gpus)
]


def kind(provider: str, name: str) -> InstanceType:
    found = accelerators.find(provider, name)
    assert found
    return found


def test_from_t4_to_hopper_on_every_cloud() -> None:
    for provider in CLOUDS:
        cards = {kind(provider, name).accelerator for name in accelerators.names(provider)}
        assert "T4" in cards
        assert cards & {"H20", "H100", "H200"}
        assert cards & {"A100-40", "A100-80"}


@pytest.mark.parametrize("found", KINDS, ids=lambda found: f"{found.provider}-{found.name}")
def test_a_row_holds_together(found: InstanceType) -> None:
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", found.date)
    assert found.source
    assert found.regions, "nobody could use it"
    assert all(cloud_regions.find(found.provider, region) for region in found.regions)
    assert all(zone.rsplit("-", 1)[0] in found.regions for zone in found.zones)
    assert found.vcpus > 0 and found.memory_gib > 0
    assert (found.gpus > 0) == bool(found.accelerator) == (found.gpu_memory_gib > 0)
    assert (found.interconnect == "none") == (found.gpus <= 1)
    assert "none" in found.sharing
    assert ("mig" in found.sharing) == bool(found.mig)
    assert all(slices in range(1, 8) for slices in found.mig.values())


@pytest.mark.parametrize("found", KINDS, ids=lambda found: f"{found.provider}-{found.name}")
def test_a_price_is_in_a_region_that_sells_it_and_has_a_source(found: InstanceType) -> None:
    assert set(found.usd_per_hour) <= found.regions
    assert set(found.spot_usd_per_hour) <= found.regions
    assert set(found.price_source) == set(found.usd_per_hour) | {f"{region} spot" for region in found.spot_usd_per_hour}
    for region, price in found.spot_usd_per_hour.items():
        assert 0 < price < found.usd_per_hour[region]


def test_sharing_is_the_clouds_own() -> None:
    modes = {
        provider: set().union(*(kind(provider, n).sharing for n in accelerators.names(provider))) for provider in CLOUDS
    }
    assert modes["aws"] == {"none", "timeSlicing", "mig"}
    assert modes["alicloud"] == {"none", "timeSlicing", "mig", "cgpu"}
    assert modes["tencentcloud"] == {"none", "timeSlicing", "mig", "qgpu"}


def test_qgpu_is_for_native_pools() -> None:
    for name in accelerators.names("tencentcloud"):
        found = kind("tencentcloud", name)
        assert found.native or "qgpu" not in found.sharing


def test_names_by_region() -> None:
    assert "g6e.xlarge" in accelerators.names("aws", "us-west-2")
    assert "g6e.xlarge" not in accelerators.names("aws", "cn-north-1")
    assert accelerators.names("aws", "cn-north-1", gpus=False) == ("m6i.2xlarge", "m6i.large", "m6i.xlarge")
    assert accelerators.names("aws", "nowhere-1") == ()


def test_an_unknown_type_is_not_guessed() -> None:
    assert accelerators.find("aws", "g6e.xlarg") is None
    assert accelerators.find("alicloud", "g6e.xlarge") is None


@pytest.mark.parametrize(
    ("provider", "name", "cards", "fits"),
    [
        ("aws", "g6e.xlarge", 1, True),  # L40S
        ("aws", "g5.xlarge", 1, False),  # A10G: 41 MiB short of the README's context
        ("aws", "g5.12xlarge", 2, True),
        ("aws", "g4dn.xlarge", 1, False),
        ("aws", "g4dn.xlarge", 2, False),  # it has one card
        ("aws", "g4dn.12xlarge", 2, True),  # T4
        ("alicloud", "ecs.gn8v.4xlarge", 1, True),  # H20
        ("tencentcloud", "GN10Xp.2XLARGE40", 1, True),  # V100
        ("tencentcloud", "PNV4.7XLARGE116", 1, False),
    ],
)
def test_does_autoglm_fit(provider: str, name: str, cards: int, fits: bool) -> None:
    found = kind(provider, name)
    assert accelerators.fits(found, AUTOGLM, max_model_len=25_480, tensor_parallel=cards) is fits


def test_a_shorter_context_fits_a_24_gb_card() -> None:
    found = kind("aws", "g5.xlarge")
    missing = accelerators.shortfall(found, AUTOGLM, max_model_len=25_480)
    tokens = -(-missing // AUTOGLM.kv_bytes_per_token)
    assert 0 < missing < 64 * 1024**2
    assert accelerators.fits(found, AUTOGLM, max_model_len=25_480 - tokens)
    assert not accelerators.fits(found, AUTOGLM, max_model_len=25_481 - tokens)


def test_a_slice_and_a_shared_card_have_less() -> None:
    card = kind("aws", "p5.4xlarge")
    assert accelerators.shortfall(card, AUTOGLM, max_model_len=25_480, mig="3g.40gb") == 0
    assert accelerators.shortfall(card, AUTOGLM, max_model_len=25_480, mig="1g.20gb") > 0
    assert accelerators.shortfall(card, AUTOGLM, max_model_len=25_480, replicas=3) == 0
    assert accelerators.shortfall(card, AUTOGLM, max_model_len=25_480, replicas=4) > 0
    assert accelerators.usable_bytes(card) == int(80 * 1024**3 * 0.9)


def test_the_cheapest_that_fits() -> None:
    def name(provider: str, region: str, **more: int) -> str | None:
        found = accelerators.cheapest(provider, region, AUTOGLM, max_model_len=25_480, **more)
        return found.name if found else None

    assert name("aws", "us-west-2") == "g6e.xlarge"
    assert name("aws", "us-west-2", tensor_parallel=2) == "g4dn.12xlarge"
    assert name("alicloud", "cn-hangzhou") is None  # vLLM does not run on the V100, and no other has a price
    assert name("tencentcloud", "ap-guangzhou") is None  # no price of it is known


def test_the_cheapest_spot_is_sold_as_spot() -> None:
    found = accelerators.cheapest("aws", "us-west-2", AUTOGLM, max_model_len=25_480, tensor_parallel=2, spot=True)
    assert found and found.spot and accelerators.usd_per_hour(found, "us-west-2", spot=True)


def test_prices_in_yuan_are_told_in_dollars() -> None:
    found = kind("alicloud", "ecs.gn7i-c8g1.2xlarge")
    assert accelerators.usd_per_hour(found, "cn-beijing") == round(9.5326 / 7.1, 4)
    assert accelerators.usd_per_hour(found, "cn-hangzhou") is None


@given(st.floats(min_value=0.01, max_value=1000), st.floats(min_value=0.1, max_value=100_000))
def test_dollars_a_million_tokens(price: float, throughput: float) -> None:
    hours = 1_000_000 / throughput / 3600
    assert accelerators.usd_per_million_tokens(price, throughput) == pytest.approx(price * hours)


def test_no_throughput_has_no_price() -> None:
    with pytest.raises(ValueError, match=r"tokens_per_second = 0: it must be more than 0"):
        accelerators.usd_per_million_tokens(1.0, 0)


def test_a_file_may_declare_a_type() -> None:
    facts = Facts(
        accelerator="PPU",
        gpus=8,
        gpuMemoryGib=96,
        vcpus=128,
        memoryGib=1024,
        resource="alibabacloud.com/ppu",
        usdPerHour=20,
    )  # type: ignore[call-arg]
    found = accelerators.from_facts("alicloud", "ecs.some-ppu.32xlarge", facts)
    assert (found.accelerator, found.gpus, found.resource, found.verified) == ("PPU", 8, "alibabacloud.com/ppu", False)
    assert accelerators.usd_per_hour(found, "cn-hangzhou") == 20
    assert accelerators.usd_per_hour(found, "cn-hangzhou", spot=True) is None
    assert accelerators.fits(found, AUTOGLM, max_model_len=25_480)
    assert accelerators.usd_per_hour(replace(found, usd_per_hour={}), "cn-hangzhou") is None
