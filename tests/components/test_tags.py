"""Tags of every cloud resource."""

from components import tags

COMMON = tags.region_tags(stack="aws-us-west-2", environment="production", owner="phone-platform", cost_center="cc-1")


def test_a_region_has_every_required_tag() -> None:
    assert tuple(COMMON) == tags.REQUIRED
    assert all(COMMON.values())
    assert COMMON["managed-by"] == "pulumi"


def test_a_resource_adds_its_name() -> None:
    assert tags.tags(COMMON, "a-vpc", tier="public") == {**COMMON, "Name": "a-vpc", "tier": "public"}


def test_the_region_s_tags_stay_as_they_are() -> None:
    before = dict(COMMON)
    tags.tags(COMMON, "a-vpc")["owner"] = "another"
    assert before == COMMON
