"""Where etcd's snapshots are, and what a pod needs to reach them. Pure, but for the Secret's name it may be given."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import pulumi
from pulumi_kubernetes.core.v1 import EnvFromSourceArgsDict, VolumeArgsDict, VolumeMountArgsDict

from components import connections
from components.access import GRANTS
from components.connections import Connection, Outside, Pods, Port
from components.types import FleetMember, Volume

_MOUNT: Final = "/var/lib/snapshots"
_SCHEMES: Final[Mapping[str, str]] = {"aws": "s3", "alicloud": "oss", "tencentcloud": "cos"}
_EVERYWHERE: Final = ("0.0.0.0/0",)  # a bucket's addresses are its cloud's business, and change
_POD_IDENTITY: Final = "169.254.170.23/32"  # EKS: where pods get their role's credentials, on each node


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """`url`: s3://bucket/prefix, oss://… or cos://…, in `region`. `endpoint`: of a store of one's own that speaks S3.
    `secret` names a Secret whose keys become environment variables (AWS_ACCESS_KEY_ID, …); without one, it is the pods'
    cloud identity that may write."""

    url: pulumi.Input[str]
    region: str
    endpoint: str | None = None
    secret: str | None = None


@dataclass(frozen=True, kw_only=True)
class Kept:
    """On a volume of the cluster: lost with the cluster, so for development."""

    volume: Volume


@dataclass(frozen=True, kw_only=True)
class Snapshots:
    store: Bucket | Kept
    interval_minutes: int = 60
    keep_days: int = 7

    def __post_init__(self) -> None:
        for name in ("interval_minutes", "keep_days"):
            if getattr(self, name) < 1:
                raise ValueError(f"Snapshots.{name}: {getattr(self, name)} is not allowed: it must be at least 1")


def of_region(member: FleetMember) -> Bucket:
    """The part of the region's own bucket that etcd's identity may write."""
    url = pulumi.Output.concat(f"{_SCHEMES[member.provider]}://", member.bucket, "/", GRANTS["etcd"].prefix, "etcd")
    return Bucket(url=url, region=member.region)


def flags(store: Bucket | Kept) -> list[pulumi.Input[str]]:
    """Of `python3 -m autoglm_etcd.keeper`."""
    if isinstance(store, Kept):
        return [f"--store=file://{_MOUNT}"]
    told: list[pulumi.Input[str]] = [pulumi.Output.concat("--store=", store.url), f"--store-region={store.region}"]
    return told + ([f"--store-endpoint={store.endpoint}"] if store.endpoint else [])


def environment(store: Bucket | Kept) -> list[EnvFromSourceArgsDict]:
    named = isinstance(store, Bucket) and store.secret
    return [{"secret_ref": {"name": named}}] if named else []


def volumes(store: Bucket | Kept, claim: pulumi.Input[str] | None) -> list[VolumeArgsDict]:
    """`claim`: of the volume, where one is kept on."""
    return [{"name": "snapshots", "persistent_volume_claim": {"claim_name": claim}}] if claim is not None else []


def mounts(store: Bucket | Kept) -> list[VolumeMountArgsDict]:
    return [{"name": "snapshots", "mount_path": _MOUNT}] if isinstance(store, Kept) else []


def edges(source: Pods, store: Bucket | Kept, *, identity: bool) -> list[Connection]:
    """The way to a bucket, and to what a cloud identity's credentials come from."""
    if isinstance(store, Kept):
        return []
    address = urlsplit(store.endpoint or "https://bucket")
    port = address.port or (80 if address.scheme == "http" else 443)
    reach = Connection(
        description=f"{source.name} reads and writes snapshots in their bucket.",
        source=source,
        target=Outside(name="bucket", cidrs=_EVERYWHERE),
        ports=(Port(number=port),),
    )
    if not identity or store.secret:
        return [reach]
    agent = connections.Connection(
        description=f"{source.name} gets its cloud identity's credentials from the node's agent.",
        source=source,
        target=Outside(name="pod-identity", cidrs=(_POD_IDENTITY,)),
        ports=(Port(number=80),),
    )
    return [reach, agent]
