"""What holds for every input: the loader answers with a region or with its own error, and ranges are told apart."""

from ipaddress import IPv4Network
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stacks.cloud import NewNetwork, Subnets
from stacks.keys import spot
from stacks.loader import RegionError, merge, parse
from stacks.rules import addresses
from stacks.rules.pools import sizes_are_ordered
from stacks.schema import PROVIDERS, AwsRegion
from tests.harness.programs import DEV
from tests.stacks.regions import region

TEXT = DEV.read_text()
BASE = region("aws")
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

scalars = st.none() | st.booleans() | st.integers(-5, 10**12) | st.floats(allow_nan=False) | st.text(max_size=20)
trees = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner))
known_keys = st.sampled_from(
    sorted({field.alias for model in PROVIDERS.values() for field in model.model_fields.values()})
)
ranges = st.builds(
    lambda address, prefix: IPv4Network((address >> (32 - prefix) << (32 - prefix), prefix)),
    st.integers(int(IPv4Network("10.0.0.0/8")[0]), int(IPv4Network("10.0.0.0/8")[-1])),
    st.integers(12, 24),
)


def changed(**parts: Any) -> AwsRegion:
    """The AWS region with other parts, past the loader's checks."""
    return BASE.model_copy(update=parts)


@QUICK
@given(st.dictionaries(known_keys, trees, max_size=4))
def test_any_overlay_is_answered(over: dict[str, Any]) -> None:
    try:
        parse(TEXT, source="stacks/dev.yaml", overlay=over)
    except RegionError as error:
        assert "nothing was made" in str(error)


@QUICK
@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    try:
        parse(text, source="stacks/x.yaml")
    except RegionError as error:
        assert str(error).startswith("stacks/x.yaml")


@QUICK
@given(known_keys, st.text(st.characters(codec="ascii", categories=["L"]), min_size=8, max_size=16))
def test_a_secret_overlay_is_never_shown(key: str, secret: str) -> None:
    value = f"QQ{secret}"
    try:
        parse(TEXT, source="stacks/dev.yaml", overlay={key: value}, secret=True)
    except RegionError as error:
        assert value not in str(error)


@QUICK
@given(ranges, ranges, ranges)
def test_overlaps_are_found_and_nothing_else(cidr: IPv4Network, service: IPv4Network, peer: IPv4Network) -> None:
    network = BASE.network.model_copy(update={"cidr": cidr, "peers": (peer,)})
    found = list(
        addresses.ranges_are_apart(
            changed(network=network, cluster=BASE.cluster.model_copy(update={"service_cidr": service}))
        )
    )
    pairs = [(cidr, service), (cidr, peer), (service, peer)]
    assert len(found) == sum(one.overlaps(other) for one, other in pairs)


@QUICK
@given(ranges, st.integers(1, 4), st.integers(50, 60_000))
def test_a_network_that_passes_holds_its_pods(cidr: IPv4Network, zones: int, pods: int) -> None:
    network = NewNetwork(cidr=cidr, zones=tuple(f"us-west-2{letter}" for letter in "abcd"[:zones]), podsPerZone=pods)
    problems = list(addresses.subnets_are_large_enough(changed(network=network)))
    if problems:
        assert [problem.path for problem in problems] == [("network", "cidr")]
    else:
        assert zones * pods < cidr.num_addresses


@QUICK
@given(st.lists(st.tuples(ranges, ranges, ranges), min_size=1, max_size=3), ranges)
def test_given_subnets_are_accepted_only_inside_and_apart(
    blocks: list[tuple[IPv4Network, IPv4Network, IPv4Network]], cidr: IPv4Network
) -> None:
    public, nodes, pods = zip(*blocks, strict=True)
    subnets = Subnets(public=public, nodes=nodes, pods=pods)
    network = BASE.network.model_copy(update={"cidr": cidr, "subnets": subnets})
    every = [*public, *nodes, *pods]
    apart = not any(one.overlaps(other) for index, one in enumerate(every) for other in every[:index])
    inside = all(block.subnet_of(cidr) for block in every)
    accepted = not list(addresses.subnets_are_inside_and_apart(changed(network=network)))
    assert accepted == (apart and inside)


@QUICK
@given(st.integers(0, 20), st.integers(1, 20), st.none() | st.integers(0, 20))
def test_sizes(least: int, most: int, base: int | None) -> None:
    cards = BASE.gpu_pools["cards"]
    spot_part = None if base is None else {"onDemandBase": base}
    pool = type(cards).model_validate(
        {"instanceType": "g6e.xlarge", "minSize": least, "maxSize": most, "spot": spot_part}
    )
    problems = list(sizes_are_ordered(changed(gpu_pools={"cards": pool})))
    assert (not problems) == (least <= most and (base or 0) <= least)


@QUICK
@given(st.dictionaries(known_keys, trees, max_size=3), st.dictionaries(known_keys, trees, max_size=3))
def test_what_is_laid_over_wins(below: dict[str, Any], over: dict[str, Any]) -> None:
    merged = merge(below, over)
    assert set(over) <= set(merged)
    for key, value in over.items():
        if not isinstance(value, dict):
            assert merged[key] == value or merged[key] is value
    assert merge(merged, {}) == merged


@QUICK
@given(st.lists(st.text(max_size=10) | st.integers(0, 3), max_size=6))
def test_any_location_has_a_path(location: list[str | int]) -> None:
    """pydantic's locations, and any other, are followed without an exception."""
    assert len(spot(AwsRegion, tuple(location)).path) <= len(location)
