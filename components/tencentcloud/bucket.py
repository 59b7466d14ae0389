"""A bucket that nobody reads who may not: private, versioned, encrypted, over TLS only."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from tencentcloud_iac_pulumi import cos

from components.access import GRANTS
from components.cloud_args import Tags
from components.tags import tags
from components.tencentcloud.names import BUCKET, fitted

_OLD_VERSIONS_DAYS = 30
_UPLOAD_DAYS = 7
_SNAPSHOTS = GRANTS["etcd"].prefix


@dataclass(frozen=True, kw_only=True)
class PrivateBucketArgs:
    """`key`: id of a KMS key of the bucket's region. `copy_to`: another region and a bucket of it, with versions, that
    gets every new object; `account` owns both."""

    region: str
    account: str
    app_id: str
    tags: Tags
    snapshot_days: int
    key: pulumi.Input[str]
    copy_to: tuple[str, pulumi.Input[str]] | None = None


class PrivateBucket(pulumi.ComponentResource):
    """COS has no public-access block: the ACL is private, and no statement allows anybody."""

    bucket: pulumi.Output[str]

    def __init__(self, name: str, args: PrivateBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:tencentcloud:PrivateBucket", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        called = bucket_name(name, args.app_id)
        made = cos.Bucket(
            f"{name}-bucket",
            bucket=called,
            acl="private",
            versioning_enable=True,
            encryption_algorithm="KMS",
            kms_id=args.key,
            force_clean=False,
            lifecycle_rules=lifecycle(args.snapshot_days),
            replica_role=f"qcs::cam::uin/{args.account}:uin/{args.account}" if args.copy_to else None,
            replica_rules=_copies(args.copy_to),
            tags=tags(args.tags, called),
            opts=child,
        )
        cos.BucketPolicy(
            f"{name}-policy", bucket=made.bucket, policy=tls_only(args.region, args.app_id, called), opts=child
        )
        self.bucket = made.bucket
        self.register_outputs({"bucket": self.bucket})


def bucket_name(name: str, app_id: str) -> str:
    """COS wants the account's APPID at the end."""
    return f"{fitted(name, BUCKET - len(app_id) - 1)}-{app_id}"


def resource(region: str, app_id: str, bucket: str) -> str:
    """What policies name a bucket by."""
    return f"qcs::cos:{region}:uid/{app_id}:{bucket}"


def tls_only(region: str, app_id: str, bucket: str) -> str:
    """Refuses everyone who comes without TLS; it allows nobody."""
    return json.dumps(
        {
            "version": "2.0",
            "Statement": [
                {
                    "Effect": "deny",
                    "Principal": {"qcs": ["qcs::cam::anyone:anyone"]},
                    "Action": ["name/cos:*"],
                    "Resource": [f"{resource(region, app_id, bucket)}/*"],
                    "Condition": {"bool_equal": {"cos:secure-transport": "false"}},
                }
            ],
        }
    )


def lifecycle(snapshot_days: int) -> list[cos.BucketLifecycleRuleArgs]:
    """Snapshots go after their days; everywhere, what was overwritten or deleted, and uploads that broke."""
    return [
        cos.BucketLifecycleRuleArgs(
            id="snapshots",
            filter_prefix=_SNAPSHOTS,
            expiration=cos.BucketLifecycleRuleExpirationArgs(days=snapshot_days),
        ),
        cos.BucketLifecycleRuleArgs(
            id="old-versions",
            filter_prefix="",
            non_current_expiration=cos.BucketLifecycleRuleNonCurrentExpirationArgs(non_current_days=_OLD_VERSIONS_DAYS),
        ),
        cos.BucketLifecycleRuleArgs(
            id="broken-uploads",
            filter_prefix="",
            abort_incomplete_multipart_upload=cos.BucketLifecycleRuleAbortIncompleteMultipartUploadArgs(
                days_after_initiation=_UPLOAD_DAYS
            ),
        ),
    ]


def existing(asked: str, region: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """The bucket's name, once it is found in the region and private."""
    found = cos.get_buckets_output(bucket_prefix=asked, opts=pulumi.InvokeOutputOptions(parent=parent))
    return found.apply(lambda answer: _usable(asked, region, answer.bucket_lists or []))


def _usable(asked: str, region: str, buckets: Sequence[Any]) -> str:
    for bucket in buckets:
        if bucket.bucket == asked:
            if f".cos.{region}." not in bucket.cos_bucket_url:
                raise pulumi.RunError(
                    f"storage.bucket: {asked} is at {bucket.cos_bucket_url}, not in {region}: name one of the region, "
                    "or leave it out to have one made"
                )
            if (bucket.acl or "").startswith("public"):
                raise pulumi.RunError(
                    f"storage.bucket: {asked} is {bucket.acl}: weights and snapshots need a private one"
                )
            return asked
    raise pulumi.RunError(f"storage.bucket: {asked} is not in this account: correct the name")


def _copies(copy_to: tuple[str, pulumi.Input[str]] | None) -> list[cos.BucketReplicaRuleArgs] | None:
    if copy_to is None:
        return None
    region, bucket = copy_to
    return [
        cos.BucketReplicaRuleArgs(
            id="everything",
            status="Enabled",
            destination_bucket=pulumi.Output.format("qcs::cos:{0}::{1}", region, bucket),
        )
    ]
