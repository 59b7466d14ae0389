"""Key, bucket, copy and shared files."""

from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.access import GRANTS
from components.alicloud import bucket, keys, names
from components.alicloud.storage import Storage
from components.cloud_args import StorageArgs
from tests.components.alicloud import cloud
from tests.harness.mocks import Recorder

ARGS = StorageArgs(
    network=cloud.NETWORK,
    security=cloud.SECURITY,
    tags=cloud.TAGS,
    region="cn-hangzhou",
    account=cloud.ACCOUNT,
    replica_region="cn-beijing",
    snapshot_days=14,
)
KEYS = "alicloud:kms/getKeys:getKeys"
BUCKETS = "alicloud:oss/getBuckets:getBuckets"
FOUND = {
    KEYS: {"keys": [{"id": "key-9", "status": "Enabled"}]},
    BUCKETS: {"buckets": [{"name": "weights", "location": "oss-cn-hangzhou", "acl": "private"}]},
}


def made(args: StorageArgs, *, preview: bool = False, answers: dict[str, dict[str, Any]] | None = None) -> Recorder:
    def build(opts: pulumi.ResourceOptions) -> dict[str, object]:
        parts = Storage("here-storage", args, opts).parts
        files = parts.files
        return {
            "bucket": parts.bucket,
            "bucketId": parts.bucket_id,
            "key": parts.key,
            "server": files.attributes["server"] if files else None,
        }

    return cloud.run(build, preview=preview, answers=answers)


@pytest.fixture(scope="module", params=[True, False], ids=["preview", "update"])
def storage(request: pytest.FixtureRequest) -> Recorder:
    return made(ARGS, preview=request.param)


def test_buckets_are_versioned_encrypted_and_closed(storage: Recorder) -> None:
    buckets = storage.all("Bucket")
    assert len(buckets) == 2
    for item in buckets:
        assert item.inputs["versioning"] == {"status": "Enabled"}
        rule = item.inputs["serverSideEncryptionRule"]
        assert (rule["sseAlgorithm"], rule["kmsMasterKeyId"].endswith("-key-id")) == ("KMS", True)
        assert len(item.inputs["bucket"]) <= 63
        assert not item.inputs.get("forceDestroy")
    assert [item.inputs["acl"] for item in storage.all("BucketAcl")] == ["private"] * 2
    assert [item.inputs["blockPublicAccess"] for item in storage.all("BucketPublicAccessBlock")] == [True] * 2
    for item in storage.all("BucketHttpsConfig"):
        assert item.inputs["tlsVersions"] == ["TLSv1.2", "TLSv1.3"]
    assert len(storage.all("BucketPolicy")) == 2


def test_snapshots_old_versions_and_broken_uploads_end(storage: Recorder) -> None:
    rules = {rule["id"]: rule for rule in storage.one("Bucket", "here-storage-bucket").inputs["lifecycleRules"]}
    assert (rules["snapshots-expire"]["prefix"], rules["snapshots-expire"]["expirations"]) == (
        GRANTS["etcd"].prefix,
        [{"days": 14}],
    )
    rest = rules["no-leftovers"]
    assert rest["noncurrentVersionExpirations"] == [{"days": 30}]
    assert rest["abortMultipartUploads"] == [{"days": 7}]
    assert "expirations" not in rest


def test_keys_rotate(storage: Recorder) -> None:
    assert len(storage.all("Key")) == 2
    for key in storage.all("Key"):
        assert (key.inputs["automaticRotation"], key.inputs["rotationInterval"]) == ("Enabled", "365d")


def test_the_copy_lies_in_the_other_region_with_its_own_key(storage: Recorder) -> None:
    here = storage.one("Bucket", "here-storage-bucket").provider
    there = storage.one("Bucket", "here-storage-replica-bucket").provider
    assert "here-storage-replica-provider" in there
    assert "here-storage-replica-provider" not in here
    assert storage.one("Key", "here-storage-replica-key").provider == there
    region = storage.one("alicloud", "here-storage-replica-provider").inputs["region"]
    assert region == "cn-beijing"
    rule = storage.one("BucketReplication").inputs
    assert (rule["destination"]["location"], rule["action"]) == ("oss-cn-beijing", "PUT")
    assert rule["encryptionConfiguration"]["replicaKmsKeyId"] == "here-storage-replica-key-id"
    assert rule["sourceSelectionCriteria"] == {"sseKmsEncryptedObjects": {"status": "Enabled"}}
    assert storage.one("BucketReplication").provider == here


def test_replication_waits_until_it_is_allowed(storage: Recorder) -> None:
    assert "here-storage-replica-allowed" in storage.waits_for("here-storage-replica-rule")


def test_shared_files_are_encrypted_and_mounted_from_nodes_only(storage: Recorder) -> None:
    assert storage.one("FileSystem").inputs["encryptType"] == 1
    target = storage.one("MountTarget").inputs
    assert (target["accessGroupName"], target["vswitchId"]) == ("here-files", "vsw-n0")
    assert storage.one("FileSystem").inputs["zoneId"] == cloud.ZONES[0]


def test_without_files_or_a_copy_there_is_just_a_bucket() -> None:
    storage = made(replace(ARGS, replica_region=None, files=False))
    assert len(storage.all("Bucket")) == 1
    assert not storage.all("FileSystem")
    assert not storage.all("BucketReplication")
    assert storage.exports["server"].value is None


@pytest.mark.parametrize("preview", [True, False])
def test_a_key_and_a_bucket_that_exist_are_used_as_they_are(preview: bool) -> None:
    args = replace(ARGS, key="key-9", bucket="weights", replica_region=None, files=False)
    storage = made(args, preview=preview, answers=FOUND)
    assert [item.type for item in storage.resources if item.custom] == []
    assert storage.exports["key"].value == "key-9"
    assert storage.exports["bucket"].value == "weights"
    assert storage.exports["bucketId"].value == f"acs:oss:*:{cloud.ACCOUNT}:weights"


def test_a_bucket_that_exists_gets_no_copy() -> None:
    with pytest.raises(ValueError, match=r"storage\.replicaRegion: cn-beijing: weights exists, and what exists"):
        made(replace(ARGS, bucket="weights"), answers=FOUND)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({}, "the account has no such bucket: correct the name, or leave it out to have one made"),
        ({"weights": ("oss-cn-beijing", "private")}, "lies in oss-cn-beijing, not in oss-cn-hangzhou"),
        ({"weights": ("oss-cn-hangzhou", "public-read")}, "is public-read: weights and snapshots need a private one"),
    ],
)
def test_a_bucket_that_does_not_fit_is_refused(found: dict[str, tuple[str, str]], reason: str) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        bucket.usable("weights", "cn-hangzhou", found)
    assert str(refused.value).startswith(f"storage.bucket: weights: {reason}")


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({}, "the account has no such key in this region"),
        ({"key-9": "PendingDeletion"}, "it is PendingDeletion, so nothing could be read: enable it"),
    ],
)
def test_a_key_that_does_not_work_is_refused(found: dict[str, str], reason: str) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        keys.usable("key-9", found)
    assert str(refused.value).startswith(f"storage.key: key-9: {reason}")


def test_names_fit_and_stay_different() -> None:
    long, other = "a" * 70 + "b", "a" * 70 + "c"
    assert names.fitted("short", names.BUCKET) == "short"
    assert len(names.fitted(long, names.BUCKET)) <= names.BUCKET
    assert names.fitted(long, names.BUCKET) != names.fitted(other, names.BUCKET)
