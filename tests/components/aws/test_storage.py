import json

import pytest

from components.access import GRANTS
from components.aws import files, keys, replica
from components.aws.storage import Storage, refuse
from components.cloud_args import StorageArgs
from components.workloads import pod
from tests.components.aws import cloud
from tests.harness.mocks import Recorder


def made(preview: bool = False, calls=None, **more: object) -> Recorder:
    def program(opts):
        args = StorageArgs(
            **{
                "network": cloud.network_parts(),
                "security": cloud.security_parts(),
                "tags": cloud.TAGS,
                "region": cloud.REGION,
                "account": cloud.ACCOUNT,
                "replica_region": "us-east-1",
                **more,
            }
        )
        parts = Storage("store", args, opts).parts
        return {
            "bucket": parts.bucket,
            "arn": parts.bucket_id,
            "key": parts.key,
            "handle": parts.files.handle if parts.files else None,
        }

    return cloud.run(program, preview=preview, calls=calls)


@pytest.fixture(scope="module")
def done() -> Recorder:
    return made()


@pytest.mark.parametrize("preview", [True, False])
def test_storage_keeps_the_house_rules(preview: bool) -> None:
    cloud.assert_house_rules(made(preview))


def test_buckets_are_private_versioned_encrypted_and_reached_over_tls_only(done: Recorder) -> None:
    for name in ("store-bucket", "store-replica-bucket"):
        key = "store-key" if name == "store-bucket" else "store-replica-key"
        bucket = f"{name}-objects-id"
        private = done.one("BucketPublicAccessBlock", f"{name}-private").inputs
        assert private == {
            "bucket": bucket,
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        }
        versions = done.one("BucketVersioning", f"{name}-versions").inputs
        assert versions["versioningConfiguration"] == {"status": "Enabled"}
        rule = done.one("BucketServerSideEncryptionConfiguration", f"{name}-encryption").inputs["rules"][0]
        assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "aws:kms"
        assert rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"].endswith(f":{key}")
        statement = json.loads(done.one("BucketPolicy", f"{name}-policy").inputs["policy"])["Statement"][0]
        assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert len(statement["Resource"]) == 2


def test_snapshots_old_versions_and_broken_uploads_go_away() -> None:
    rules = made(snapshot_days=14).one("BucketLifecycleConfiguration", "store-bucket-lifecycle").inputs["rules"]
    by_id = {rule["id"]: rule for rule in rules}
    assert by_id["snapshots"]["filter"] == {"prefix": GRANTS["etcd"].prefix}
    assert by_id["snapshots"]["expiration"] == {"days": 14}
    assert by_id["leftovers"]["noncurrentVersionExpiration"]["noncurrentDays"] > 0
    assert by_id["leftovers"]["abortIncompleteMultipartUpload"]["daysAfterInitiation"] > 0
    assert "days" not in by_id["leftovers"]["expiration"]


def test_the_copy_is_made_by_the_other_regions_provider(done: Recorder) -> None:
    regions = {item.name: item.inputs["region"] for item in done.resources if item.type == "pulumi:providers:aws"}
    assert regions == {"test-aws": "us-west-2", "store-us-east-1": "us-east-1"}
    by = {item.name: item.provider.rpartition("::")[0].rpartition("::")[2] for item in cloud.cloud(done)}
    assert by["store-replica-bucket-objects"] == by["store-replica-key"] == "store-us-east-1"
    assert by["store-bucket-objects"] == by["store-replication-rules"] == "test-aws"


def test_every_object_is_copied_encrypted_and_deletions_are_not(done: Recorder) -> None:
    rule = done.one("BucketReplicationConfig").inputs["rules"][0]
    assert rule["filter"] == {"prefix": ""}
    assert rule["deleteMarkerReplication"] == {"status": "Disabled"}
    assert rule["destination"]["bucket"].endswith(":store-replica-bucket-objects")
    assert rule["destination"]["encryptionConfiguration"]["replicaKmsKeyId"].endswith(":store-replica-key")
    before = done.waits_for("store-replication-rules")
    assert {"store-bucket-versions", "store-replica-bucket-versions", "store-replication-policy"} <= before


def test_the_copying_role_may_copy_between_these_two_only() -> None:
    document = json.loads(replica.copy_policy("arn:s", "arn:k", "arn:r", "arn:rk", "cn-north-1", "cn-northwest-1"))
    resources = {statement["Resource"] for statement in document["Statement"]}
    assert resources == {"arn:s", "arn:s/*", "arn:r/*", "arn:k", "arn:rk"}
    services = [found["Condition"]["StringEquals"]["kms:ViaService"] for found in document["Statement"][3:]]
    assert services == ["s3.cn-north-1.amazonaws.com.cn", "s3.cn-northwest-1.amazonaws.com.cn"]
    assert not [action for found in document["Statement"] for action in found["Action"] if "*" in action]


def test_the_key_rotates_and_its_policy_names_every_action(done: Recorder) -> None:
    key = done.one("Key", "store-key").inputs
    assert key["enableKeyRotation"] is True
    account, disks, grants = json.loads(key["policy"])["Statement"]
    assert account["Principal"] == {"AWS": f"arn:aws:iam::{cloud.ACCOUNT}:root"}
    assert not [action for found in (account, disks, grants) for action in found["Action"] if "*" in action]
    for found in (disks, grants):  # open to one role of one account
        assert found["Condition"]["StringEquals"] == {"kms:CallerAccount": cloud.ACCOUNT}
        assert found["Condition"]["ArnEquals"]["aws:PrincipalArn"].endswith("/AWSServiceRoleForAutoScaling")
    assert grants["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
    assert "arn:aws-cn:iam" in keys.key_policy("cn-north-1", cloud.ACCOUNT)


def test_shared_files_are_encrypted_and_mounted_in_each_zone_by_nodes_only(done: Recorder) -> None:
    system = done.one("FileSystem").inputs
    assert system["encrypted"] is True and system["kmsKeyId"].endswith(":store-key")
    targets = done.all("MountTarget")
    assert {item.inputs["subnetId"] for item in targets} == set(cloud.network_parts().node_subnets)
    assert all(item.inputs["securityGroups"] == ["sg-files"] for item in targets)
    policy = json.loads(done.one("FileSystemPolicy").inputs["policy"])["Statement"][0]
    assert policy["Condition"]["Bool"]["aws:SecureTransport"] == "true"
    assert done.exports["handle"].value == "store-files-system-id::store-files-root-id"


def test_files_belong_to_the_user_that_pods_run_as(done: Recorder) -> None:
    assert files.USER == pod.USER
    assert done.one("AccessPoint").inputs["posixUser"] == {"uid": pod.USER, "gid": pod.USER}


def test_files_and_copies_are_left_out_where_not_asked() -> None:
    done = made(files=False, replica_region=None)
    assert not done.all("FileSystem") and not done.all("BucketReplicationConfig")
    assert len(done.all("Key")) == 1
    assert done.exports["handle"].value is None


def answer(**more: str):
    def call(args) -> dict[str, object]:
        if args.token.endswith(":getKey"):
            assert args.args["keyId"] == "alias/theirs"
            return {"arn": cloud.KEY, "keyState": "Enabled", "keyUsage": "ENCRYPT_DECRYPT", **more}
        assert args.args["bucket"] == "theirs"
        return {"arn": "arn:aws:s3:::theirs", "bucketRegion": cloud.REGION, **more}

    return call


ADOPTED = {"key": "alias/theirs", "bucket": "theirs", "replica_region": None, "files": False}


@pytest.mark.parametrize("preview", [True, False])
def test_an_existing_bucket_and_key_are_looked_up_and_left_alone(preview: bool) -> None:
    done = made(preview, answer(), **ADOPTED)
    assert cloud.cloud(done) == []
    assert done.exports["bucket"].value == "theirs"
    assert done.exports["arn"].value == "arn:aws:s3:::theirs"
    assert done.exports["key"].value == cloud.KEY


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"keyState": "Disabled"}, "storage.key: alias/theirs is a key in the state Disabled"),
        ({"keyUsage": "SIGN_VERIFY"}, "storage.key: alias/theirs is a key in the state Enabled for SIGN_VERIFY"),
        ({"bucketRegion": "eu-west-1"}, "storage.bucket: theirs is in eu-west-1, not in us-west-2"),
    ],
)
def test_what_exists_and_will_not_do_is_refused(more: dict[str, str], message: str) -> None:
    with pytest.raises(Exception, match=message):
        made(False, answer(**more), **ADOPTED)


@pytest.mark.parametrize(
    ("region", "bucket", "message"),
    [
        ("us-west-2", "theirs", "storage.replicaRegion: us-east-1: theirs exists"),
        ("cn-north-1", None, "storage.replicaRegion: us-east-1 is in another partition than cn-north-1"),
    ],
)
def test_a_copy_that_cannot_be_made_is_refused(region: str, bucket: str | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        refuse(region, bucket=bucket, replica_region="us-east-1")
