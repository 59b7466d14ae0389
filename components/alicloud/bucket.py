"""A bucket of OSS that nobody but its account reads, and that forgets nothing at once."""

from dataclasses import dataclass

import pulumi
from pulumi_alicloud import oss

from components.alicloud import policies
from components.cloud_args import Tags
from components.tags import tags

OLD_VERSIONS_DAYS = 30  # how long an overwritten or deleted object can be had back
BROKEN_UPLOADS_DAYS = 7
SNAPSHOTS = "snapshots/"  # as components/access.py has it


@dataclass(frozen=True, kw_only=True)
class PrivateBucketArgs:
    """`bucket`: a name unique among all accounts; `key`: id of the KMS key in the bucket's region."""

    bucket: str
    account: str
    key: pulumi.Input[str]
    snapshot_days: int
    tags: Tags


class PrivateBucket(pulumi.ComponentResource):
    """In the region of the provider that it is given."""

    bucket: oss.Bucket

    def __init__(self, name: str, args: PrivateBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:alicloud:PrivateBucket", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.bucket = oss.Bucket(
            f"{name}-bucket",
            bucket=args.bucket,
            redundancy_type="ZRS",
            versioning={"status": "Enabled"},
            server_side_encryption_rule={"sse_algorithm": "KMS", "kms_master_key_id": args.key},
            lifecycle_rules=lifecycle(args.snapshot_days),
            lifecycle_rule_allow_same_action_overlap=True,  # one rule of the two is of the whole bucket
            tags=tags(args.tags, name),
            opts=child,
        )
        id = self.bucket.id
        oss.BucketAcl(f"{name}-acl", bucket=id, acl="private", opts=child)
        oss.BucketPublicAccessBlock(f"{name}-no-public-access", bucket=id, block_public_access=True, opts=child)
        oss.BucketHttpsConfig(f"{name}-tls", bucket=id, enable=True, tls_versions=["TLSv1.2", "TLSv1.3"], opts=child)
        oss.BucketPolicy(
            f"{name}-tls-only",
            bucket=id,
            policy=policies.tls_only(policies.bucket_arn(args.account, args.bucket)),
            opts=child,
        )
        self.register_outputs({"bucket": id})


def lifecycle(snapshot_days: int) -> list[oss.BucketLifecycleRuleArgsDict]:
    return [
        {
            "id": "snapshots-expire",
            "enabled": True,
            "prefix": SNAPSHOTS,
            "expirations": [{"days": snapshot_days}],
        },
        {
            "id": "no-leftovers",
            "enabled": True,
            "prefix": "",
            "noncurrent_version_expirations": [{"days": OLD_VERSIONS_DAYS}],
            "abort_multipart_uploads": [{"days": BROKEN_UPLOADS_DAYS}],
        },
    ]


def existing(bucket: str, region: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """Its name, once it is found to be private and in the region."""
    found = oss.get_buckets_output(name_regex=bucket, opts=pulumi.InvokeOptions(parent=parent))
    return found.apply(
        lambda answer: usable(bucket, region, {item.name: (item.location, item.acl) for item in answer.buckets})
    )


def usable(bucket: str, region: str, buckets: dict[str, tuple[str, str]]) -> str:
    """`buckets`: by name, place (`oss-cn-hangzhou`) and access."""
    at = f"storage.bucket: {bucket}"
    if bucket not in buckets:
        raise pulumi.RunError(
            f"{at}: the account has no such bucket: correct the name, or leave it out to have one made"
        )
    place, access = buckets[bucket]
    if place != f"oss-{region}":
        raise pulumi.RunError(f"{at}: lies in {place}, not in oss-{region}: name one of this region")
    if access != "private":
        raise pulumi.RunError(f"{at}: is {access}: weights and snapshots need a private one")
    return bucket
