"""Whole regions on AWS, from their files."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.aws import foundation
from components.tags import REQUIRED
from components.types import Foundation
from stacks import loader
from stacks.schema import AwsRegion
from tests.components.aws import cloud
from tests.harness import mocks
from tests.harness.mocks import Recorder

REGIONS = sorted(path.stem for path in loader.FOLDER.glob("aws-*.yaml"))
EXISTING_CLUSTER = {"cluster": {"existing": {"id": "shared", "serviceCidr": "172.20.0.0/20"}}}


def parse(stack: str, overlay: Mapping[str, Any] | None = None) -> AwsRegion:
    path = Path(loader.FOLDER / f"{stack}.yaml")
    spec = loader.parse(path.read_text(), source=f"stacks/{path.name}", overlay=overlay)
    assert isinstance(spec, AwsRegion)
    return spec


def answer(spec: AwsRegion):
    """An account in which everything that the region file names exists, as the file says."""
    vpc = getattr(spec.network, "existing", None)
    subnets = (
        {}
        if vpc is None
        else {
            subnet: zone
            for ids in (vpc.subnets.public, vpc.subnets.nodes, vpc.subnets.pods)
            for subnet, zone in zip(ids, vpc.zones, strict=False)
        }
    )
    arn = f"arn:aws:eks:{spec.region}:{spec.account_id}:cluster/shared"

    def call(args) -> dict[str, Any]:
        match args.token.rpartition(":")[2]:
            case "getVpc":
                return {"cidrBlock": str(vpc.cidr), "cidrBlockAssociations": [], "mainRouteTableId": "rtb-main"}
            case "getSubnet":
                return {"vpcId": vpc.vpc, "availabilityZone": subnets[args.args["id"]]}
            case "getRouteTables":
                return {"ids": []}
            case "getZone":
                return {"name": spec.dns.zone, "zoneId": args.args["zoneId"]}
            case "getCluster":
                return {
                    "arn": arn,
                    "name": "shared",
                    "endpoint": "https://abc.eks.amazonaws.com",
                    "certificateAuthorities": [{"data": "Q0E="}],
                    "identities": [{"oidcs": [{"issuer": cloud.ISSUER}]}],
                    "vpcConfig": {"clusterSecurityGroupId": "sg-theirs", "vpcId": vpc.vpc},
                    "version": "1.34",
                }
            case "getRole":
                return {"arn": f"arn:aws:iam::{spec.account_id}:role/{args.args['name']}"}
            case "getKey":
                return {"arn": args.args["keyId"], "keyState": "Enabled", "keyUsage": "ENCRYPT_DECRYPT"}
            case "getBucket":
                return {"arn": f"arn:aws:s3:::{args.args['bucket']}", "bucketRegion": spec.region}
        raise AssertionError(args.token)

    return call


def build(stack: str, preview: bool, overlay: Mapping[str, Any] | None = None) -> tuple[Recorder, Foundation]:
    spec, built = parse(stack, overlay), []

    def program() -> Mapping[str, Any]:
        parent = pulumi.ComponentResource("open-autoglm:test:Region", stack)
        made = foundation.build(stack, spec, parent)
        built.append(made)
        host = pulumi.Output.from_input("gateway.elb.amazonaws.com")
        return {
            "host": made.publish(host) if made.publish else host,
            "balancer": dict(made.balancer),
            "identities": {name: dict(item.annotations) for name, item in made.identities.items()},
            "waits": [item.urn for item in made.depends_on],
            "address": made.cluster.address,
        }

    recorder = Recorder(outputs=cloud.outputs, calls=answer(spec))
    return mocks.run(program, preview=preview, recorder=recorder), built[0]


@functools.cache
def planned(stack: str, preview: bool) -> tuple[Recorder, Foundation]:
    return build(stack, preview)


def built(stack: str) -> tuple[Recorder, Foundation]:
    return planned(stack, False)


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize("stack", REGIONS)
def test_every_region_keeps_the_house_rules(stack: str, preview: bool) -> None:
    done, _ = planned(stack, preview)
    cloud.assert_house_rules(done)
    for item in cloud.cloud(done):
        assert item.inputs.get("tags", {}).get("stack", stack) == stack
    kubernetes = done.one("kubernetes").inputs
    assert mocks.is_secret(kubernetes["kubeconfig"])


@pytest.mark.parametrize("stack", REGIONS)
def test_the_provider_is_guarded_and_holds_no_credentials(stack: str) -> None:
    done, spec = built(stack)[0], parse(stack)
    for item in done.resources:
        if item.type == "pulumi:providers:aws":
            assert '"' + spec.account_id + '"' in item.inputs["allowedAccountIds"]
            assert not set(item.inputs) & {"accessKey", "secretKey", "token", "profile"}


@pytest.mark.parametrize("stack", REGIONS)
def test_every_pool_of_the_file_becomes_its_groups(stack: str) -> None:
    done, spec = built(stack)[0], parse(stack)
    groups = {item.name: item.inputs for item in done.all("NodeGroup") if "-pool-" in item.name}
    for name, pool in spec.gpu_pools.items():
        mine = [group for key, group in groups.items() if key.startswith(f"{stack}-pool-{name}")]
        assert sum(group["scalingConfig"]["maxSize"] for group in mine) == pool.max_size
        assert all(group["taints"] for group in mine)
        assert ("SPOT" in {group["capacityType"] for group in mine}) is (pool.spot is not None)


def test_pods_wait_for_nodes_add_ons_and_rights() -> None:
    done, made = built("aws-us-west-2")
    names = {urn.rpartition("::")[2] for urn in done.exports["waits"].value}
    assert {
        "aws-us-west-2-cluster-system",
        "aws-us-west-2-cluster-coredns",
        "aws-us-west-2-pool-serving",
        "aws-us-west-2-pool-serving-spot",
        "aws-us-west-2-identity",
        "aws-us-west-2-disks",
    } <= names
    assert made.files is not None and made.files.driver == "efs.csi.aws.com"
    assert set(made.identities) == {"model-store", "serving", "etcd"}


def test_the_balancer_ends_tls_on_443_for_the_clients_and_peers_only() -> None:
    said = built("aws-us-west-2")[0].exports["balancer"].value
    prefix = "service.beta.kubernetes.io/aws-load-balancer-"
    assert said[f"{prefix}type"] == "nlb"
    assert said[f"{prefix}ssl-ports"] == "443"
    assert said[f"{prefix}ssl-cert"].startswith("arn:aws:acm:us-west-2:")
    assert said[f"{prefix}internal"] == "false"
    assert said[f"{prefix}subnets"].count("-public-") == 3
    ranges = said["service.beta.kubernetes.io/load-balancer-source-ranges"].split(",")
    assert {"0.0.0.0/0", "10.11.0.0/16"} <= set(ranges)
    tags = dict(item.split("=") for item in said[f"{prefix}additional-resource-tags"].split(","))
    assert set(REQUIRED) <= set(tags)


def test_a_gateway_inside_the_cluster_needs_no_balancer() -> None:
    assert built("aws-cn-north-1")[0].exports["balancer"].value == {}


def test_an_internal_balancer_stands_in_the_nodes_subnets() -> None:
    done, _ = build("aws-us-west-2", False, {"gateway": {"exposure": {"internal": True}}})
    said = done.exports["balancer"].value
    assert said["service.beta.kubernetes.io/aws-load-balancer-internal"] == "true"
    assert "-nodes-" in said["service.beta.kubernetes.io/aws-load-balancer-subnets"]


def test_the_region_gets_its_name_once_the_gateway_has_one() -> None:
    done, _ = built("aws-us-west-2")
    assert done.exports["host"].value == "us-west-2.phone.example.com"
    assert done.one("Record").inputs["records"] == ["gateway.elb.amazonaws.com"]


def test_china_says_who_a_pod_is_through_its_service_account() -> None:
    done, _ = built("aws-cn-northwest-1")
    said = done.exports["identities"].value
    assert all(list(item) == ["eks.amazonaws.com/role-arn"] for item in said.values())


def test_volumes_without_a_class_are_encrypted_with_the_regions_key() -> None:
    done, _ = built("aws-us-west-2")
    disks = done.one("StorageClass").inputs
    assert "name" not in disks["metadata"]  # it can be replaced only
    assert disks["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}
    assert disks["parameters"]["encrypted"] == "true"
    assert disks["parameters"]["kmsKeyId"].endswith(":aws-us-west-2-storage-key")


@pytest.mark.parametrize("preview", [True, False])
def test_an_existing_cluster_gets_pools_and_identities_and_nothing_else(preview: bool) -> None:
    done, made = build("aws-cn-northwest-1", preview, EXISTING_CLUSTER)
    cloud.assert_house_rules(done)
    assert not [item for item in cloud.cloud(done) if item.type.endswith((":Cluster", ":Addon", ":Vpc", ":Subnet"))]
    assert not done.all("StorageClass")
    assert {item.inputs["clusterName"] for item in done.all("NodeGroup")} == {"shared"}
    assert done.exports["address"].value == "abc.eks.amazonaws.com"
    assert made.member is not None and made.member.provider == "aws"


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ({"gpuPools": {"serving": {"driver": "570.86"}}}, "gpuPools.serving.driver: 570.86"),
        ({"gpuPools": {"serving": {"spot": {"maxUsdPerHour": 1.5}}}}, "gpuPools.serving.spot.maxUsdPerHour: 1.5"),
        ({"gpuPools": {"serving": {"image": "ami-1"}}}, "gpuPools.serving.image: ami-1"),
        (
            {"dns": {"host": "glm.example.com", "zone": "glm.example.com"}},
            "dns.host: glm.example.com is the zone itself",
        ),
        ({"cluster": {"admins": ["me"]}}, "cluster.admins: me is no ARN"),
        (EXISTING_CLUSTER, "cluster.existing.id: shared: nodes stand in their cluster's VPC"),
        (
            {"gateway": {"exposure": {"certificate": "cert-1"}}},
            "gateway.exposure.certificate: cert-1 is no ARN",
        ),
    ],
)
def test_what_aws_cannot_do_is_refused_before_anything_is_made(overlay: dict[str, Any], message: str) -> None:
    recorder = Recorder(outputs=cloud.outputs)
    spec = parse("aws-us-west-2", overlay)

    def program() -> Mapping[str, Any]:
        foundation.build("x", spec, pulumi.ComponentResource("open-autoglm:test:Region", "x"))
        return {}

    with pytest.raises(pulumi.RunError, match=message):
        mocks.run(program, recorder=recorder)
    assert not cloud.cloud(recorder)
