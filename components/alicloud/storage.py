"""The region's key, its bucket and the copy of it in another region, and shared files for weights."""

import pulumi
import pulumi_alicloud as alicloud
from pulumi_alicloud import kms, nas, oss, ram

from components.alicloud import bucket, keys, names, policies
from components.alicloud.bucket import PrivateBucket, PrivateBucketArgs
from components.cloud_args import StorageArgs
from components.tags import tags
from components.types import SharedFiles, StorageParts


class Storage(pulumi.ComponentResource):
    """A key or bucket that exists is looked up, and left as it is. KMS, OSS and NAS must be open in the account, and
    the cloud's role for encrypted disks (AliyunECSDiskEncryptDefaultRole) be there: the consoles do both at first use.
    """

    parts: StorageParts

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:alicloud:Storage", name, None, opts)
        refuse(bucket=args.bucket, replica_region=args.replica_region)
        key = keys.existing(args.key, self) if args.key else keys.made(f"{name}-key", args.tags, self).id
        if args.bucket:
            stored = bucket.existing(args.bucket, args.region, self)
        else:
            made = PrivateBucket(name, _bucket(name, args, key), pulumi.ResourceOptions(parent=self))
            stored = made.bucket.id
            if args.replica_region:
                Replica(f"{name}-replica", args, made.bucket, key, pulumi.ResourceOptions(parent=self))
        self.parts = StorageParts(
            bucket=stored,
            bucket_id=stored.apply(lambda known: policies.bucket_arn(args.account, known)),
            key=key,
            files=_files(f"{name}-files", args, self) if args.files else None,
        )
        self.register_outputs({"bucket": stored})


class Replica(pulumi.ComponentResource):
    """A second bucket, with a key of its own region. Deletions do not cross: who empties the first leaves the copy."""

    def __init__(
        self,
        name: str,
        args: StorageArgs,
        source: oss.Bucket,
        key: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("open-autoglm:alicloud:Replica", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        region = args.replica_region or args.region
        there = alicloud.Provider(f"{name}-provider", region=region, account_id=args.account, opts=child)
        away = Away(name, args, pulumi.ResourceOptions(parent=self, providers=[there]))
        arns = pulumi.Output.all(
            source=source.id.apply(lambda id: policies.bucket_arn(args.account, id)),
            source_key=pulumi.Output.from_input(key).apply(lambda id: policies.key_arn(args.region, args.account, id)),
            copy=away.bucket.id.apply(lambda id: policies.bucket_arn(args.account, id)),
            copy_key=away.key.id.apply(lambda id: policies.key_arn(region, args.account, id)),
        )
        role = ram.Role(
            f"{name}-role",
            role_name=names.fitted(name, names.ROLE),
            description="OSS copies the region's bucket to another region",
            assume_role_policy_document=policies.service_trust("oss.aliyuncs.com"),
            tags=tags(args.tags, f"{name}-role"),
            opts=child,
        )
        policy = ram.Policy(
            f"{name}-policy",
            policy_name=names.fitted(name, names.POLICY),
            rotate_strategy=policies.ROTATION,
            policy_document=arns.apply(lambda known: policies.replication(**known)),
            tags=tags(args.tags, f"{name}-policy"),
            opts=child,
        )
        allowed = ram.RolePolicyAttachment(
            f"{name}-allowed",
            role_name=role.role_name,
            policy_name=policy.policy_name,
            policy_type="Custom",
            opts=child,
        )
        oss.BucketReplication(
            f"{name}-rule",
            bucket=source.id,
            action="PUT",
            historical_object_replication="enabled",
            destination={"bucket": away.bucket.id, "location": f"oss-{region}", "transfer_type": "internal"},
            sync_role=role.role_name,
            encryption_configuration={"replica_kms_key_id": away.key.id},
            source_selection_criteria={"sse_kms_encrypted_objects": {"status": "Enabled"}},
            # The rule names the role, not what the role may do: without that the first copies fail.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[allowed]),
        )
        self.register_outputs({})


class Away(pulumi.ComponentResource):
    """What lies in the other region: made with that region's provider."""

    key: kms.Key
    bucket: oss.Bucket

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:alicloud:Away", name, None, opts)
        self.key = keys.made(f"{name}-key", args.tags, self)
        made = PrivateBucket(name, _bucket(name, args, self.key.id), pulumi.ResourceOptions(parent=self))
        self.bucket = made.bucket
        self.register_outputs({})


def refuse(*, bucket: str | None, replica_region: str | None) -> None:
    """Raises ValueError for a copy that can't be made."""
    if bucket and replica_region:
        raise ValueError(
            f"storage.replicaRegion: {replica_region}: {bucket} exists, and what exists is not changed: have its owner "
            "replicate it and leave this out, or leave storage.bucket out"
        )


def _bucket(name: str, args: StorageArgs, key: pulumi.Input[str]) -> PrivateBucketArgs:
    return PrivateBucketArgs(
        bucket=names.fitted(f"{name}-{args.account}", names.BUCKET),
        account=args.account,
        key=key,
        snapshot_days=args.snapshot_days,
        tags=args.tags,
    )


def _files(name: str, args: StorageArgs, parent: pulumi.Resource) -> SharedFiles:
    """NFS for weights, in the first zone; all zones reach it. NAS keeps its key: only the `extreme` kind takes ours."""
    child = pulumi.ResourceOptions(parent=parent)
    network = args.network
    system = nas.FileSystem(
        name,
        protocol_type="NFS",
        storage_type="Performance",
        file_system_type="standard",
        encrypt_type=1,
        zone_id=network.zones[0],
        description=name,
        tags=tags(args.tags, name),
        opts=child,
    )
    target = nas.MountTarget(
        f"{name}-target",
        file_system_id=system.id,
        access_group_name=args.security.files,
        network_type="Vpc",
        vpc_id=network.vpc,
        vswitch_id=network.node_subnets[0],
        status="Active",
        opts=child,
    )
    return SharedFiles(
        driver="nasplugin.csi.alibabacloud.com",
        handle=system.id,
        attributes={"server": target.mount_target_domain, "path": "/"},
        mount_options=("nolock", "tcp", "noresvport", "vers=3"),
    )
