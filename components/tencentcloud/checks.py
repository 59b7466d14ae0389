"""What a region file may ask and Tencent Cloud can't do, said before anything is made. Pure."""

from typing import TYPE_CHECKING

from components import adoption
from components.tencentcloud import cluster, gpu_pool, storage

if TYPE_CHECKING:
    from stacks.schema import TencentcloudRegion


def refuse(spec: "TencentcloudRegion") -> None:
    """Raises ValueError that names the field, the value, the reason and the fix."""
    adoption.check_cluster(spec)
    for name, pool in spec.gpu_pools.items():
        gpu_pool.refuse(
            f"gpuPools.{name}",
            native=pool.native,
            spot=pool.spot is not None,
            max_price=pool.spot.max_usd_per_hour if pool.spot else None,
            sharing=pool.sharing.type,
            image=pool.image,
            driver=pool.driver,
        )
    storage.refuse(bucket=spec.storage.bucket, app_id=spec.app_id, replica_region=spec.storage.replica_region)
    if version := getattr(spec.cluster, "version", None):  # an existing cluster has one already
        cluster.refuse(version, getattr(spec.cluster, "admins", ()))
