"""A model goes where it fits and a token is cheapest; its parts never meet over the host's bus (G1, G2)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import accelerators, models, serving_pools
from components.models import ModelFacts
from components.platform import placement
from components.platform.placement import Candidate, Need
from stacks.cloud import Cgpu, Mig, Sharing, TimeSlicing, Whole
from tests.stacks.regions import region

PHONE = models.find("autoglm-phone-9b")
assert PHONE
LARGE = ModelFacts(weights_bytes=150 * 1024**3, kv_bytes_per_token=40_960, kv_heads=8, source="test")


def pool(name: str, kind: str, sharing: Sharing | None = None, price: float | None = None) -> Candidate:
    found = accelerators.find("aws", kind)
    assert found
    price = price if price is not None else accelerators.usd_per_hour(found, "us-west-2")
    return Candidate(pool=name, kind=found, sharing=sharing or Whole(), usd_per_hour=price)


def need(model: ModelFacts = PHONE, **more: object) -> Need:
    return Need(model=model, tokens=25_480, sequences=16, **more)  # type: ignore[arg-type]


POOLS = (
    pool("t4", "g4dn.12xlarge"),
    pool("l40s", "g6e.xlarge"),
    pool("l40s-next", "g6e.2xlarge"),
    pool("a100", "p4de.24xlarge"),
    pool("slices", "p4de.24xlarge", Mig(type="mig", profile="3g.40gb")),
    pool("tiny-slices", "p4de.24xlarge", Mig(type="mig", profile="1g.10gb")),
    pool("turns", "p5.4xlarge", TimeSlicing(type="timeSlicing", replicas=3)),
)


def test_a_small_model_gets_a_slice_a_large_one_whole_cards() -> None:
    small = placement.ranked(need(), POOLS)
    assert small[0].pool == "slices" and small[0].cards == 0.5
    large = placement.ranked(need(LARGE), POOLS)
    assert [(fit.pool, fit.tensor_parallel) for fit in large] == [("a100", 4)]


def test_the_cheapest_token_comes_first_and_what_does_not_fit_never() -> None:
    found = placement.ranked(need(), POOLS)
    prices = [fit.usd_per_million for fit in found]
    assert prices == sorted(prices)
    names = [fit.pool for fit in found]
    assert names.index("l40s") < names.index("l40s-next") < names.index("turns")
    assert "tiny-slices" not in names
    assert next(fit.tensor_parallel for fit in found if fit.pool == "t4") == 2, "no T4 holds it alone"


def test_a_pool_without_a_price_comes_last_the_fastest_of_them_first() -> None:
    unpriced = [replace(entry, usd_per_hour=None) for entry in POOLS if entry.pool in ("l40s", "a100")]
    found = [fit.pool for fit in placement.ranked(need(), [*unpriced, pool("t4", "g4dn.12xlarge")])]
    assert found == ["t4", "a100", "l40s"]


def test_parts_stay_in_their_island() -> None:
    """Four pairs of cards with a bridge each: a server of two cards may be there, none of four."""
    eight = pool("pairs", "p4de.24xlarge")
    pairs = replace(eight, kind=replace(eight.kind, island=2))
    assert placement.ranked(need(tensor_parallel=2), [pairs])
    assert placement.ranked(need(tensor_parallel=4), [pairs]) == []
    assert placement.ranked(need(LARGE), [pairs]) == []
    assert placement.ranked(need(tensor_parallel=4), [eight])


def test_who_asks_for_nvlink_gets_no_other_link() -> None:
    found = placement.ranked(need(tensor_parallel=2, nvlink=True), POOLS)
    assert [fit.pool for fit in found] == ["a100"]


def test_cards_that_can_t_compute_what_is_asked_are_no_candidates() -> None:
    cards = {"turing": {"instanceType": "g4dn.12xlarge", "minSize": 0, "maxSize": 1}, "cards": {"maxSize": 4}}
    for dtype, able in (("bfloat16", {"cards"}), ("float16", {"cards", "turing"}), ("auto", {"cards", "turing"})):
        over = {"gpuPools": cards, "serving": {"gpu": {"pool": None, "vllm": {"dtype": dtype}}}}
        assert {candidate.pool for candidate in serving_pools.candidates(region("aws", over))} == able


def test_a_part_by_the_gib_is_as_large_as_the_model_and_one_conversation() -> None:
    """Which serves, one at a time: a whole card answers many for one reading of the weights."""
    whole, part = pool("whole", "g6e.xlarge"), pool("part", "g6e.xlarge", Cgpu(type="cgpu"))
    assert [fit.pool for fit in placement.ranked(need(), [part, whole])] == ["whole", "part"]
    assert placement.ranked(need(), [pool("less", "g6e.xlarge", Cgpu(type="cgpu", memoryGib=8))]) == []


@given(st.floats(0.1, 100), st.floats(0.1, 100))
def test_of_two_like_pools_the_cheaper_wins(one: float, other: float) -> None:
    found = placement.ranked(need(), [pool("one", "g6e.xlarge", price=one), pool("other", "g6e.xlarge", price=other)])
    assert len(found) == 2
    if abs(one - other) > 0.01:
        assert found[0].pool == ("one" if one < other else "other")


@pytest.mark.parametrize("sharing", [TimeSlicing(type="timeSlicing", replicas=2), Mig(type="mig", profile="3g.40gb")])
def test_a_split_model_gets_no_shared_cards(sharing: Sharing) -> None:
    assert placement.ranked(need(tensor_parallel=2), [pool("shared", "p4de.24xlarge", sharing)]) == []
