"""Fleet files through the loader: told apart from regions, refused in the same words (T5)."""

from typing import Any

import pytest
import yaml

from stacks.fleet import FleetSpec
from stacks.loader import RegionError, parse, read
from tests.stacks.regions import refused

FLEET: dict[str, Any] = {
    "kind": "fleet",
    "owner": {"name": "phones", "costCenter": "cc-1"},
    "members": {"aws-us-west-2": {"weight": 100}, "aws-us-east-1": {}},
    "dns": {"zone": "example.com", "zoneId": "Z0123456789", "accountId": "123456789012", "host": "autoglm"},
    "recovery": {"primary": "aws-us-west-2", "standby": "aws-us-east-1", "rtoSeconds": 300},
}


def problems(**changes: object) -> list[str]:
    with pytest.raises(RegionError) as error:
        read(yaml.safe_dump(FLEET | changes), source="stacks/fleet-x.yaml")
    first, *lines = str(error.value).splitlines()
    assert first.startswith("stacks/fleet-x.yaml can't be used; nothing was made.")
    return [line.strip() for line in lines]


def test_a_fleet_is_read_as_one() -> None:
    found = read(yaml.safe_dump(FLEET), source="stacks/fleet-x.yaml")
    assert isinstance(found, FleetSpec)
    assert found.recovery.standby == "aws-us-east-1"


def test_a_fleet_is_no_region() -> None:
    with pytest.raises(RegionError, match=r"it is a fleet; name one of its regions: aws-us-east-1, aws-us-west-2"):
        parse(yaml.safe_dump(FLEET), source="stacks/fleet-x.yaml")


def test_faults_have_the_loader_s_words() -> None:
    assert problems(dns=FLEET["dns"] | {"ttlSecond": 5}) == [
        "dns.ttlSecond: it is not a known key: did you mean ttlSeconds?"
    ]
    assert problems(members={"aws-us-west-2": {}}) == ["members: it has too few entries (1): give at least 2"]


def test_rules_between_members_are_asked() -> None:
    assert problems(recovery=FLEET["recovery"] | {"standby": "aws-us-west-2"}) == [
        "recovery.standby = aws-us-west-2: it is the primary, which fails with itself: name another"
    ]


def test_a_region_does_not_stand_by_a_fleet() -> None:
    over = {
        "storage": {"replicaRegion": "us-east-1"},
        "recovery": {"standby": "fleet-global", "rtoSeconds": 300, "rpoSeconds": 60},
    }
    assert refused("aws", over) == ["recovery.standby = fleet-global: it is a fleet: name a region's stack"]
