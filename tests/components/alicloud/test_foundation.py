"""Whole regions, from their files."""

from functools import cache
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, cast

import pulumi
import pytest

from components.access import GRANTS
from components.alicloud import foundation
from stacks import loader
from stacks.cloud import Spot
from stacks.schema import AlicloudRegion
from tests.components.alicloud import cloud
from tests.harness import mocks
from tests.harness.mocks import Recorder
from tools.paths import ROOT

FILES = sorted((ROOT / "stacks").glob("alicloud-*.yaml"))


class Home(pulumi.ComponentResource):
    def __init__(self) -> None:
        super().__init__("open-autoglm:index:Region", "here")


def spec_of(path: Path) -> AlicloudRegion:
    spec = loader.parse(path.read_text(), source=path.name)
    assert isinstance(spec, AlicloudRegion)
    return spec


def vpc_of(spec: AlicloudRegion) -> str:
    """An adopted VPC's id, or that which the mocks give to one of our own."""
    existing = getattr(spec.network, "existing", None)
    return str(existing.vpc) if existing else "here-network-vpc-id"


def world(spec: AlicloudRegion) -> dict[str, dict[str, Any]]:
    """The account that the region file speaks of."""
    answers: dict[str, dict[str, Any]] = {
        "alicloud:index/getAccount:getAccount": {"id": spec.account_id},
        "alicloud:cs/getKubernetesVersion:getKubernetesVersion": {
            "metadatas": [{"version": f"1.{minor}.1-aliyun.1", "runtimes": []} for minor in range(28, 40)]
        },
        "alicloud:cs/getRegistryEnterpriseInstances:getRegistryEnterpriseInstances": {
            "instances": [{"id": "cri-1", "name": "phone"}]
        },
        "alicloud:ram/getRoles:getRoles": {
            "roles": [{"name": role.rpartition("/")[2]} for role in spec.identity.existing.values()]
        },
        "alicloud:kms/getKeys:getKeys": {"keys": [{"id": spec.storage.key, "status": "Enabled"}]},
        "alicloud:oss/getBuckets:getBuckets": {
            "buckets": [{"name": spec.storage.bucket, "location": f"oss-{spec.region}", "acl": "private"}]
        },
    }
    if spec.dns:
        domain = {"domainName": spec.dns.zone, "domainId": spec.dns.existing or "d1"}
        answers["alicloud:dns/getAlidnsDomains:getAlidnsDomains"] = {"domains": [domain]}
    if vpc := getattr(spec.network, "existing", None):
        subnets = {"nodes": vpc.subnets.nodes, "pods": vpc.subnets.pods, "public": vpc.subnets.public}
        answers["alicloud:vpc/getNetworks:getNetworks"] = {"vpcs": [{"id": vpc.vpc, "cidrBlock": str(vpc.cidr)}]}
        answers["alicloud:vpc/getSwitches:getSwitches"] = {
            "vswitches": [
                {"id": id, "vpcId": vpc.vpc, "zoneId": zone, "cidrBlock": "10.0.0.0/24", "routeTableId": "vtb-1"}
                for ids in subnets.values()
                for id, zone in zip(ids, vpc.zones, strict=False)
            ]
        }
    if cluster := getattr(spec.cluster, "existing", None):
        rrsa = {"enabled": True, "rrsaOidcIssuerUrl": "https://issuer/c", "ramOidcProviderArn": "acs:ram::1:x/c"}
        one = {
            "id": cluster.id,
            "name": "there",
            "securityGroupId": "sg-there",
            "vpcId": vpc_of(spec),
            "rrsaConfig": rrsa,
        }
        answers["alicloud:cs/getManagedKubernetesClusters:getManagedKubernetesClusters"] = {"clusters": [one]}
    return answers


@cache
def built(path: Path, *, preview: bool = False, account: str | None = None) -> Recorder:
    spec = spec_of(path)
    answers = {**cloud.ANSWERS, **world(spec)}
    if account:
        answers["alicloud:index/getAccount:getAccount"] = {"id": account}

    def program() -> dict[str, object]:
        made = foundation.build("here", spec, Home())
        assert set(made.identities) == set(GRANTS)
        assert made.member is not None
        host = made.publish(pulumi.Output.from_input("47.1.2.3")) if made.publish else None
        return {
            "address": made.cluster.address,
            "host": host,
            "tables": pulumi.Output.all(*made.member.route_tables),
            "waits": len(made.depends_on),
            "names": [type(item).__name__ for item in made.depends_on],
            "balancer": pulumi.Output.all(**made.balancer),
        }

    recorder = Recorder(outputs=cloud.outputs, calls=lambda call: {"id": "asked", **call.args, **answers[call.token]})
    mocks.run(program, preview=preview, recorder=recorder)
    cloud.house_rules(recorder)
    return recorder


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_region_file_becomes_a_foundation(path: Path, preview: bool) -> None:
    spec, region = spec_of(path), built(path, preview=preview)
    assert mocks.is_secret(region.one("kubernetes").inputs["kubeconfig"])
    assert len(region.all("NodePool")) >= len(spec.gpu_pools)
    assert (region.exports["host"].value is None) == (spec.dns is None)
    assert cast(int, region.exports["waits"].value) >= len(spec.gpu_pools)
    provider = region.one("alicloud", "here-alicloud").inputs
    assert (provider["region"], provider["accountId"]) == (spec.region, spec.account_id)
    assert not {"accessKey", "secretKey", "securityToken"} & set(provider)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_exists_is_not_made(path: Path) -> None:
    spec, region = spec_of(path), built(path)
    assert bool(region.all("Network")) != hasattr(spec.network, "existing")
    assert bool(region.all("ManagedKubernetes")) != hasattr(spec.cluster, "existing")
    groups = {group for pool in region.all("NodePool") for group in pool.inputs["securityGroupIds"]}
    assert groups == ({"sg-there"} if hasattr(spec.cluster, "existing") else {"here-security-nodes-id"})
    assert bool(region.all("RegistryEnterpriseRepo")) == spec.registry


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_disk_is_encrypted_and_every_gpu_node_tainted(path: Path) -> None:
    for pool in built(path).all("NodePool"):
        assert pool.inputs["systemDiskEncrypted"] is True
        assert pool.inputs["instanceMetadataOptions"] == {"httpTokens": "required"}
        if "-pool-" in pool.name:
            assert {taint["effect"] for taint in pool.inputs["taints"]} == {"NoSchedule"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_volumes_that_name_no_class_are_encrypted_disks_and_pods_wait_for_the_class(path: Path) -> None:
    classes = built(path).all("StorageClass")
    assert bool(classes) != hasattr(spec_of(path).cluster, "existing")
    for made in classes:
        assert made.inputs["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}
        assert made.inputs["provisioner"] == "diskplugin.csi.alibabacloud.com"
        key = spec_of(path).storage.key or "here-storage-key-id"
        assert made.inputs["parameters"] == {
            "type": "cloud_auto,cloud_essd",
            "encrypted": "true",
            "kmsKeyId": key,
        }
        assert made.provider.rpartition("::")[0].endswith("here-kubernetes")
    waits = cast(list[str], built(path).exports["names"].value)
    assert ("DefaultDisks" in waits) == bool(classes)


def test_credentials_of_another_account_are_refused_in_a_preview() -> None:
    with pytest.raises(pulumi.RunError) as refused:
        built(FILES[0], preview=True, account="9999999999999999")
    assert str(refused.value).startswith(
        f"accountId: {spec_of(FILES[0]).account_id}: the credentials in the environment"
    )


@pytest.mark.parametrize(
    ("part", "change", "message"),
    [
        ("cluster", {"public_access": (IPv4Network("203.0.113.0/24"),)}, r"^cluster\.publicAccess: 203\.0\.113\.0/24"),
        ("cluster", {"admins": ("me",)}, r"^cluster\.admins: me"),
        (
            "storage",
            {"bucket": "old", "replica_region": "cn-beijing"},
            r"^storage\.replicaRegion: .* old exists",
        ),
        ("identity", {"existing": {"etcd": "acs:ram::42:role/x"}}, r"^identity\.existing\.etcd: .* is of account 42"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_made(part: str, change: dict[str, Any], message: str) -> None:
    spec = spec_of(ROOT / "stacks" / "alicloud-ap-southeast-1.yaml")
    refused(spec.model_copy(update={part: getattr(spec, part).model_copy(update=change)}), message)


def test_an_existing_cluster_needs_the_network_that_it_stands_in() -> None:
    own, adopted = (spec_of(ROOT / "stacks" / f"alicloud-{name}.yaml") for name in ("cn-hangzhou", "cn-beijing"))
    refused(own.model_copy(update={"cluster": adopted.cluster}), r"^cluster\.existing\.id: .* name it under network")


def test_a_limit_that_would_be_read_as_yuan_is_refused_by_its_place_in_the_file() -> None:
    spec = spec_of(ROOT / "stacks" / "alicloud-cn-hangzhou.yaml")
    name, pool = next((name, pool) for name, pool in spec.gpu_pools.items() if pool.spot)
    cheap = pool.model_copy(update={"spot": Spot.model_validate({"maxUsdPerHour": 1.5})})
    refused(
        spec.model_copy(update={"gpu_pools": {**spec.gpu_pools, name: cheap}}),
        rf"^gpuPools\.{name}\.spot\.maxUsdPerHour: 1\.5: accounts of mainland China",
    )


def refused(spec: AlicloudRegion, message: str) -> None:
    recorder = Recorder(outputs=cloud.outputs)

    def program() -> dict[str, object]:
        foundation.build("here", spec, Home())
        return {}

    with pytest.raises(pulumi.RunError, match=message):
        mocks.run(program, recorder=recorder)
    assert not [item for item in recorder.resources if item.type.startswith(("alicloud:", "pulumi:providers:"))]
