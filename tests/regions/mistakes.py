"""Mistakes that people make, and the layer that has to catch each before anything is created."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Layer(StrEnum):
    REGION_FILE = "region file"
    SDK = "SDK's types"
    PROVIDER = "provider"
    POLICY = "policy pack"


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """In a region file: `stack` and what is laid over it. Elsewhere: a program. `says`: a part of the answer."""

    name: str
    layer: Layer
    says: str
    stack: str = ""
    overlay: dict[str, Any] | None = None
    program: str = ""


def _file(name: str, stack: str, overlay: dict[str, Any], says: str) -> Mistake:
    return Mistake(name=name, layer=Layer.REGION_FILE, stack=stack, overlay=overlay, says=says)


def _provider(name: str, program: str, says: str) -> Mistake:
    return Mistake(name=name, layer=Layer.PROVIDER, program=program, says=says)


def _policy(name: str, program: str, says: str) -> Mistake:
    return Mistake(name=name, layer=Layer.POLICY, program=program, says=says)


_OREGON, _HANGZHOU, _SINGAPORE = "aws-us-west-2", "alicloud-cn-hangzhou", "tencentcloud-ap-singapore"

MISTAKES = (
    _file("misspelt key", _OREGON, {"servign": {}}, "servign: it is not a known key: did you mean serving?"),
    _file("misspelt nested key", _OREGON, {"network": {"zoness": []}}, "did you mean zones?"),
    _file(
        "another cloud's key",
        _OREGON,
        {"appId": "1250000000"},
        "appId: only the provider tencentcloud has it here: leave it out",
    ),
    _file("wrong type", _OREGON, {"serving": {"replicas": "four"}}, "serving.replicas = 'four'"),
    _file("wrong enum", _OREGON, {"network": {"nat": "both"}}, "network.nat = 'both'"),
    _file("unknown provider", _OREGON, {"provider": "awz"}, "did you mean aws?"),
    _file("unknown region", _OREGON, {"region": "us-west-9"}, "region = us-west-9"),
    _file("zone of another region", _OREGON, {"network": {"zones": ["us-east-1a"]}}, "us-east-1a"),
    _file("ranges that overlap", _OREGON, {"cluster": {"serviceCidr": "10.10.4.0/24"}}, "cluster.serviceCidr"),
    _file("a peer's range that overlaps", _OREGON, {"network": {"peers": ["10.10.0.0/20"]}}, "network.peers[0]"),
    _file("a VPC too small for the pods", _OREGON, {"network": {"cidr": "10.10.0.0/24"}}, "network"),
    _file("even etcd", _OREGON, {"etcd": {"members": 4}}, "etcd.members"),
    _file("single etcd in production", _OREGON, {"etcd": {"members": 1}}, "etcd.members = "),
    _file("all etcd members in one zone", _OREGON, {"network": {"zones": ["us-west-2a"]}}, "network.zones"),
    _file("min above max", _OREGON, {"gpuPools": {"serving": {"minSize": 9}}}, "gpuPools.serving.minSize"),
    _file("unknown instance type", _OREGON, {"gpuPools": {"serving": {"instanceType": "g9.xlarge"}}}, "g9.xlarge"),
    _file("more cards than a node has", _OREGON, {"serving": {"gpu": {"tensorParallelSize": 4}}}, "tensorParallelSize"),
    _file("a model too large for its card", _OREGON, {"model": {"maxModelLen": 4_000_000}}, "maxModelLen"),
    _file("a pool that is not there", _OREGON, {"serving": {"gpu": {"pool": "servers"}}}, "serving.gpu.pool"),
    _file("another cloud's sharing", _OREGON, {"gpuPools": {"serving": {"sharing": {"type": "qgpu"}}}}, "sharing"),
    _file("mutable image", _OREGON, {"images": {"etcd": "quay.io/coreos/etcd:latest"}}, "images.etcd"),
    _file("image without its digest", _OREGON, {"images": {"etcd": "quay.io/coreos/etcd:v3.6.4"}}, "images.etcd"),
    _file("plain HTTP to the world", _OREGON, {"gateway": {"exposure": {"certificate": None}}}, "443"),
    _file("a copy in the region it protects", _OREGON, {"storage": {"replicaRegion": "us-west-2"}}, "replicaRegion"),
    _file("standby in the same region", _OREGON, {"recovery": {"standby": _OREGON}}, "recovery.standby"),
    _file("RTO below what DNS takes", _OREGON, {"recovery": {"rtoSeconds": 60}}, "recovery.rtoSeconds"),
    _file("API server open to everyone", _HANGZHOU, {"cluster": {"publicAccess": ["0.0.0.0/0"]}}, "publicAccess"),
    _file("access key in the file", _HANGZHOU, {"owner": {"name": "AKIA" + "Q" * 16}}, "owner.name"),
    Mistake(
        name="misspelt argument of a nested type",
        layer=Layer.SDK,
        program="aws.eks.NodeGroupScalingConfigArgs(min_szie=1, max_size=2, desired_size=1)",
        says="min_szie",
    ),
    _provider(
        "misspelt key of a nested dict (AWS)",
        'aws.eks.NodeGroup("bad", cluster_name="c", node_role_arn="arn:aws:iam::1:role/r", subnet_ids=["subnet-1"], '
        'scaling_config={"min_szie": 1, "max_size": 2, "desired_size": 1}, opts=on["aws"])',
        "scalingConfig.min_szie",
    ),
    _provider(
        "misspelt key of a nested dict (Alibaba Cloud)",
        'ali.cs.NodePool("bad", cluster_id="c", scaling_config={"enable": True, "max_szie": 2}, opts=on["ali"])',
        "scalingConfig.max_szie",
    ),
    _provider(
        "misspelt key of a nested dict (Tencent Cloud)",
        'tc.security.GroupRuleSet("bad", security_group_id="sg-1", '
        'ingresses=[{"action": "ACCEPT", "cidr_blok": "10.0.0.0/8"}], opts=on["tc"])',
        "ingresses[0].cidr_blok",
    ),
    _provider(
        "a text for a number",
        'tc.kubernetes.NodePool("bad", cluster_id="c", vpc_id="vpc-1", min_size="one", max_size=2, '
        'auto_scaling_config={"instance_type": "GN7.2XLARGE32"}, opts=on["tc"])',
        "minSize",
    ),
    _provider(
        "wrong enum of a cloud", 'aws.ec2.Vpc("bad", instance_tenancy="shared", opts=on["aws"])', "instanceTenancy"
    ),
    _provider(
        "a required key left out of a nested dict",
        'tc.kubernetes.NodePool("bad", cluster_id="c", vpc_id="vpc-1", min_size=1, max_size=2, '
        'auto_scaling_config={"system_disk_size": 50}, opts=on["tc"])',
        "autoScalingConfig.instanceType",
    ),
    _policy(
        "SSH open to everyone",
        'aws.vpc.SecurityGroupIngressRule("bad", security_group_id="sg-1", ip_protocol="tcp", from_port=22, '
        'to_port=22, cidr_ipv4="0.0.0.0/0", tags=TAGS, opts=on["aws"])',
        "public-ports",
    ),
    _policy("no tags", 'aws.ec2.Vpc("bad", cidr_block="10.0.0.0/16", opts=on["aws"])', "missing-tags"),
    _policy(
        "nodes that stay when their pool goes",
        'tc.kubernetes.NodePool("bad", cluster_id="c", vpc_id="vpc-1", min_size=1, max_size=2, tags=TAGS, '
        'auto_scaling_config={"instance_type": "S5.LARGE8"}, opts=on["tc"])',
        "kept-instances",
    ),
)
