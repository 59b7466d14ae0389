"""A private bucket: versioned, encrypted, reached over TLS only, and tidied."""

from dataclasses import dataclass

import pulumi
from pulumi_aws import s3
from pulumi_aws.s3 import BucketLifecycleConfigurationRuleArgsDict

from components.access import GRANTS
from components.aws import names, policy
from components.cloud_args import Tags
from components.tags import tags

_LONGEST_NAME, _LONGEST_PREFIX = 63, 37
_OLD_VERSION_DAYS = 30  # to undo a mistake with
_UPLOAD_DAYS = 7  # a multipart upload that nobody ended by then never will


@dataclass(frozen=True, kw_only=True)
class PrivateBucketArgs:
    """`snapshot_days`: after which etcd's snapshots expire. `key`: ARN of the KMS key."""

    tags: Tags
    key: pulumi.Input[str]
    snapshot_days: int


class PrivateBucket(pulumi.ComponentResource):
    """`versioned` is what replication must wait for."""

    bucket: s3.Bucket
    versioned: s3.BucketVersioning

    def __init__(self, name: str, args: PrivateBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:PrivateBucket", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        # A long name is shortened, and AWS adds the end: no other account in the world may have the same.
        too_long = names.bounded(f"{name}-objects", _LONGEST_NAME)
        self.bucket = s3.Bucket(
            f"{name}-objects",
            bucket_prefix=names.start(name, _LONGEST_PREFIX) if too_long else None,
            tags=tags(args.tags, name),
            opts=child,
        )
        bucket = self.bucket.id
        self.versioned = s3.BucketVersioning(
            f"{name}-versions", bucket=bucket, versioning_configuration={"status": "Enabled"}, opts=child
        )
        s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=bucket,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {
                        "sse_algorithm": "aws:kms",
                        "kms_master_key_id": args.key,
                    },
                    "bucket_key_enabled": True,  # one call to KMS for many objects
                }
            ],
            opts=child,
        )
        s3.BucketOwnershipControls(
            f"{name}-owner", bucket=bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=child
        )
        private = s3.BucketPublicAccessBlock(
            f"{name}-private",
            bucket=bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        s3.BucketPolicy(
            f"{name}-policy",
            bucket=bucket,
            policy=self.bucket.arn.apply(tls_only),
            # S3 takes one change of a bucket's access at a time, and refuses the other.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[private]),
        )
        s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=bucket,
            rules=lifecycle(args.snapshot_days),
            # Old versions can be spoken of only where versions are kept.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.versioned]),
        )
        self.register_outputs({"bucket": bucket})


def tls_only(bucket: str) -> str:
    """Refuses what comes in clear. `bucket`: its ARN."""
    return policy.document(
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket, f"{bucket}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    )


def lifecycle(snapshot_days: int) -> list[BucketLifecycleConfigurationRuleArgsDict]:
    return [
        {
            "id": "snapshots",
            "status": "Enabled",
            "filter": {"prefix": GRANTS["etcd"].prefix},
            "expiration": {"days": snapshot_days},
        },
        {
            "id": "leftovers",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "expiration": {"expired_object_delete_marker": True},
            "noncurrent_version_expiration": {"noncurrent_days": _OLD_VERSION_DAYS},
            "abort_incomplete_multipart_upload": {"days_after_initiation": _UPLOAD_DAYS},
        },
    ]
