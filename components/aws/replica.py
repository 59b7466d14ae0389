"""A second bucket in another region, which gets a copy of every object."""

from dataclasses import dataclass

import pulumi
from pulumi_aws import iam, s3

from components.aws import keys, partition, policy, roles
from components.aws.bucket import PrivateBucket, PrivateBucketArgs
from components.cloud_args import Tags


@dataclass(frozen=True, kw_only=True)
class ReplicaArgs:
    region: str
    account: str
    tags: Tags
    snapshot_days: int


class Replica(pulumi.ComponentResource):
    """The other region's key and bucket: the options bring that region's provider."""

    key: pulumi.Output[str]
    arn: pulumi.Output[str]
    store: PrivateBucket

    def __init__(self, name: str, args: ReplicaArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:Replica", name, None, opts)
        self.key = keys.make(f"{name}-key", args.region, args.account, args.tags, self).arn
        self.store = PrivateBucket(
            f"{name}-bucket",
            PrivateBucketArgs(tags=args.tags, key=self.key, snapshot_days=args.snapshot_days),
            pulumi.ResourceOptions(parent=self),
        )
        self.arn = self.store.bucket.arn
        self.register_outputs({"bucket": self.arn})


@dataclass(frozen=True, kw_only=True)
class ReplicationArgs:
    """From `source`, encrypted with `key` in `region`, to `replica`."""

    source: PrivateBucket
    key: pulumi.Input[str]
    region: str
    replica: Replica
    replica_region: str
    account: str
    tags: Tags


class Replication(pulumi.ComponentResource):
    """Deletions stay in the region: the copy is there for mistakes, too."""

    def __init__(self, name: str, args: ReplicationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:Replication", name, None, opts)
        source, replica = args.source, args.replica
        child = pulumi.ResourceOptions(parent=self)
        trust = policy.service_trust("s3.amazonaws.com", {"StringEquals": {"aws:SourceAccount": args.account}})
        role = roles.make(f"{name}-role", "S3 copies objects to the standby's region", trust, args.tags, child)
        ids = pulumi.Output.all(source.bucket.arn, args.key, replica.arn, replica.key)
        rights = iam.RolePolicy(
            f"{name}-policy",
            role=role.name,
            policy=ids.apply(
                lambda known: copy_policy(known[0], known[1], known[2], known[3], args.region, args.replica_region)
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        s3.BucketReplicationConfig(
            f"{name}-rules",
            bucket=source.bucket.id,
            role=role.arn,
            rules=[
                {
                    "id": "everything",
                    "status": "Enabled",
                    "priority": 0,
                    "filter": {"prefix": ""},
                    "delete_marker_replication": {"status": "Disabled"},
                    "source_selection_criteria": {"sse_kms_encrypted_objects": {"status": "Enabled"}},
                    "destination": {
                        "bucket": replica.arn,
                        "storage_class": "STANDARD_IA",
                        "encryption_configuration": {"replica_kms_key_id": replica.key},
                    },
                }
            ],
            # S3 refuses replication between buckets without versions, and with a role that may not copy yet.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[source.versioned, replica.store.versioned, rights]),
        )
        self.register_outputs({})


def copy_policy(source: str, key: str, replica: str, replica_key: str, region: str, replica_region: str) -> str:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html"""
    read = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"]
    return policy.document(
        policy.allow(["s3:GetReplicationConfiguration", "s3:ListBucket"], source),
        policy.allow(read, f"{source}/*"),
        policy.allow(["s3:ReplicateObject", "s3:ReplicateTags"], f"{replica}/*"),
        policy.allow(["kms:Decrypt"], key, through_s3(region)),
        policy.allow(["kms:Encrypt", "kms:GenerateDataKey"], replica_key, through_s3(replica_region)),
    )


def through_s3(region: str) -> dict[str, dict[str, str]]:
    """A condition: the key is used by S3, for its caller."""
    return {"StringEquals": {"kms:ViaService": f"s3.{region}.{partition.of(region).suffix}"}}
