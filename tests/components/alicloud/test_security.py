"""Rules of the nodes' group, the balancer's list, and who may mount the shared files."""

from dataclasses import replace
from ipaddress import IPv4Network

import pulumi
import pytest

from components.alicloud.security import Security
from components.cloud_args import SecurityArgs
from tests.components.alicloud import cloud
from tests.harness.mocks import Recorder

ARGS = SecurityArgs(
    network=cloud.NETWORK,
    tags=cloud.TAGS,
    clients=(IPv4Network("203.0.113.0/24"),),
    service_cidr=IPv4Network("172.20.0.0/16"),
    peers=(IPv4Network("10.9.0.0/16"),),
)


def made(args: SecurityArgs, *, preview: bool = False) -> Recorder:
    def build(opts: pulumi.ResourceOptions) -> dict[str, object]:
        parts = Security("here-security", args, opts).parts
        return {"nodes": parts.nodes, "files": parts.files, "balancer": parts.balancer}

    return cloud.run(build, preview=preview)


@pytest.fixture(scope="module", params=[True, False], ids=["preview", "update"])
def security(request: pytest.FixtureRequest) -> Recorder:
    return made(ARGS, preview=request.param)


def test_the_group_denies_what_no_rule_allows(security: Recorder) -> None:
    group = security.one("SecurityGroup").inputs
    assert (group["securityGroupType"], group["innerAccessPolicy"]) == ("enterprise", "Drop")


def test_from_outside_the_network_only_the_gateways_ports_are_open(security: Recorder) -> None:
    inside = {*cloud.NETWORK.node_ranges, *cloud.NETWORK.pod_ranges}
    ingress = [item.inputs for item in security.all("SecurityGroupRule") if item.inputs["type"] == "ingress"]
    outside = {(rule["portRange"], rule["cidrIp"]) for rule in ingress if rule["cidrIp"] not in inside}
    assert outside == {("8080/8080", "100.64.0.0/10"), ("8081/8081", "100.64.0.0/10")}


def test_to_the_internet_there_is_only_tls(security: Recorder) -> None:
    egress = [item.inputs for item in security.all("SecurityGroupRule") if item.inputs["type"] == "egress"]
    assert [rule["portRange"] for rule in egress if rule["cidrIp"] == "0.0.0.0/0"] == ["443/443"]


def test_each_rule_says_why_in_its_own_words(security: Recorder) -> None:
    for rule in security.all("SecurityGroupRule"):
        assert len(rule.inputs["description"].split()) > 1 or rule.inputs["portRange"] in {"53/53", "123/123"}
        assert rule.inputs["nicType"] == "intranet"
        assert rule.inputs["policy"] == "accept"


def test_only_the_nodes_may_mount_files(security: Recorder) -> None:
    assert [item.inputs["sourceCidrIp"] for item in security.all("AccessRule")] == [*cloud.NETWORK.node_ranges]
    assert {item.inputs["rwAccessType"] for item in security.all("AccessRule")} == {"RDWR"}
    assert {item.inputs["fileSystemType"] for item in security.all("AccessRule")} == {"standard"}


def test_the_balancers_list_has_the_clients_and_the_peers(security: Recorder) -> None:
    assert [item.inputs["entry"] for item in security.all("AclEntryAttachment")] == ["203.0.113.0/24", "10.9.0.0/16"]


def test_everyone_is_no_entry_of_a_list() -> None:
    assert not made(replace(ARGS, clients=(IPv4Network("0.0.0.0/0"),), peers=())).all("AclEntryAttachment")


def test_the_group_of_a_cluster_that_exists_is_taken_and_never_changed() -> None:
    def build(opts: pulumi.ResourceOptions) -> dict[str, object]:
        return {"nodes": Security("here-security", ARGS, opts, nodes="sg-there").parts.nodes}

    security = cloud.run(build)
    assert security.exports["nodes"].value == "sg-there"
    assert not security.all("SecurityGroup")
    assert not security.all("SecurityGroupRule")
