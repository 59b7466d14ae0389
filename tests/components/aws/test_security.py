import functools

import pytest

from components.aws.security import Security
from tests.components.aws import cloud
from tests.harness.mocks import Recorder


@functools.cache
def made(preview: bool = False) -> Recorder:
    def program(opts):
        parts = Security("sec", cloud.security_args(), opts).parts
        return {"nodes": parts.nodes, "files": parts.files, "balancer": parts.balancer}

    return cloud.run(program, preview=preview)


@pytest.mark.parametrize("preview", [True, False])
def test_groups_and_rules_keep_the_house_rules(preview: bool) -> None:
    done = made(preview)
    cloud.assert_house_rules(done)
    assert len(done.all("SecurityGroup")) == 2
    assert not any(key in group.inputs for group in done.all("SecurityGroup") for key in ("ingress", "egress"))


def test_nothing_is_open_to_the_world() -> None:
    """Clients' ranges are opened by EKS's controller, for the gateway's port only."""
    for rule in made().all("SecurityGroupIngressRule"):
        assert "cidrIpv4" not in rule.inputs, rule.name


def test_the_only_way_out_is_https() -> None:
    out = [rule.inputs for rule in made().all("SecurityGroupEgressRule") if "cidrIpv4" in rule.inputs]
    assert [(rule["fromPort"], rule["toPort"], rule["ipProtocol"]) for rule in out] == [(443, 443, "tcp")]


def test_files_are_mounted_by_nodes_and_by_nothing_else() -> None:
    inward = [rule.inputs for rule in made().all("SecurityGroupIngressRule")]
    files = [rule for rule in inward if rule["securityGroupId"] == "sec-files-id"]
    assert [(rule["fromPort"], rule["referencedSecurityGroupId"]) for rule in files] == [(2049, "sec-nodes-id")]
    outward = [rule.inputs for rule in made().all("SecurityGroupEgressRule")]
    assert not [rule for rule in outward if rule["securityGroupId"] == "sec-files-id"]


def test_the_balancers_rules_go_to_the_nodes_group() -> None:
    exports = made().exports
    assert exports["balancer"].value == exports["nodes"].value == "sec-nodes-id"
