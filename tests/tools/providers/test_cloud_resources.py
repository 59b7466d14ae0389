"""What a cloud stand-in makes up: forms of ids, outputs, names, what stays over an update, what a refresh finds."""

import re

import pytest

from tests.tools.providers.test_cloud_tables import account, cloud, resource
from tools.marks import UNKNOWN
from tools.providers.cloud import naming
from tools.providers.cloud.resources import Resources, token_of
from tools.providers.protocol import ProviderFailure

URN = "urn:pulumi:dev::p::open-autoglm:aws:Network${}::{}"


def resources(package="aws", world=None, settings=None):
    return Resources(cloud(package), account(package, world), settings)


def make(token, inputs, name="main", preview=False, **options):
    package = token.partition(":")[0]
    return resources(package, **options).create(
        token, URN.format(token, name), resource(token), inputs, preview=preview
    )


def test_the_token_of_a_child_is_its_own():
    assert token_of(URN.format("aws:ec2/vpc:Vpc", "main")) == "aws:ec2/vpc:Vpc"


@pytest.mark.parametrize(
    ("token", "inputs", "form"),
    [
        ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"}, r"vpc-[0-9a-f]{17}"),
        ("aws:eks/cluster:Cluster", {"name": "c"}, "c"),
        ("aws:eks/nodeGroup:NodeGroup", {"clusterName": "c", "nodeGroupName": "n"}, "c:n"),
        ("aws:s3/bucket:Bucket", {"bucket": "weights"}, "weights"),
        ("aws:iam/policy:Policy", {"name": "p"}, "arn:aws:iam::123456789012:policy/p"),
        ("alicloud:vpc/switch:Switch", {}, r"vsw-[0-9a-z]{21}"),
        ("alicloud:cs/managedKubernetes:ManagedKubernetes", {"name": "c"}, r"c[0-9a-f]{32}"),
        ("tencentcloud:Kubernetes/nodePool:NodePool", {"clusterId": "cls-1"}, r"cls-1#np-[0-9a-z]{8}"),
        ("tencentcloud:Cos/bucket:Bucket", {"bucket": "b-1250000000"}, "b-1250000000"),
        ("aws:budgets/budget:Budget", {}, r"main-[0-9a-f]{12}"),  # in no table
    ],
)
def test_an_id_has_the_cloud_s_form(token, inputs, form):
    assert re.fullmatch(form, make(token, inputs)[0])


def test_ids_are_the_same_in_each_run_and_differ_by_name_and_inputs():
    vpc = "aws:ec2/vpc:Vpc"
    one, again = make(vpc, {"cidrBlock": "10.0.0.0/16"}), make(vpc, {"cidrBlock": "10.0.0.0/16"})
    others = [make(vpc, {"cidrBlock": "10.1.0.0/16"}), make(vpc, {"cidrBlock": "10.0.0.0/16"}, name="other")]
    assert one == again
    assert one[0] not in {other[0] for other in others}


def test_a_preview_knows_the_inputs_alone():
    _, outputs = make("aws:eks/cluster:Cluster", {"name": "c", "roleArn": "r", "vpcConfig": {}}, preview=True)
    assert outputs["name"] == "c"
    assert outputs["arn"] == outputs["endpoint"] == outputs["identities"] == UNKNOWN
    assert outputs["vpcConfig"]["clusterSecurityGroupId"] == UNKNOWN
    assert outputs["certificateAuthority"] == {"data": UNKNOWN}


def test_outputs_name_account_region_and_partition():
    _, outputs = make("aws:kms/key:Key", {})
    assert outputs["arn"] == f"arn:aws:kms:us-west-2:123456789012:key/{outputs['keyId']}"
    _, outputs = make("alicloud:ram/role:Role", {"roleName": "r"})
    assert outputs["arn"] == "acs:ram::123456789012:role/r"


def test_nested_objects_keep_what_was_given_and_get_what_the_cloud_adds():
    given = {"name": "c", "roleArn": "r", "vpcConfig": {"subnetIds": ["s"]}}
    _, outputs = make("aws:eks/cluster:Cluster", given)
    assert outputs["vpcConfig"]["subnetIds"] == ["s"]
    assert outputs["vpcConfig"]["clusterSecurityGroupId"].startswith("sg-")


def test_default_tags_are_among_all_tags():
    _, outputs = make(
        "aws:ec2/vpc:Vpc", {"tags": {"a": "1", "b": "2"}}, settings={"defaultTags": {"tags": {"b": "0", "c": "3"}}}
    )
    assert outputs["tags"] == {"a": "1", "b": "2"}
    assert outputs["tagsAll"] == {"a": "1", "b": "2", "c": "3"}


def test_an_update_keeps_what_the_cloud_gave_and_drops_what_is_no_longer_asked_for():
    token, old = "aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True, "tags": {"a": "1"}}
    new = {"cidrBlock": "10.0.0.0/16", "tags": {"a": "2"}}
    _, state = make(token, old)
    updated = resources().update(token, resource(token), state, old, new, preview=False)
    assert updated["arn"] == state["arn"]
    assert updated["tags"] == updated["tagsAll"] == {"a": "2"}
    assert updated["enableDnsHostnames"] is False  # as the cloud would have it again


def test_a_refresh_finds_the_state_unless_the_world_has_changed_it():
    token = "aws:ec2/vpc:Vpc"  # noqa: S105  a type
    identifier, state = make(token, {"cidrBlock": "10.0.0.0/16"})
    arguments = (token, URN.format(token, "main"), resource(token), identifier, state)
    assert resources().read(*arguments) == state
    assert resources(world={"gone": ["main"]}).read(*arguments) is None
    assert resources(world={"gone": [identifier]}).read(*arguments) is None
    changed = resources(world={"changed": {"main": {"tags": {"who": "someone"}}}}).read(*arguments)
    assert changed == {**state, "tags": {"who": "someone"}}


def test_a_failure_that_the_world_asks_for_comes_in_an_update_alone():
    world = {"failures": {"main": "no capacity"}}
    make("aws:ec2/vpc:Vpc", {}, world=world, preview=True)
    make("aws:ec2/vpc:Vpc", {}, name="other", world=world)
    with pytest.raises(ProviderFailure, match="no capacity"):
        make("aws:ec2/vpc:Vpc", {}, world=world)


@pytest.mark.parametrize(
    ("token", "place"),
    [
        ("aws:iam/role:Role", "name"),
        ("aws:s3/bucket:Bucket", "bucket"),
        ("aws:eks/nodeGroup:NodeGroup", "nodeGroupName"),
        ("aws:ec2/vpc:Vpc", None),
        ("aws:eks/addon:Addon", None),
        ("alicloud:vpc/network:Network", None),  # `name` is the old name of `vpcName`
        ("alicloud:cs/managedKubernetes:ManagedKubernetes", "name"),
    ],
)
def test_what_gets_a_name_of_its_own(token, place):
    assert naming.named(resource(token), cloud(token.partition(":")[0]).named, token) == place


def test_a_name_stays_and_is_another_one_for_a_replacement():
    urn = URN.format("aws:iam/role:Role", "main")
    first = naming.name(urn, {}, {"path": "/a/"})
    assert re.fullmatch("main-[0-9a-f]{7}", first)
    assert naming.name(urn, {}, {"path": "/a/"}) == first
    assert naming.name(urn, {}, {"path": "/b/"}) != first
    assert naming.name(urn, {"name": first}, {"path": "/b/"}) == first
