"""The fleet's name: records and checks in Route 53, under mocks."""

from typing import Any

import pytest

from tests.components.fleet import fleets
from tests.harness import mocks
from tests.harness.mocks import Recorder, plain

WEST, SINGAPORE, TENCENT = fleets.GLOBAL


def run(preview: bool = False, **changes: Any) -> Recorder:
    spec = fleets.spec(*fleets.GLOBAL, **changes)
    files = fleets.regions(*fleets.GLOBAL)
    return mocks.run(fleets.program(spec, files), preview=preview, recorder=fleets.recorder())


@pytest.fixture(scope="module")
def made() -> Recorder:
    return run()


def records(found: Recorder, host: str) -> list[dict[str, Any]]:
    return [plain(item.inputs) for item in found.all("Record") if item.inputs["name"] == host]


def test_every_member_is_asked_over_https_every_ten_seconds(made: Recorder) -> None:
    checks = [plain(item.inputs) for item in made.all("HealthCheck") if item.inputs["type"] == "HTTPS"]
    assert {check["fqdn"] for check in checks} == {f"{stack}.phones.example.com" for stack in fleets.GLOBAL}
    for check in checks:
        assert (check["port"], check["resourcePath"], check["enableSni"]) == (443, "/health", True)
        assert (check["requestInterval"], check["failureThreshold"]) == (10, 3)


def test_the_members_records_follow_their_addresses(made: Recorder) -> None:
    found = {stack: records(made, f"{stack}.phones.example.com")[0] for stack in fleets.GLOBAL}
    assert {stack: record["type"] for stack, record in found.items()} == {WEST: "CNAME", SINGAPORE: "A", TENCENT: "A"}
    assert found[WEST]["records"] == ["west.elb.amazonaws.com"]


def test_the_entry_fails_over_from_whoever_is_active_to_the_standby(made: Recorder) -> None:
    primary, secondary = sorted(records(made, "phones.example.com"), key=lambda record: record["setIdentifier"])
    assert primary["failoverRoutingPolicies"] == [{"type": "PRIMARY"}]
    assert primary["records"] == ["active.phones.example.com"]
    active = made.one("HealthCheck", "fleet-failover-active")
    assert primary["healthCheckId"] == f"{active.name}-id"
    assert active.inputs["type"] == "CALCULATED"
    assert active.inputs["childHealthThreshold"] == 1
    assert active.inputs["childHealthchecks"] == [f"fleet-failover-check-{WEST}-id"]
    assert secondary["failoverRoutingPolicies"] == [{"type": "SECONDARY"}]
    assert secondary["records"] == [f"{SINGAPORE}.phones.example.com"]
    assert secondary["healthCheckId"] == f"fleet-failover-check-{SINGAPORE}-id"


def test_a_group_has_one_type_and_one_ttl_and_a_check_for_each(made: Recorder) -> None:
    for host in ("phones.example.com", "active.phones.example.com"):
        group = records(made, host)
        assert {(record["type"], record["ttl"]) for record in group} == {("CNAME", 60)}
        assert all(record["healthCheckId"] for record in group)
        assert len({record["setIdentifier"] for record in group}) == len(group) > 1


def test_failback_changes_weights_alone(made: Recorder) -> None:
    """The same records, by name and by all inputs but the weight; the check of who is active follows."""
    shares = {WEST: {"weight": 10}, SINGAPORE: {"weight": 90}, TENCENT: {}}
    later = run(members=shares)

    def weights(found: Recorder) -> dict[str, int]:
        group = records(found, "active.phones.example.com")
        return {record["setIdentifier"]: record["weightedRoutingPolicies"][0]["weight"] for record in group}

    hosts = [f"{stack}.phones.example.com" for stack in fleets.GLOBAL]
    assert weights(made) == dict(zip(hosts, (100, 0, 0), strict=True))
    assert weights(later) == dict(zip(hosts, (10, 90, 0), strict=True))
    before, after = (
        {item.name: {**plain(item.inputs), "weightedRoutingPolicies": None} for item in found.all("Record")}
        for found in (made, later)
    )
    assert before == after


def test_the_zones_account_is_guarded_and_its_provider_explicit(made: Recorder) -> None:
    provider = made.one("aws", "fleet-dns")
    assert "444455556666" in str(provider.inputs["allowedAccountIds"])
    assert provider.inputs["region"] == "us-east-1"
    for kind in ("Record", "HealthCheck"):
        assert all("::fleet-dns::" in item.provider for item in made.all(kind))


def test_a_racks_address_serves_too() -> None:
    site = {**fleets.RACK, "address": "rack.example.org"}
    members = {WEST: {"weight": 100}, "private-rack": {"site": site}}
    spec = fleets.spec(WEST, "private-rack", members=members)
    found = mocks.run(fleets.program(spec, fleets.regions(WEST, "private-rack")), recorder=fleets.recorder())
    assert records(found, "private-rack.phones.example.com")[0]["records"] == ["rack.example.org"]


def test_the_fleets_address_is_known_in_a_preview() -> None:
    found = run(preview=True)
    assert found.exports["endpoint"].value == "https://phones.example.com/v1"
