"""What a region keeps: a key, a bucket, its copy elsewhere, and shared files."""

import pulumi
from tencentcloud_iac_pulumi import cfs

from components.cloud_args import StorageArgs
from components.tags import tags
from components.tencentcloud import bucket, keys, provider
from components.tencentcloud.bucket import PrivateBucket, PrivateBucketArgs
from components.types import SharedFiles, StorageParts


class Storage(pulumi.ComponentResource):
    """A key or bucket that exists is looked up, and left alone. KMS must be open in the account, and COS, CVM and TKE
    allowed to use its keys (COS_QCSRole, QcloudKMSAccessForCVMRole, TKE_QCSRole): the consoles do it at first use.
    """

    parts: StorageParts

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:tencentcloud:Storage", name, None, opts)
        app_id = _app_id(args)
        refuse(bucket=args.bucket, app_id=app_id, replica_region=args.replica_region)
        key = keys.existing(args.key, self) if args.key else keys.make(f"{name}-key", args.tags, self)
        if args.bucket:
            stored = bucket.existing(args.bucket, args.region, self)
        else:
            own = PrivateBucketArgs(
                region=args.region,
                account=args.account,
                app_id=app_id,
                tags=args.tags,
                snapshot_days=args.snapshot_days,
                key=key,
                copy_to=self._copy(name, args, app_id, args.replica_region) if args.replica_region else None,
            )
            stored = PrivateBucket(name, own, pulumi.ResourceOptions(parent=self)).bucket
        self.parts = StorageParts(
            bucket=stored,
            bucket_id=stored.apply(lambda known: bucket.resource(args.region, app_id, known)),
            key=key,
            files=self._files(f"{name}-files", args) if args.files else None,
        )
        self.register_outputs({"bucket": stored})

    def _copy(self, name: str, args: StorageArgs, app_id: str, region: str) -> tuple[str, pulumi.Output[str]]:
        there = provider.for_region(f"{name}-replica-provider", region, args.account, self)
        inside = pulumi.ResourceOptions(parent=self, providers=[there])
        return region, Replica(f"{name}-replica", args, app_id, region, inside).bucket

    def _files(self, name: str, args: StorageArgs) -> SharedFiles:
        """In the first zone: CFS's file systems have one zone each, and are mounted from the others over the network.
        CFS has no encryption to turn on."""
        files = cfs.FileSystem(
            name,
            name=name,
            availability_zone=args.network.zones[0],
            access_group_id=args.security.files,
            vpc_id=args.network.vpc,
            subnet_id=args.network.node_subnets[0],
            net_interface="VPC",
            protocol="NFS",
            storage_type="SD",
            tags=tags(args.tags, name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return SharedFiles(
            driver="com.tencent.cloud.csi.cfs",
            handle=files.id,
            attributes={"host": files.mount_ip, "fsid": files.fs_id, "path": "/", "vers": "3"},
            # Version 3 has no locks here, and connections must survive a move of the server to another port.
            mount_options=("nolock", "proto=tcp", "noresvport"),
        )


class Replica(pulumi.ComponentResource):
    """A second bucket, with a key of its own region."""

    bucket: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        args: StorageArgs,
        app_id: str,
        region: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("open-autoglm:tencentcloud:Replica", name, None, opts)
        copied = PrivateBucketArgs(
            region=region,
            account=args.account,
            app_id=app_id,
            tags=args.tags,
            snapshot_days=args.snapshot_days,
            key=keys.make(f"{name}-key", args.tags, self),
        )
        self.bucket = PrivateBucket(name, copied, pulumi.ResourceOptions(parent=self)).bucket
        self.register_outputs({"bucket": self.bucket})


def refuse(*, bucket: str | None, app_id: str, replica_region: str | None) -> None:
    """Raises ValueError for a bucket that can't be the account's, and for a copy that can't be made."""
    if bucket and not bucket.endswith(f"-{app_id}"):
        raise ValueError(
            f"storage.bucket: {bucket} does not end in -{app_id}, the file's appId, as each bucket of the account "
            "does: write its whole name"
        )
    if bucket and replica_region:
        raise ValueError(
            f"storage.replicaRegion: {replica_region}: {bucket} exists, and what exists is not changed: have its owner "
            "replicate it and leave this out, or leave storage.bucket out"
        )


def _app_id(args: StorageArgs) -> str:
    if args.app_id is None:
        raise ValueError("appId: none given, and each bucket's name ends in it: write the account's")
    return args.app_id
