"""What keeps data is encrypted, cloud by cloud; what belongs together is found by what it is made from."""

from typing import Any

import pytest

from policies import UNKNOWN, Resource
from tests.policies.planned import planned, said

SSE = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
OSS_SSE = "alicloud:oss/bucketServerSideEncryption:BucketServerSideEncryption"
PROTECTION = "tencentcloud:Kubernetes/encryptionProtection:EncryptionProtection"
KMS = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "k"}}

# type, what makes it clear text, what makes it encrypted
PAIRS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("aws:ebs/volume:Volume", {}, {"encrypted": True}),
    ("aws:efs/fileSystem:FileSystem", {"encrypted": False}, {"encrypted": True}),
    (
        "aws:ec2/launchTemplate:LaunchTemplate",
        {"blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": 9}}]},
        {"blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true"}}]},
    ),
    ("aws:ec2/launchTemplate:LaunchTemplate", {}, {"blockDeviceMappings": [{"ebs": {"encrypted": "true"}}]}),
    ("aws:eks/nodeGroup:NodeGroup", {}, {"launchTemplate": UNKNOWN}),
    ("aws:eks/cluster:Cluster", {}, {"encryptionConfig": {"resources": ["secrets"]}}),
    (SSE, {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]}, {"rules": [KMS]}),
    ("alicloud:ecs/ecsDisk:EcsDisk", {}, {"encrypted": True}),
    ("alicloud:nas/fileSystem:FileSystem", {"encryptType": 0}, {"encryptType": 1}),
    ("alicloud:cs/nodePool:NodePool", {}, {"systemDiskEncrypted": True}),
    (
        "alicloud:cs/nodePool:NodePool",
        {"systemDiskEncrypted": True, "dataDisks": [{"size": 9}]},
        {"systemDiskEncrypted": True, "dataDisks": [{"encrypted": "true"}]},
    ),
    ("alicloud:cs/managedKubernetes:ManagedKubernetes", {}, {"encryptionProviderKey": UNKNOWN}),
    (
        "alicloud:oss/bucket:Bucket",
        {"serverSideEncryptionRule": {"sseAlgorithm": "AES256"}},
        {"serverSideEncryptionRule": {"sseAlgorithm": "KMS"}},
    ),
    (OSS_SSE, {"sseAlgorithm": "AES256"}, {"sseAlgorithm": "KMS"}),
    ("tencentcloud:Cbs/storage:Storage", {}, {"encrypt": True}),
    ("tencentcloud:Cos/bucket:Bucket", {}, {"encryptionAlgorithm": "KMS"}),
    (
        "tencentcloud:Kubernetes/nodePool:NodePool",
        {"autoScalingConfig": {"dataDisks": [{"diskSize": 9}]}},
        {"autoScalingConfig": {"dataDisks": [{"encrypt": True}]}},
    ),
    (
        "tencentcloud:Kubernetes/nativeNodePool:NativeNodePool",
        {"native": {"dataDisks": [{"diskSize": 9}]}},
        {"native": {"dataDisks": [{"encrypt": "ENCRYPT"}]}},
    ),
    (
        "kubernetes:storage.k8s.io/v1:StorageClass",
        {"provisioner": "ebs.csi.aws.com"},
        {"provisioner": "ebs.csi.aws.com", "parameters": {"encrypted": "true"}},
    ),
    (
        "kubernetes:storage.k8s.io/v1:StorageClass",
        {"provisioner": "diskplugin.csi.alibabacloud.com"},
        {"provisioner": "diskplugin.csi.alibabacloud.com", "parameters": {"encrypted": "true"}},
    ),
    (
        "kubernetes:storage.k8s.io/v1:StorageClass",
        {"provisioner": "com.tencent.cloud.csi.cbs", "parameters": {"encrypt": "no"}},
        {"provisioner": "com.tencent.cloud.csi.cbs", "parameters": {"encrypt": "ENCRYPT"}},
    ),
]


@pytest.mark.parametrize(("kind", "clear", "encrypted"), PAIRS, ids=[pair[0] for pair in PAIRS])
def test_data_at_rest(kind: str, clear: dict[str, Any], encrypted: dict[str, Any]) -> None:
    assert len(said("unencrypted-storage", planned(kind, **clear))) == 1
    assert said("unencrypted-storage", planned(kind, **encrypted)) == []


COMPANIONS = [
    ("aws:s3/bucket:Bucket", SSE, "bucket", {"rules": [KMS]}),
    ("alicloud:oss/bucket:Bucket", OSS_SSE, "bucket", {"sseAlgorithm": "KMS"}),
    ("tencentcloud:Kubernetes/cluster:Cluster", PROTECTION, "clusterId", {}),
]


@pytest.mark.parametrize(("kind", "other", "key", "props"), COMPANIONS, ids=[entry[0] for entry in COMPANIONS])
def test_encryption_that_is_a_resource_of_its_own(kind: str, other: str, key: str, props: dict[str, Any]) -> None:
    owner = planned(kind, "mine", parent="p")

    def companion(**more: Any) -> Resource:
        return planned(other, "its", **{key: UNKNOWN, "parent": "p", **props, **more})

    assert len(said("unencrypted-storage", [owner])) == 1
    made_from = {key: frozenset({owner.urn})}
    assert said("unencrypted-storage", [owner, companion(refs=made_from)]) == []
    assert len(said("unencrypted-storage", [owner, companion(refs={key: frozenset({"another"})})])) == 1
    # Without knowing what a value is made from, the same parent is what tells.
    assert said("unencrypted-storage", [owner, companion()]) == []
    assert len(said("unencrypted-storage", [owner, companion(parent="elsewhere")])) == 1


def test_a_bucket_known_by_its_name() -> None:
    bucket = planned("aws:s3/bucket:Bucket", bucket="weights")
    assert said("unencrypted-storage", [bucket, planned(SSE, bucket="weights", rules=[KMS])]) == []
    assert len(said("unencrypted-storage", [bucket, planned(SSE, bucket="others", rules=[KMS])])) == 1
