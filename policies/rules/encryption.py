"""Whatever keeps data at rest is encrypted, and says so: disks, buckets, file systems, the cluster's Secrets."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from policies.rules.base import Resource, Rule, by_type, companions, each, get, is_true

Check = Callable[[Mapping[str, Any]], Iterator[str]]

_BUCKETS = {  # type -> those that may encrypt it: type -> the property that names the bucket
    "aws:s3/bucket:Bucket": {
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "bucket"
    },
    "alicloud:oss/bucket:Bucket": {
        "alicloud:oss/bucketServerSideEncryption:BucketServerSideEncryption": "bucket",
    },
}
_CLUSTERS = {
    "tencentcloud:Kubernetes/cluster:Cluster": {
        "tencentcloud:Kubernetes/encryptionProtection:EncryptionProtection": "clusterId"
    }
}
_DISK_CLASSES = {  # provisioner -> the parameter that encrypts, and its value
    "ebs.csi.aws.com": ("encrypted", "true"),
    "diskplugin.csi.alibabacloud.com": ("encrypted", "true"),
    "com.tencent.cloud.csi.cbs": ("encrypt", "ENCRYPT"),
}


def _flag(key: str) -> Check:
    def check(props: Mapping[str, Any]) -> Iterator[str]:
        if not is_true(get(props, key)):
            yield f"{key} is not true: its data would lie in clear; set it, with a key of yours"

    return check


def _aws_template(props: Mapping[str, Any]) -> Iterator[str]:
    disks = [disk for disk in each(props, "blockDeviceMappings") if get(disk, "ebs") is not None]
    if not disks:
        yield "blockDeviceMappings names no disk: the root disk would lie in clear; name it with ebs.encrypted true"
    for disk in disks:
        if not is_true(get(disk, "ebs", "encrypted")):
            yield f"blockDeviceMappings: {get(disk, 'deviceName')} is not encrypted: set ebs.encrypted, with a key"


def _aws_group(props: Mapping[str, Any]) -> Iterator[str]:
    if "launchTemplate" not in props:
        yield "it has no launchTemplate, so its nodes' disks lie in clear: name one that encrypts them"


def _aws_cluster(props: Mapping[str, Any]) -> Iterator[str]:
    if "secrets" not in each(props, "encryptionConfig", "resources"):
        yield "encryptionConfig does not name secrets: etcd would keep them in clear; give a KMS key for them"


def _aws_sse(props: Mapping[str, Any]) -> Iterator[str]:
    rules = each(props, "rules")
    named = [get(rule, "applyServerSideEncryptionByDefault", "sseAlgorithm") for rule in rules]
    if not any(str(name).startswith("aws:kms") for name in named):
        yield f"rules encrypt by {named[0] if named else 'nothing'}, not by a key of yours: set sseAlgorithm aws:kms"


def _alicloud_sse(props: Mapping[str, Any]) -> Iterator[str]:
    if get(props, "sseAlgorithm") != "KMS":
        yield f"sseAlgorithm is {get(props, 'sseAlgorithm')}, not a key of yours: set it to KMS"


def _alicloud_bucket(props: Mapping[str, Any]) -> Iterator[str]:
    if get(props, "serverSideEncryptionRule") is not None:
        yield from _alicloud_sse(get(props, "serverSideEncryptionRule"))


def _alicloud_nas(props: Mapping[str, Any]) -> Iterator[str]:
    if not get(props, "encryptType"):
        yield "encryptType is 0: its data would lie in clear; set 1, NAS's own key, or 2 with kmsKeyId"


def _alicloud_pool(props: Mapping[str, Any]) -> Iterator[str]:
    if not is_true(get(props, "systemDiskEncrypted")):
        yield "systemDiskEncrypted is not true: images and logs on the nodes would lie in clear; set it"
    yield from _data_disks(each(props, "dataDisks"), "encrypted")


def _alicloud_cluster(props: Mapping[str, Any]) -> Iterator[str]:
    if is_true(get(props, "disableEncryption")) or "encryptionProviderKey" not in props:
        yield "encryptionProviderKey is missing: etcd would keep Secrets in clear; give the id of a KMS key"


def _tencent_bucket(props: Mapping[str, Any]) -> Iterator[str]:
    if get(props, "encryptionAlgorithm") != "KMS":
        yield f"encryptionAlgorithm is {get(props, 'encryptionAlgorithm')}: set KMS, with kmsId"


def _tencent_pool(props: Mapping[str, Any]) -> Iterator[str]:
    yield from _data_disks(each(props, "autoScalingConfig", "dataDisks"), "encrypt")


def _tencent_native(props: Mapping[str, Any]) -> Iterator[str]:
    for disk in each(props, "native", "dataDisks"):
        if str(get(disk, "encrypt")).upper() not in ("ENCRYPT", "TRUE"):
            yield "native.dataDisks: a disk is not encrypted: set encrypt to ENCRYPT, with kmsKeyId"


def _data_disks(disks: Sequence[object], key: str) -> Iterator[str]:
    for number, disk in enumerate(disks):
        if not is_true(get(disk, key)):
            yield f"dataDisks[{number}].{key} is not true: what containers write would lie in clear; set it"


def _storage_class(props: Mapping[str, Any]) -> Iterator[str]:
    if wanted := _DISK_CLASSES.get(get(props, "provisioner")):
        key, value = wanted
        if get(props, "parameters", key) != value:
            yield f"parameters.{key} is not {value!r}: volumes of this class would lie in clear; set it"


def _companions(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    for resource in resources:
        if (kinds := _BUCKETS.get(resource.type)) and not companions(resource, kinds, resources):
            if not resource.props.get("serverSideEncryptionRule"):
                yield resource, f"no {_last(kinds)} encrypts it: add one with a KMS key"
        elif (kinds := _CLUSTERS.get(resource.type)) and not companions(resource, kinds, resources):
            yield resource, f"no {_last(kinds)} for it: etcd would keep Secrets in clear; add one with a KMS key"


def _last(kinds: Mapping[str, str]) -> str:
    return next(iter(kinds)).rpartition(":")[2]


UNENCRYPTED = Rule(
    id="unencrypted-storage",
    description="Disks, buckets, file systems and the cluster's Secrets are encrypted, and the plan says so.",
    check=by_type(
        {
            "aws:ebs/volume:Volume": _flag("encrypted"),
            "aws:efs/fileSystem:FileSystem": _flag("encrypted"),
            "aws:ec2/launchTemplate:LaunchTemplate": _aws_template,
            "aws:eks/nodeGroup:NodeGroup": _aws_group,
            "aws:eks/cluster:Cluster": _aws_cluster,
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _aws_sse,
            "alicloud:ecs/disk:Disk": _flag("encrypted"),
            "alicloud:ecs/ecsDisk:EcsDisk": _flag("encrypted"),
            "alicloud:nas/fileSystem:FileSystem": _alicloud_nas,
            "alicloud:cs/nodePool:NodePool": _alicloud_pool,
            "alicloud:cs/managedKubernetes:ManagedKubernetes": _alicloud_cluster,
            "alicloud:oss/bucket:Bucket": _alicloud_bucket,
            "alicloud:oss/bucketServerSideEncryption:BucketServerSideEncryption": _alicloud_sse,
            "tencentcloud:Cbs/storage:Storage": _flag("encrypt"),
            "tencentcloud:Cos/bucket:Bucket": _tencent_bucket,
            "tencentcloud:Kubernetes/nodePool:NodePool": _tencent_pool,
            "tencentcloud:Kubernetes/nativeNodePool:NativeNodePool": _tencent_native,
            "kubernetes:storage.k8s.io/v1:StorageClass": _storage_class,
        }
    ),
    together=_companions,
)
