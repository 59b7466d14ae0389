"""What the cloud stand-ins refuse: each with its path and what would be right."""

import pytest

from tests.tools.providers.test_cloud_tables import resource
from tools.marks import UNKNOWN
from tools.providers.cloud import check
from tools.providers.cloud.check import nearest
from tools.providers.values import format_path

GROUP = "aws:eks/nodeGroup:NodeGroup"
NATIVE = "tencentcloud:Kubernetes/nativeNodePool:NativeNodePool"
POOL = "alicloud:cs/nodePool:NodePool"

GOOD = {
    GROUP: {
        "clusterName": "c",
        "nodeRoleArn": UNKNOWN,
        "subnetIds": [UNKNOWN, "subnet-1"],
        "scalingConfig": {"minSize": 1, "maxSize": 2, "desiredSize": 1},
        "taints": [{"key": "gpu", "effect": "NO_SCHEDULE"}],
        "tags": {"team": "phones"},
    },
    POOL: {"clusterId": "c", "scalingConfig": {"minSize": 0}, "labels": [{"key": "a", "value": "b"}]},
    NATIVE: {
        "clusterId": "c",
        "type": "Native",
        "native": {
            "instanceChargeType": "POSTPAID_BY_HOUR",
            "instanceTypes": ["GN7.2XLARGE32"],
            "securityGroupIds": ["sg-1"],
            "subnetIds": ["subnet-1"],
            "systemDisk": {"diskSize": 100, "diskType": "CLOUD_PREMIUM"},
        },
    },
}


def reasons(token, **changes):
    """Failures of good inputs with these changes, by path; None takes a property away."""
    inputs = {**GOOD[token], **changes}
    found = check.failures(resource(token), {name: value for name, value in inputs.items() if value is not None})
    return {format_path(path): reason for path, reason in found}


@pytest.mark.parametrize("token", GOOD)
def test_good_inputs_pass(token):
    assert reasons(token) == {}


@pytest.mark.parametrize(
    ("token", "changes", "path", "words"),
    [
        (GROUP, {"clustrName": "c"}, "clustrName", "did you mean 'clusterName'? (in Python 'cluster_name')"),
        (GROUP, {"scaling_config": {}}, "scaling_config", "did you mean 'scalingConfig'?"),
        (GROUP, {"colour": "red"}, "colour", "there are amiType, capacityType"),
        (GROUP, {"clusterName": None}, "clusterName", "NodeGroup needs 'clusterName' (a string)"),
        (GROUP, {"subnetIds": "subnet-1"}, "subnetIds", "expected a list of string, got the string 'subnet-1'"),
        (GROUP, {"subnetIds": ["a", 3]}, "subnetIds[1]", "expected a string, got the number 3"),
        (GROUP, {"diskSize": "100"}, "diskSize", "expected a whole number, got the string '100'"),
        (GROUP, {"diskSize": 1.5}, "diskSize", "expected a whole number, got the number 1.5"),
        (GROUP, {"diskSize": True}, "diskSize", "expected a whole number, got the boolean True"),
        (GROUP, {"forceUpdateVersion": "true"}, "forceUpdateVersion", "expected true or false"),
        (GROUP, {"tags": {"a": 1}}, "tags.a", "expected a string"),
        (GROUP, {"tags": ["a"]}, "tags", "expected a map, got a list"),
        (GROUP, {"scalingConfig": {"minSize": 1, "max_szie": 2}}, "scalingConfig.max_szie", "did you mean 'maxSize'?"),
        (GROUP, {"scalingConfig": {"minSize": 1, "desiredSize": 1}}, "scalingConfig.maxSize", "missing"),
        (GROUP, {"scalingConfig": []}, "scalingConfig", "expected an object NodeGroupScalingConfig, got a list"),
        (GROUP, {"taints": [{"key": "a"}]}, "taints[0].effect", "missing"),
        (POOL, {"labels": {"a": "b"}}, "labels", "expected a list of object NodePoolLabel, got an object"),
        (POOL, {"scalingConfig": {"maxSize": "2"}}, "scalingConfig.maxSize", "expected a whole number"),
        (NATIVE, {"type": None}, "type", "missing"),
        (NATIVE, {"native": {**GOOD[NATIVE]["native"], "systemDisk": None}}, "native.systemDisk", "missing"),
    ],
)
def test_a_mistake_is_named(token, changes, path, words):
    found = reasons(token, **changes)
    assert next(iter(found)) == path
    assert words in found[path]


def test_a_resource_whose_arguments_have_the_name_of_a_nested_type_is_still_itself():
    versioning = resource("aws:s3/bucketVersioning:BucketVersioning")
    assert {"bucket", "versioningConfiguration"} <= set(versioning["inputs"]["fields"])


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"type": "Natve"}, "'Natve' is not one of 'Native'; did you mean 'Native'?"),
        ({"pools": [{"size": 3}, {"size": 5}]}, "5 is not one of 1, 3"),
        ({"type": UNKNOWN, "pools": [{"size": 1}]}, None),
        ({}, None),
    ],
)
def test_values_of_a_table_reach_into_lists(inputs, words):
    found = [reason for _, reason in check.values({"type": ("Native",), "pools.size": (1, 3)}, inputs)]
    assert found == ([words] if words else [])


def test_the_nearest_name_is_the_one_that_was_meant():
    assert nearest("vpcid", ["vpcId", "subnetId"]) == "did you mean 'vpcId'? (in Python 'vpc_id')"
    assert nearest("zzz", ["vpcId"]) == "there are vpcId"
