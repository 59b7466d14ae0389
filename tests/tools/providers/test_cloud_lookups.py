"""Lookups: echoes without a world, what it says with one, and its refusals; the API server that clusters lead to."""

import base64

import pytest
import yaml

from tests.tools.providers.test_cloud_tables import account, cloud, function
from tools.providers.cloud import lookups, settings, world
from tools.providers.cloud.packages import PACKAGES
from tools.providers.cloud.store import Schemas
from tools.providers.protocol import ProviderFailure

VPC, SUBNET = "aws:ec2/getVpc:getVpc", "aws:ec2/getSubnet:getSubnet"
SWITCHES, NETWORKS = "alicloud:vpc/getSwitches:getSwitches", "alicloud:vpc/getNetworks:getNetworks"
SUBNETS = "tencentcloud:Vpc/getSubnets:getSubnets"


def ask(token, given=None, world=None):
    package = token.partition(":")[0]
    return lookups.answer(cloud(package), account(package, world), token, function(token), given or {})


def test_without_a_world_what_is_asked_for_is_there():
    assert ask(VPC, {"id": "vpc-1"})["id"] == "vpc-1"
    found = ask(SUBNET, {"id": "subnet-1", "vpcId": "vpc-1"})
    assert (found["id"], found["vpcId"], found["availabilityZone"]) == ("subnet-1", "vpc-1", "us-west-2a")
    given = {"filters": [{"name": "vpc-id", "values": ["vpc-1"]}, {"name": "cidr-block", "values": ["10.9.0.0/20"]}]}
    found = ask(SUBNET, given)
    assert (found["vpcId"], found["cidrBlock"]) == ("vpc-1", "10.9.0.0/20")
    many = ask(SWITCHES, {"ids": ["vsw-1", "vsw-2"]})
    assert many["ids"] == [item["id"] for item in many["vswitches"]] == ["vsw-1", "vsw-2"]
    assert ask(SUBNETS, {"subnetId": "subnet-1", "vpcId": "vpc-1"})["instanceLists"][0]["vpcId"] == "vpc-1"


def test_with_a_world_only_what_it_has_is_there():
    world = {"vpcs": [{"id": "vpc-1", "cidr": "10.1.0.0/16", "tags": {"team": "a"}}, {"id": "vpc-2"}]}
    assert ask(VPC, {"id": "vpc-1"}, world)["cidrBlock"] == "10.1.0.0/16"
    assert ask(VPC, {"tags": {"team": "a"}}, world)["id"] == "vpc-1"
    with pytest.raises(ProviderFailure, match="getVpc: nothing in vpcs matches id 'vpc-3'"):
        ask(VPC, {"id": "vpc-3"}, world)
    with pytest.raises(ProviderFailure, match="getVpc: 2 of them in vpcs matches anything"):
        ask(VPC, {}, world)
    assert ask(NETWORKS, {"ids": ["vpc-3"]}, world)["vpcs"] == []
    assert ask(NETWORKS, {"ids": ["vpc-2"]}, world)["ids"] == ["vpc-2"]
    assert ask(SUBNET, {"id": "subnet-1"}, world)["id"] == "subnet-1"  # a section that the file does not have


def test_a_subnet_of_another_vpc_is_of_that_one():
    world = {"subnets": [{"id": "subnet-1", "vpc": "vpc-2", "zone": "us-west-2b"}]}
    found = ask(SUBNET, {"id": "subnet-1"}, world)
    assert (found["vpcId"], found["availabilityZone"]) == ("vpc-2", "us-west-2b")
    with pytest.raises(ProviderFailure, match="nothing in subnets matches id 'subnet-1', vpc 'vpc-1'"):
        ask(SUBNET, {"id": "subnet-1", "vpcId": "vpc-1"}, world)


def test_a_pattern_is_taken_for_the_name_it_is_made_from():
    token = "alicloud:oss/getBuckets:getBuckets"  # noqa: S105  a function
    assert ask(token, {"nameRegex": "^my\\.weights$"})["names"] == ["my.weights"]
    world = {"buckets": [{"name": "weights"}, {"name": "others"}]}
    assert ask(token, {"nameRegex": "^weights$"}, world)["names"] == ["weights"]


@pytest.mark.parametrize(
    ("token", "name", "value"),
    [
        ("aws:index/getCallerIdentity:getCallerIdentity", "accountId", "123456789012"),
        ("aws:index/getPartition:getPartition", "partition", "aws"),
        ("aws:index/getRegion:getRegion", "region", "us-west-2"),
        (
            "aws:index/getAvailabilityZones:getAvailabilityZones",
            "names",
            ["us-west-2a", "us-west-2b", "us-west-2c"],
        ),
        ("alicloud:index/getAccount:getAccount", "id", "123456789012"),
        ("alicloud:index/getZones:getZones", "ids", ["cn-hangzhou-a", "cn-hangzhou-b", "cn-hangzhou-c"]),
        ("tencentcloud:User/getInfo:getInfo", "appId", "1250000000"),
    ],
)
def test_who_and_where(token, name, value):
    assert ask(token)[name] == value


def test_zones_are_the_world_s():
    token = "tencentcloud:Availability/getZonesByProduct:getZonesByProduct"  # noqa: S105  a function
    given = {"product": "tke"}
    for zones in (["ap-singapore-4"], {"ap-singapore": ["ap-singapore-4"]}):
        found = ask(token, given, {"availabilityZones": zones})
        assert [zone["name"] for zone in found["zones"]] == ["ap-singapore-4"]


def test_mainland_china_is_a_partition_of_its_own():
    china = world.World({})
    given = settings.account(PACKAGES["aws"], cloud("aws"), {"region": "cn-north-1"}, china)
    assert (given.partition, given.values()["DNS"]) == ("aws-cn", "amazonaws.com.cn")


def test_clusters_lead_to_the_api_server_of_the_world(tmp_path):
    config = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "near", "user": "me"}}],
        "clusters": [{"name": "near", "cluster": {"server": "https://10.1.2.3:6443"}}],
        "users": [{"name": "me", "user": {}}],
    }
    for name in ("ca.pem", "me.pem", "me.key"):
        (tmp_path / name).write_text(name)
    config["clusters"][0]["cluster"]["certificate-authority"] = "ca.pem"
    config["users"][0]["user"] = {"client-certificate": "me.pem", "client-key": "me.key"}
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    there = {"kubeconfig": str(path)}
    found = ask("aws:eks/getCluster:getCluster", {"name": "c"}, there)
    assert found["endpoint"] == "https://10.1.2.3:6443"
    assert base64.b64decode(found["certificateAuthorities"][0]["data"]) == b"ca.pem"
    credential = ask("alicloud:cs/getClusterCredential:getClusterCredential", {"clusterId": "c"}, there)
    assert yaml.safe_load(credential["kubeConfig"]) == config
    assert base64.b64decode(credential["certificateAuthorities"][0]["clientKey"]) == b"me.key"
    [cluster] = ask("tencentcloud:Kubernetes/getClusters:getClusters", {"clusterId": "cls-1"}, there)["lists"]
    assert yaml.safe_load(cluster["kubeConfigIntranet"]) == config


def test_a_world_is_read_from_its_file_and_its_mistakes_are_named(tmp_path):
    assert world.load({}).content == {}
    path = tmp_path / "world.yaml"
    environment = {world.VARIABLE: str(path)}
    with pytest.raises(ProviderFailure, match=r"AUTOGLM_STANDIN_WORLD: .*No such file"):
        world.load(environment)
    path.write_text('{"vpcs": [{"id": "vpc-1"}]}')
    assert world.load(environment).records("vpcs") == [{"id": "vpc-1"}]
    assert world.load(environment).records("subnets") is None
    path.write_text("vpc: []")
    with pytest.raises(ProviderFailure, match="unknown sections vpc; there are account"):
        world.load(environment)
    path.write_text("- vpcs")
    with pytest.raises(ProviderFailure, match="expected a table"):
        world.load(environment)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_provider_needs_a_region_and_known_arguments(package, monkeypatch):
    for name in PACKAGES[package].region_variables:
        monkeypatch.delenv(name, raising=False)
    schema = Schemas(PACKAGES[package]).settings()

    def reasons(**given):
        plain = settings.plain(schema, given)
        return {path[0]: reason for path, reason in settings.failures(PACKAGES[package], schema, plain)}

    assert reasons(region="cn-x", version="1.2.3") == {}
    assert "needs a region" in reasons()["region"]
    assert "did you mean 'region'?" in reasons(regoin="cn-x")["regoin"]
    monkeypatch.setenv(PACKAGES[package].region_variables[0], "cn-x")
    assert reasons() == {}


def test_arguments_that_the_sdk_sends_as_json_are_read():
    schema = Schemas(PACKAGES["aws"]).settings()
    given = {"region": "us-west-2", "allowedAccountIds": '["111122223333"]', "skipRegionValidation": "true"}
    plain = settings.plain(schema, given)
    assert plain == {"region": "us-west-2", "allowedAccountIds": ["111122223333"], "skipRegionValidation": True}
    assert settings.account(PACKAGES["aws"], cloud("aws"), plain, world.World({})).account == "111122223333"
    wrong = settings.plain(schema, {"region": "r", "allowedAccountIds": "111122223333"})
    [(path, reason)] = settings.failures(PACKAGES["aws"], schema, wrong)
    assert (path, "expected a list" in reason) == (("allowedAccountIds",), True)
