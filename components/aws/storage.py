"""What a region keeps: a key, a bucket, its copy elsewhere, and shared files."""

from typing import Any

import pulumi
from pulumi_aws import s3

from components.aws import keys, partition, provider
from components.aws.bucket import PrivateBucket, PrivateBucketArgs
from components.aws.files import Files, FilesArgs
from components.aws.replica import Replica, ReplicaArgs, Replication, ReplicationArgs
from components.cloud_args import StorageArgs
from components.types import StorageParts


class Storage(pulumi.ComponentResource):
    """`key` and `bucket` are made, or looked up and left alone. `key` of the parts is an ARN."""

    parts: StorageParts

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:Storage", name, None, opts)
        refuse(args.region, bucket=args.bucket, replica_region=args.replica_region)
        child = pulumi.ResourceOptions(parent=self)
        key: pulumi.Output[str] = (
            keys.existing(args.key, self)
            if args.key
            else keys.make(f"{name}-key", args.region, args.account, args.tags, self).arn
        )
        if args.bucket:
            bucket, bucket_arn = _existing_bucket(args.bucket, args.region, self)
        else:
            made = PrivateBucket(
                f"{name}-bucket",
                PrivateBucketArgs(tags=args.tags, key=key, snapshot_days=args.snapshot_days),
                child,
            )
            bucket, bucket_arn = made.bucket.bucket, made.bucket.arn
            if args.replica_region:
                _replicate(name, args, args.replica_region, made, key, self)
        files = None
        if args.files:
            files = Files(
                f"{name}-files",
                FilesArgs(network=args.network, security_group=args.security.files, key=key, tags=args.tags),
                child,
            ).shared
        self.parts = StorageParts(bucket=bucket, bucket_id=bucket_arn, key=key, files=files)
        self.register_outputs({"bucket": bucket, "key": key})


def refuse(region: str, *, bucket: str | None, replica_region: str | None) -> None:
    """Raises ValueError for a copy that can't be made."""
    if replica_region is None:
        return
    field = f"storage.replicaRegion: {replica_region}"
    if bucket:
        raise ValueError(
            f"{field}: {bucket} exists, and what exists is not changed: "
            "have its owner replicate it and leave this out, or leave storage.bucket out"
        )
    if partition.of(region) != partition.of(replica_region):
        raise ValueError(
            f"{field} is in another partition than {region}, and S3 copies nothing between mainland China and the "
            "rest of the world: choose a region on the same side"
        )


def _existing_bucket(asked: str, region: str, parent: pulumi.Resource) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
    found = s3.get_bucket_output(bucket=asked, opts=pulumi.InvokeOptions(parent=parent))

    def check(bucket: Any) -> str:  # noqa: ANN401  the SDK's result class has untyped attributes
        if bucket.bucket_region != region:
            raise pulumi.RunError(
                f"storage.bucket: {asked} is in {bucket.bucket_region}, not in {region}: name one of the region, "
                "or leave it out to have one made"
            )
        return str(bucket.arn)

    arn = found.apply(check)
    return arn.apply(lambda _: asked), arn


def _replicate(
    name: str,
    args: StorageArgs,
    replica_region: str,
    source: PrivateBucket,
    key: pulumi.Output[str],
    parent: pulumi.Resource,
) -> None:
    elsewhere = provider.for_region(f"{name}-{replica_region}", replica_region, args.account, parent)
    replica = Replica(
        f"{name}-replica",
        ReplicaArgs(region=replica_region, account=args.account, tags=args.tags, snapshot_days=args.snapshot_days),
        pulumi.ResourceOptions(parent=parent, providers=[elsewhere]),
    )
    Replication(
        f"{name}-replication",
        ReplicationArgs(
            source=source,
            key=key,
            region=args.region,
            replica=replica,
            replica_region=replica_region,
            account=args.account,
            tags=args.tags,
        ),
        pulumi.ResourceOptions(parent=parent),
    )
