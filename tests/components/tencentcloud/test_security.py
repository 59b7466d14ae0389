"""Who may talk to whom in a region on Tencent Cloud."""

from ipaddress import IPv4Network
from typing import Any

import pulumi
import pytest

from components.tencentcloud.security import Security, into_balancer, into_nodes, out_of_nodes
from tests.components.tencentcloud import cloud
from tests.harness.mocks import Recorder

PEER = IPv4Network("10.9.0.0/16")


def make(preview: bool, **more: Any) -> Recorder:
    def program(opts: pulumi.ResourceOptions) -> dict[str, Any]:
        parts = Security("sec", cloud.security_args(**more), opts).parts
        return {"nodes": parts.nodes, "files": parts.files, "balancer": parts.balancer}

    return cloud.run(program, preview=preview)


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
def test_security_keeps_the_house_rules(preview: bool) -> None:
    cloud.assert_house_rules(make(preview, peers=(PEER,)))


def test_clients_reach_nothing_but_the_balancer_on_443() -> None:
    args = cloud.security_args(peers=(PEER,))
    assert {(rule.protocol, rule.port, rule.range) for rule in into_balancer(args)} == {
        ("TCP", "443", "198.51.100.0/24"),
        ("TCP", "443", str(PEER)),
    }
    assert "198.51.100.0/24" not in {rule.range for rule in into_nodes(args)}


def test_nodes_accept_each_other_and_balancers_and_nobody_else() -> None:
    args = cloud.security_args(peers=(PEER,))
    inside = {*args.network.node_ranges, *args.network.pod_ranges}
    rest = {(rule.port, rule.range) for rule in into_nodes(args) if rule.range not in inside}
    assert {rule.range for rule in into_nodes(args) if rule.port == "ALL"} == inside
    assert rest == {("8080", "100.64.0.0/10"), ("8081", "100.64.0.0/10")}


def test_nodes_leave_for_the_internet_on_443_only() -> None:
    anywhere = [rule for rule in out_of_nodes(cloud.security_args()) if rule.range == "0.0.0.0/0"]
    assert [(rule.protocol, rule.port) for rule in anywhere] == [("TCP", "443")]


def test_without_clients_the_balancer_accepts_nobody() -> None:
    done = make(False, clients=())
    assert done.one("GroupRuleSet", "sec-balancer-rules").inputs["ingresses"] == []


def test_only_nodes_mount_the_shared_files() -> None:
    done = make(False)
    assert [rule.inputs["authClientIp"] for rule in done.all("AccessRule")] == [
        "10.0.10.0/24",
        "10.0.11.0/24",
        "10.0.12.0/24",
    ]
    assert [rule.inputs["priority"] for rule in done.all("AccessRule")] == [1, 2, 3]
    assert done.exports["files"].value == "sec-files-id"
