"""Differences between two sets of inputs, and what of them replaces a resource."""

import pytest

from tests.tools.providers.test_cloud_tables import cloud
from tools.marks import UNKNOWN
from tools.providers.cloud.diff import Change, changes, covers


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [Change(("a",), "update")]),
        ({}, {"a": 1}, [Change(("a",), "add")]),
        ({"a": 1}, {}, [Change(("a",), "delete")]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, [Change(("a", "c"), "update")]),
        ({"a": [1, 2]}, {"a": [1]}, [Change(("a", 1), "delete")]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}, {"b": 3}]}, [Change(("a", 0, "b"), "update"), Change(("a", 1), "add")]),
        ({"a": UNKNOWN}, {"a": UNKNOWN}, [Change(("a",), "update")]),
        ({"a": {"b": 1}}, {"a": 1}, [Change(("a",), "update")]),
    ],
)
def test_differences_are_named_leaf_by_leaf(old, new, found):
    assert list(changes(old, new)) == found


@pytest.mark.parametrize(
    ("table", "path", "value", "covered"),
    [
        ({"a"}, ("a",), 1, True),
        ({"a"}, ("a", 0, "b"), 1, True),
        ({"a"}, ("ab",), 1, False),
        ({"a.b"}, ("a", 0, "b"), 1, True),
        ({"a.b"}, ("a", 0, "c"), 1, False),
        ({"a.b"}, ("a",), {"b": 1}, True),  # an added or removed object that says something there
        ({"a.b"}, ("a",), {"c": 1}, False),
        ({"a.b"}, ("a",), [{"c": 1}, {"b": 1}], True),
        ({"a.b.c"}, ("a", 1), {"b": {"c": 2}}, True),
        (set(), ("a",), 1, False),
    ],
)
def test_a_pattern_covers_what_it_leads_to(table, path, value, covered):
    assert covers(table, Change(path, "update"), value) is covered


@pytest.mark.parametrize(
    ("token", "path", "replaces"),
    [
        ("aws:ec2/subnet:Subnet", ("cidrBlock",), True),
        ("aws:ec2/subnet:Subnet", ("tags", "team"), False),
        ("aws:eks/nodeGroup:NodeGroup", ("instanceTypes", 0), True),
        ("aws:eks/nodeGroup:NodeGroup", ("scalingConfig", "maxSize"), False),
        ("aws:eks/nodeGroup:NodeGroup", ("launchTemplate", "version"), False),
        ("aws:eks/nodeGroup:NodeGroup", ("launchTemplate", "id"), True),
        ("aws:eks/cluster:Cluster", ("version",), False),
        ("aws:efs/fileSystem:FileSystem", ("encrypted",), True),
        ("alicloud:vpc/switch:Switch", ("zoneId",), True),
        ("alicloud:cs/managedKubernetes:ManagedKubernetes", ("serviceCidr",), True),
        ("alicloud:cs/managedKubernetes:ManagedKubernetes", ("version",), False),
        ("alicloud:cs/nodePool:NodePool", ("instanceTypes", 0), False),
        ("alicloud:nas/fileSystem:FileSystem", ("encryptType",), True),
        ("tencentcloud:Subnet/instance:Instance", ("availabilityZone",), True),
        ("tencentcloud:Kubernetes/nodePool:NodePool", ("autoScalingConfig", "instanceType"), True),
        ("tencentcloud:Kubernetes/nodePool:NodePool", ("autoScalingConfig", "systemDiskSize"), False),
        ("tencentcloud:Kubernetes/nodePool:NodePool", ("nodeConfig", "gpuArgs", "driver"), True),
        ("tencentcloud:Kubernetes/nodePool:NodePool", ("maxSize",), False),
        ("tencentcloud:Kubernetes/nativeNodePool:NativeNodePool", ("native", "scaling", "maxReplicas"), False),
        ("tencentcloud:Kubernetes/nativeNodePool:NativeNodePool", ("native", "systemDisk", "diskSize"), True),
    ],
)
def test_what_the_clouds_replace(token, path, replaces):
    table = cloud(token.partition(":")[0]).replaced[token]
    assert covers(table, Change(path, "update"), 1) is replaces
