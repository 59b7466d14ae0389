"""What a region file may ask and Alibaba Cloud can't do, said before anything is made. Pure."""

from typing import TYPE_CHECKING

from components import adoption
from components.alicloud import cluster, gpu_pool, identity, storage

if TYPE_CHECKING:
    from stacks.schema import AlicloudRegion


def refuse(spec: "AlicloudRegion") -> None:
    """Raises ValueError that names the field, the value, the reason and the fix."""
    adoption.check_cluster(spec)
    cluster.internet(getattr(spec.cluster, "public_access", ()))  # an existing cluster has neither
    for admin in getattr(spec.cluster, "admins", ()):
        cluster.permission(admin)
    for name, pool in spec.gpu_pools.items():
        limit = pool.spot.max_usd_per_hour if pool.spot else None
        gpu_pool.refuse(f"gpuPools.{name}", place=spec.region, max_price=limit)
    storage.refuse(bucket=spec.storage.bucket, replica_region=spec.storage.replica_region)
    for workload, role in spec.identity.existing.items():
        identity.refuse(workload, role, spec.account_id)
