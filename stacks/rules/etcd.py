"""etcd's snapshots: often enough, somewhere that is not lost with what they protect, and there to be restored."""

from collections.abc import Iterator

from stacks.cloud import CloudParts
from stacks.etcd import BucketStore, VolumeStore
from stacks.problems import Problem
from stacks.schema import CloudRegion, RegionSpec

_SNAPSHOTS = ("etcd", "snapshots")
_STORE = (*_SNAPSHOTS, "store")
_CLOUDS = {"s3": "aws", "oss": "alicloud", "cos": "tencentcloud"}


def snapshots_meet_the_rpo(region: CloudRegion) -> Iterator[Problem]:
    if region.recovery is None:
        return
    rpo = region.recovery.rpo_seconds
    minutes = region.etcd.snapshots.minutes(rpo)
    if minutes * 60 > rpo:
        reason = f"recovery.rpoSeconds allows to lose {rpo} s, and a snapshot may be {minutes * 60} s old"
        fix = f"set it to {rpo // 60} or less" if rpo >= 60 else "a minute is the shortest: allow 60 s"
        yield Problem(path=(*_SNAPSHOTS, "intervalMinutes"), value=str(minutes), reason=f"{reason}: {fix}")


def snapshots_leave_the_cluster(region: RegionSpec) -> Iterator[Problem]:
    if region.environment != "production":
        return
    if isinstance(region.etcd.snapshots.store, VolumeStore):
        reason = "a volume is lost with the cluster that its snapshots protect: use a bucket elsewhere"
        yield Problem(path=(*_STORE, "type"), value="volume", reason=reason)


def snapshots_leave_the_region(region: CloudRegion) -> Iterator[Problem]:
    """A bucket that exists may have a copy that this file does not know of; of a standby another rule knows."""
    if region.environment != "production":
        return
    store, promised = region.etcd.snapshots.store, region.recovery is not None and region.recovery.standby is None
    if store is None and promised and not region.storage.replica_region and not region.storage.bucket:
        reason = (
            "etcd's snapshots would be in this region alone, and be lost with it: name another region of the cloud, or "
            "a bucket elsewhere in etcd.snapshots.store"
        )
        yield Problem(path=("storage", "replicaRegion"), reason=reason)
    if isinstance(store, BucketStore) and not store.endpoint and _place(store) == (region.provider, region.region):
        reason = "it is the region that the snapshots protect, and they would be lost with it: use a bucket elsewhere"
        yield Problem(path=(*_STORE, "region"), value=store.region, reason=reason)


def _place(store: BucketStore) -> tuple[str, str]:
    return _CLOUDS[store.url.partition(":")[0]], store.region


def restore_has_a_store(region: RegionSpec) -> Iterator[Problem]:
    asked = region.etcd.restore
    if asked and region.etcd.snapshots.store is None and not isinstance(region, CloudParts):
        reason = "a private region has no bucket of its own: say in etcd.snapshots.store where the snapshot is"
        yield Problem(path=("etcd", "restore"), value=asked, reason=reason)


def members_share_their_snapshots(region: RegionSpec) -> Iterator[Problem]:
    store = region.etcd.snapshots.store
    if isinstance(store, VolumeStore) and region.etcd.members > 1 and store.access_mode != "ReadWriteMany":
        reason = "each member restores from it, on a node of its own: use ReadWriteMany"
        yield Problem(path=(*_STORE, "accessMode"), value=store.access_mode, reason=reason)


def images_can_be_pulled(region: CloudRegion) -> Iterator[Problem]:
    if region.images.require_digest:  # which these have not
        return
    for name in ("etcd", "keeper", "envoy", "serving"):
        image = getattr(region.images, name)
        if image.startswith("localhost/"):
            target = f" (target {name} of serving/Containerfile)" if name in ("keeper", "serving") else ""
            reason = f"it exists on the machine that built it alone: push it{target} to a registry, and name it there"
            yield Problem(path=("images", name), value=image, reason=reason)
