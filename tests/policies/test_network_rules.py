"""Public ports and public API endpoints, cloud by cloud."""

from typing import Any

import pytest

from policies import UNKNOWN, Resource
from policies.rules.ports import is_world
from tests.policies.planned import planned, said, waits

WORLD, OFFICE = "0.0.0.0/0", "203.0.113.0/24"


def aws(cidr: str, port: int, protocol: str = "tcp") -> Resource:
    kind = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    return planned(kind, cidrIpv4=cidr, fromPort=port, toPort=port, ipProtocol=protocol)


def aws_group(cidr: str, port: int, protocol: str = "tcp") -> Resource:
    ingress = [{"cidrBlocks": [cidr], "fromPort": port, "toPort": port, "protocol": protocol}]
    return planned("aws:ec2/securityGroup:SecurityGroup", ingress=ingress)


def alicloud(cidr: str, port: int, protocol: str = "tcp") -> Resource:
    kind = "alicloud:ecs/securityGroupRule:SecurityGroupRule"
    return planned(kind, type="ingress", cidrIp=cidr, portRange=f"{port}/{port}", ipProtocol=protocol)


def tencent(cidr: str, port: int, protocol: str = "TCP") -> Resource:
    ingress = {"action": "ACCEPT", "cidrBlock": cidr, "port": str(port), "protocol": protocol}
    return planned("tencentcloud:Security/groupRuleSet:GroupRuleSet", ingresses=[ingress])


def tencent_lite(cidr: str, port: int, protocol: str = "TCP") -> Resource:
    return planned("tencentcloud:Security/groupLiteRule:GroupLiteRule", ingresses=[f"ACCEPT#{cidr}#{port}#{protocol}"])


def service(cidr: str, port: int, protocol: str = "TCP") -> Resource:
    ports = [{"port": port, "protocol": protocol}]
    return planned(
        "kubernetes:core/v1:Service",
        metadata={},
        spec={"type": "LoadBalancer", "ports": ports, "loadBalancerSourceRanges": [cidr]},
    )


EVERYWHERE = pytest.mark.parametrize("make", [aws, aws_group, alicloud, tencent, tencent_lite, service])


@EVERYWHERE
def test_only_https_is_open_to_the_world(make: Any) -> None:
    assert said("public-ports", make(WORLD, 443)) == []
    assert said("public-ports", make(OFFICE, 22)) == []
    [text] = said("public-ports", make(WORLD, 22))
    assert text.startswith("it opens tcp 22 to 0.0.0.0/0: only TCP 443 may be open to the world")
    assert said("public-ports", make(WORLD, 443, "UDP" if make in (tencent, tencent_lite, service) else "udp"))


@EVERYWHERE
def test_two_halves_are_the_world_and_a_private_range_is_not(make: Any) -> None:
    assert said("public-ports", make("128.0.0.0/1", 22))
    assert said("public-ports", make("10.0.0.0/8", 22)) == []


@pytest.mark.parametrize(
    "rule",
    [
        planned("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", cidrIpv6="::/0", ipProtocol="-1"),
        planned("aws:ec2/securityGroupRule:SecurityGroupRule", type="ingress", cidrBlocks=[WORLD], protocol="-1"),
        planned("alicloud:ecs/securityGroupRule:SecurityGroupRule", type="ingress", cidrIp=WORLD, portRange="-1/-1"),
        planned(
            "tencentcloud:Security/groupRuleSet:GroupRuleSet",
            ingresses=[{"action": "ACCEPT", "ipv6CidrBlock": "::/0", "port": "ALL", "protocol": "ALL"}],
        ),
    ],
    ids=lambda rule: rule.type,
)
def test_every_port_at_once(rule: Resource) -> None:
    [text] = said("public-ports", rule)
    assert "all 0-65535" in text


def test_what_leaves_and_what_is_dropped_is_not_open() -> None:
    kind = "alicloud:ecs/securityGroupRule:SecurityGroupRule"
    assert said("public-ports", planned(kind, type="egress", cidrIp=WORLD, portRange="-1/-1")) == []
    assert said("public-ports", planned(kind, type="ingress", policy="drop", cidrIp=WORLD, portRange="-1/-1")) == []
    dropped = [{"action": "DROP", "cidrBlock": WORLD, "port": "ALL", "protocol": "ALL"}]
    assert said("public-ports", planned("tencentcloud:Security/groupRuleSet:GroupRuleSet", ingresses=dropped)) == []
    assert said("public-ports", planned("aws:ec2/securityGroupRule:SecurityGroupRule", type="egress")) == []


def test_lists_and_ranges_of_ports() -> None:
    for ports in ("443,22", "400-500"):
        rule = {"action": "ACCEPT", "cidrBlock": WORLD, "port": ports, "protocol": "TCP"}
        assert said("public-ports", planned("tencentcloud:Security/groupRuleSet:GroupRuleSet", ingresses=[rule]))


@pytest.mark.parametrize(
    "annotations",
    [
        {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"},
        {"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type": "intranet"},
        {"service.kubernetes.io/qcloud-loadbalancer-internal-subnetid": "subnet-1"},
    ],
)
def test_an_internal_balancer_is_not_public(annotations: dict[str, str]) -> None:
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}]}
    internal = planned("kubernetes:core/v1:Service", metadata={"annotations": annotations}, spec=spec)
    assert said("public-ports", internal) == []
    assert said("public-ports", planned("kubernetes:core/v1:Service", metadata={}, spec=spec))


def test_an_unknown_range_waits_for_the_update() -> None:
    kind = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    rule = planned(kind, cidrIpv4=UNKNOWN, fromPort=22, toPort=22, ipProtocol="tcp")
    assert said("public-ports", rule) == []
    assert waits("public-ports", rule) == ["cidrIpv4"]


@pytest.mark.parametrize("text", ["", "sg-1", None, UNKNOWN])
def test_what_is_no_range_is_not_the_world(text: object) -> None:
    assert not is_world(text)


OPEN = [
    planned("aws:eks/cluster:Cluster", vpcConfig={"subnetIds": []}),
    planned("aws:eks/cluster:Cluster", vpcConfig={"endpointPublicAccess": True, "publicAccessCidrs": [WORLD]}),
    planned("alicloud:cs/managedKubernetes:ManagedKubernetes"),
    planned("alicloud:cs/managedKubernetes:ManagedKubernetes", slbInternetEnabled=True),
    planned("tencentcloud:Kubernetes/cluster:Cluster", clusterInternet=True),
    planned("tencentcloud:Kubernetes/clusterEndpoint:ClusterEndpoint", clusterInternet=True),
]
CLOSED = [
    planned("aws:eks/cluster:Cluster", vpcConfig={"endpointPublicAccess": False}),
    planned("aws:eks/cluster:Cluster", vpcConfig={"endpointPublicAccess": True, "publicAccessCidrs": [OFFICE]}),
    planned("alicloud:cs/managedKubernetes:ManagedKubernetes", slbInternetEnabled=False),
    planned("tencentcloud:Kubernetes/cluster:Cluster"),
    planned(
        "tencentcloud:Kubernetes/clusterEndpoint:ClusterEndpoint",
        clusterInternet=True,
        clusterInternetSecurityGroup="sg-1",
    ),
]


@pytest.mark.parametrize("cluster", OPEN, ids=lambda found: found.type)
def test_a_public_api_endpoint(cluster: Resource) -> None:
    [text] = said("public-api-endpoints", cluster)
    assert "the API server" in text
    assert "set " in text


@pytest.mark.parametrize("cluster", CLOSED, ids=lambda found: found.type)
def test_a_private_api_endpoint(cluster: Resource) -> None:
    assert said("public-api-endpoints", cluster) == []
