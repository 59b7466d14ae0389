"""Every rule of a fleet file, by the message that its author reads."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from stacks import fleet, fleet_rules
from stacks.fleet import FleetSpec
from tests.components.fleet import fleets

WEST, SINGAPORE, TENCENT = fleets.GLOBAL
EVERYONE = ["10.0.0.0/8"]


def said(*stacks: str, files: dict[str, Any] | None = None, **changes: Any) -> list[str]:
    found = fleets.regions(*stacks, peers=EVERYONE) | (files or {})
    return [str(problem) for problem in fleet_rules.broken(fleets.spec(*stacks, **changes), found)]


def recovery(primary: str, standby: str, rto: int = 300) -> dict[str, Any]:
    return {"primary": primary, "standby": standby, "rtoSeconds": rto}


def test_a_good_fleet_breaks_no_rule() -> None:
    assert said(*fleets.GLOBAL) == []
    assert said(*fleets.GLOBAL, "private-rack") == []


def test_roles_are_members() -> None:
    [message] = said(*fleets.GLOBAL, recovery=recovery(WEST, "aws-eu-west-1"))
    assert message == ("recovery.standby = aws-eu-west-1: it is not a member: name one of " + ", ".join(fleets.GLOBAL))


def test_the_primary_is_not_its_own_standby() -> None:
    [message] = said(*fleets.GLOBAL, recovery=recovery(WEST, WEST))
    assert message == f"recovery.standby = {WEST}: it is the primary, which fails with itself: name another"


def test_a_standby_in_the_primarys_region_is_refused() -> None:
    files = {SINGAPORE: fleets.region(WEST, cidr="10.12.0.0/16", peers=EVERYONE)}
    [message] = said(WEST, SINGAPORE, files=files)
    assert message == (
        f"recovery.standby = {SINGAPORE}: it is in us-west-2, as the primary is, and fails with it: "
        "name a member in another region"
    )


@pytest.mark.parametrize(
    ("replica", "reason"),
    [
        (None, "its bucket has no copy in another region"),
        ("us-west-2", "its bucket's copy is in us-west-2, the region it protects"),
    ],
)
def test_what_the_primary_stores_outlives_its_region(replica: str | None, reason: str) -> None:
    region: Any = fleets.region(WEST, peers=EVERYONE)
    storage = region.storage.model_copy(update={"replica_region": replica})
    [message] = said(*fleets.GLOBAL, files={WEST: region.model_copy(update={"storage": storage})})
    assert message == (
        f"recovery.primary = {WEST}: {reason}: set storage.replicaRegion in stacks/{WEST}.yaml to another region of "
        "the cloud"
    )


def test_failover_takes_longer_than_asked() -> None:
    assert said(*fleets.GLOBAL, recovery=recovery(WEST, SINGAPORE, 90)) == []
    [message] = said(*fleets.GLOBAL, recovery=recovery(WEST, SINGAPORE, 89))
    assert message == (
        "recovery.rtoSeconds = 89: failover takes up to 90 s (3 checks 10 s apart, then 60 s of dns.ttlSeconds): ask "
        "for that much or more, or lower these"
    )


def test_members_addresses_overlap() -> None:
    files = {SINGAPORE: fleets.region(SINGAPORE, cidr="10.10.128.0/17", peers=EVERYONE)}
    [message] = said(*fleets.GLOBAL, files=files)
    assert message == (
        f"members.{SINGAPORE} = 10.10.128.0/17: it overlaps {WEST}'s 10.10.0.0/16, so no route could tell them apart: "
        "give one another range"
    )


def test_a_racks_addresses_count_too() -> None:
    rack = {"weight": 0, "site": {**fleets.RACK, "cidr": "10.0.0.0/8"}}
    messages = said(WEST, "private-rack", members={WEST: {"weight": 100}, "private-rack": rack},
                    recovery=recovery(WEST, WEST))  # fmt: skip
    assert any(f"members.{WEST} = 10.10.0.0/16: it overlaps private-rack's 10.0.0.0/8" in text for text in messages)


def test_no_network_crosses_the_border() -> None:
    [message] = said(WEST, SINGAPORE, "alicloud-cn-hangzhou")
    assert message == (
        f"members: alicloud-cn-hangzhou in mainland China and {WEST}, {SINGAPORE} outside it: the clouds' VPNs and "
        "peerings may not cross the border without a licensed carrier: write a fleet for each side"
    )


def test_sites_belong_to_racks() -> None:
    members = {WEST: {"weight": 100, "site": fleets.RACK}, SINGAPORE: {}, "private-rack": {}}
    messages = said(WEST, SINGAPORE, "private-rack", members=members)
    assert f"members.{WEST}.site: the stack exports its own network: leave site out" in messages
    assert "members.private-rack.site: it is a private region: add site with its cidr and gateway" in messages


def test_a_racks_gateway_is_public_and_a_serving_rack_has_an_address() -> None:
    site = {**fleets.RACK, "gateway": "192.168.1.1"}
    members = {WEST: {}, SINGAPORE: {}, "private-rack": {"weight": 1, "site": site}}
    messages = said(WEST, SINGAPORE, "private-rack", members=members)
    assert messages == [
        "members.private-rack.site.gateway = 192.168.1.1: it is no public address, so no cloud could build a tunnel to "
        "it: give the IPsec device's",
        "members.private-rack.site.address: clients are sent to it, so it needs an address: add one, or give it "
        "neither weight nor role",
    ]


@pytest.mark.parametrize("change", [{"internal": True}, {"certificate": None}])
def test_who_serves_faces_the_internet(change: dict[str, Any]) -> None:
    files = {}
    for stack in fleets.GLOBAL:
        region: Any = fleets.region(stack, peers=EVERYONE)
        exposure = region.gateway.exposure.model_copy(update=change)
        gateway = region.gateway.model_copy(update={"exposure": exposure})
        files[stack] = region.model_copy(update={"gateway": gateway})
    assert said(*fleets.GLOBAL, files=files) == [
        f"members.{stack}: clients are sent to it, but it answers none from the internet on 443: make gateway.exposure "
        "a LoadBalancer with a certificate, and not internal, or give it neither weight nor role"
        for stack in (WEST, SINGAPORE)
    ]


def test_someone_serves() -> None:
    [message] = said(WEST, SINGAPORE, members={WEST: {}, SINGAPORE: {}})
    assert message == "members: every weight is 0, so nobody would serve: give recovery.primary a weight, as 100"


def test_a_port_is_opened_once() -> None:
    ports = [{"port": 443, "reason": "again"}, {"port": 2380, "reason": "etcd"}, {"port": 2380, "reason": "etcd"}]
    messages = said(WEST, SINGAPORE, ports=ports)
    assert messages == [
        f"ports[{index}].port = {port}: it is open already: leave it out" for index, port in ((0, 443), (2, 2380))
    ]


def test_tencent_cloud_takes_no_port_beside_443() -> None:
    [message] = said(*fleets.GLOBAL, ports=[{"port": 2380, "reason": "etcd"}])
    assert message == f"ports: on Tencent Cloud ({TENCENT}) nothing can cross but 443: leave ports out"


def test_a_region_lets_its_peers_in_by_its_own_file() -> None:
    files = {WEST: fleets.region(WEST, peers=["10.20.0.0/16"])}
    [message] = said(*fleets.GLOBAL, files=files)
    assert message == (
        f"members.{WEST}: its region lets {TENCENT} in nowhere: add 10.30.0.0/16 to network.peers in stacks/{WEST}.yaml"
    )


def test_an_unknown_stack_is_named_with_the_nearest_known_one(tmp_path: Path) -> None:
    (tmp_path / f"{WEST}.yaml").touch()
    messages = [str(problem) for problem in fleet.broken(fleets.spec("aws-us-west-1", "moon"), tmp_path)]
    assert messages == [
        f"members.aws-us-west-1: there is no stacks/aws-us-west-1.yaml: did you mean {WEST}?",
        f"members.moon: there is no stacks/moon.yaml: write it, or name one of {WEST}",
    ]


def test_a_fleet_has_no_fleets_not_even_itself(tmp_path: Path) -> None:
    (tmp_path / "fleet-a.yaml").write_text("kind: fleet\n")
    (tmp_path / f"{WEST}.yaml").touch()
    members: dict[str, dict[str, Any]] = {WEST: {"weight": 100}, "fleet-a": {}}
    messages = [str(problem) for problem in fleet.broken(fleets.spec(WEST, "fleet-a", members=members), tmp_path)]
    assert messages == ["members.fleet-a: it is a fleet itself: name the stacks of regions"]


@pytest.mark.parametrize("weight", [-1, 256])
def test_weights_are_those_of_route_53(weight: int) -> None:
    with pytest.raises(ValidationError, match=rf"members\.{WEST}\.weight"):
        fleets.spec(WEST, SINGAPORE, members={WEST: {"weight": weight}, SINGAPORE: {}})


def test_a_fleet_can_not_be_changed_and_has_no_other_keys() -> None:
    spec = fleets.spec(*fleets.GLOBAL)
    with pytest.raises(ValidationError, match="frozen"):
        spec.kind = "region"  # type: ignore[assignment]
    with pytest.raises(ValidationError, match="extra_forbidden"):
        FleetSpec.model_validate({**fleets.content(*fleets.GLOBAL), "peers": []})
