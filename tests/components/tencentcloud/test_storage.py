"""What a region on Tencent Cloud keeps: key, bucket, copy, shared files."""

import json
from typing import Any

import pulumi
import pytest
from pulumi.runtime.mocks import MockCallArgs

from components.cloud_args import StorageArgs
from components.tencentcloud.bucket import bucket_name, tls_only
from components.tencentcloud.storage import Storage
from tests.components.tencentcloud import cloud
from tests.harness.mocks import Recorder

both = pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
OWN = f"store-{cloud.APP_ID}"


def storage_args(**more: Any) -> StorageArgs:
    return StorageArgs(
        **{
            "network": cloud.network_parts(),
            "security": cloud.security_parts(),
            "tags": cloud.TAGS,
            "region": cloud.REGION,
            "account": cloud.ACCOUNT,
            "app_id": cloud.APP_ID,
            "snapshot_days": 45,
            **more,
        }
    )


def world(call: MockCallArgs) -> dict[str, Any]:
    if call.token.endswith(":getKeys"):
        return {"keyLists": [{"keyId": "key-old", "keyState": "Enabled"}, {"keyId": "key-off", "keyState": "Disabled"}]}
    assert call.token.endswith(":getBuckets"), call.token
    own = [f"{name}-{cloud.APP_ID}" for name in ("old", "open")]
    sites = {**dict.fromkeys(own, cloud.REGION), f"old-{cloud.APP_ID}x": cloud.REGION, f"far-{cloud.APP_ID}": "eu-x"}
    acls = {f"open-{cloud.APP_ID}": "public-read"}
    return {
        "bucketLists": [
            {
                "bucket": name,
                "cosBucketUrl": f"https://{name}.cos.{region}.myqcloud.com",
                "acl": acls.get(name, "private"),
            }
            for name, region in sites.items()
            if name.startswith(call.args["bucketPrefix"])
        ]
    }


def make(preview: bool = False, **more: Any) -> Recorder:
    def program(opts: pulumi.ResourceOptions) -> dict[str, Any]:
        parts = Storage("store", storage_args(**more), opts).parts
        made = {"bucket": parts.bucket, "id": parts.bucket_id, "key": parts.key}
        if parts.files:
            made |= {"driver": parts.files.driver, "handle": parts.files.handle, "at": dict(parts.files.attributes)}
        return made

    return cloud.run(program, preview=preview, calls=world)


@both
def test_storage_keeps_the_house_rules(preview: bool) -> None:
    cloud.assert_house_rules(make(preview, replica_region="na-ashburn"))


def test_the_bucket_is_private_versioned_and_encrypted_with_the_regions_key() -> None:
    done = make()
    bucket = done.one("Bucket").inputs
    assert (bucket["bucket"], bucket["acl"], bucket["versioningEnable"]) == (OWN, "private", True)
    assert (bucket["encryptionAlgorithm"], bucket["kmsId"]) == ("KMS", "store-key-id")
    assert bucket["forceClean"] is False
    assert "replicaRules" not in bucket
    key = done.one("Key").inputs
    assert key["keyRotationEnabled"] and key["isEnabled"]
    assert done.exports["id"].value == f"qcs::cos:{cloud.REGION}:uid/{cloud.APP_ID}:{OWN}"


def test_snapshots_old_versions_and_broken_uploads_go() -> None:
    rules = {rule["id"]: rule for rule in make().one("Bucket").inputs["lifecycleRules"]}
    assert rules["snapshots"]["filterPrefix"] == "snapshots/"
    assert rules["snapshots"]["expiration"] == {"days": 45}
    assert rules["old-versions"]["nonCurrentExpiration"] == {"nonCurrentDays": 30}
    assert rules["broken-uploads"]["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}


def test_nobody_comes_without_tls_and_nobody_is_allowed_by_the_bucket() -> None:
    (statement,) = json.loads(make().one("BucketPolicy").inputs["policy"])["Statement"]
    assert statement["Effect"] == "deny"
    assert statement["Condition"] == {"bool_equal": {"cos:secure-transport": "false"}}
    assert statement["Resource"] == [f"qcs::cos:{cloud.REGION}:uid/{cloud.APP_ID}:{OWN}/*"]
    assert json.loads(tls_only("r", "1", "b-1"))["version"] == "2.0"


def test_a_copy_lies_in_another_region_under_its_own_provider() -> None:
    done = make(replica_region="na-ashburn")
    source, copy = done.one("Bucket", "store-bucket"), done.one("Bucket", "store-replica-bucket")
    assert source.inputs["replicaRules"] == [
        {
            "id": "everything",
            "status": "Enabled",
            "destinationBucket": f"qcs::cos:na-ashburn::store-replica-{cloud.APP_ID}",
        }
    ]
    assert source.inputs["replicaRole"] == f"qcs::cam::uin/{cloud.ACCOUNT}:uin/{cloud.ACCOUNT}"
    assert source.provider != copy.provider and "store-replica-provider" in copy.provider
    assert "store-replica-bucket" in done.waits_for("store-bucket")
    assert (copy.inputs["versioningEnable"], copy.inputs["kmsId"]) == (True, "store-replica-key-id")
    assert done.one("Key", "store-replica-key").provider == copy.provider
    there = done.one("tencentcloud", "store-replica-provider").inputs
    assert there["region"] == "na-ashburn" and json.loads(there["allowedAccountIds"]) == [cloud.ACCOUNT]


def test_names_of_buckets_fit_with_the_app_id() -> None:
    assert len(bucket_name("tencentcloud-ap-guangzhou-with-a-long-name-storage-replica", cloud.APP_ID)) <= 60


def test_shared_files_are_mounted_from_the_nodes_subnet() -> None:
    done = make()
    files = done.one("FileSystem").inputs
    assert (files["accessGroupId"], files["subnetId"]) == ("pgroup-files", "subnet-nodes-1")
    assert files["availabilityZone"] == cloud.ZONES[0]
    found = {name: done.exports[name].value for name in ("driver", "handle", "at")}
    assert found == {
        "driver": "com.tencent.cloud.csi.cfs",
        "handle": "store-files-id",
        "at": {"host": "10.0.10.9", "fsid": "89a26c41", "path": "/", "vers": "3"},
    }
    assert not make(files=False).all("FileSystem")


@both
def test_an_existing_bucket_and_key_are_left_as_they_are(preview: bool) -> None:
    done = make(preview, bucket=f"old-{cloud.APP_ID}", key="key-old", files=False)
    assert not cloud.cloud(done)
    assert done.exports["bucket"].value == f"old-{cloud.APP_ID}"
    assert done.exports["key"].value == "key-old"


@both
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bucket": f"gone-{cloud.APP_ID}"}, r"storage\.bucket: gone-1250000000 is not in this account"),
        ({"bucket": f"far-{cloud.APP_ID}"}, r"storage\.bucket: far-1250000000 is at https.*not in ap-singapore"),
        ({"bucket": f"open-{cloud.APP_ID}"}, r"storage\.bucket: open-1250000000 is public-read: weights and snapshots"),
        ({"key": "key-gone"}, r"storage\.key: key-gone is not in this account and region"),
        ({"key": "key-off"}, r"storage\.key: key-off is Disabled"),
    ],
)
def test_what_cannot_be_used_is_refused(preview: bool, change: dict[str, Any], message: str) -> None:
    with pytest.raises(pulumi.RunError, match=message):
        make(preview, **change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bucket": "old-99"}, r"storage\.bucket: old-99 does not end in -1250000000"),
        ({"app_id": None}, "appId: none given"),
        (
            {"bucket": f"old-{cloud.APP_ID}", "replica_region": "na-ashburn"},
            r"storage\.replicaRegion: na-ashburn: old-1250000000 exists",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(**change)
