"""What a region file may ask and AWS can't do, said before anything is made. Pure."""

from typing import TYPE_CHECKING

from components import adoption, foundation_args, hostnames
from components.aws import gpu_pool, images, storage
from components.cloud_args import ExistingNetworkArgs

if TYPE_CHECKING:
    from stacks.schema import AwsRegion


def without_plugin(spec: "AwsRegion") -> frozenset[str]:
    """Pools whose image has a driver and nothing that gives out cards. An existing cluster's owner may have seen to
    it: there, gpuRuntime.devicePlugin says so."""
    if hasattr(spec.cluster, "existing"):
        return frozenset()
    return frozenset(
        name for name, pool in spec.gpu_pools.items() if images.for_gpu(pool.instance_type, pool.image).shell
    )


def refuse(spec: "AwsRegion") -> None:
    """Raises ValueError that names the field, the value, the reason and the fix."""
    for name, pool in spec.gpu_pools.items():
        gpu_pool.refuse(
            f"gpuPools.{name}",
            instance_type=pool.instance_type,
            image=pool.image,
            driver=pool.driver,
            max_price=pool.spot.max_usd_per_hour if pool.spot else None,
            sharing=pool.sharing.type,
        )
    storage.refuse(spec.region, bucket=spec.storage.bucket, replica_region=spec.storage.replica_region)
    network = foundation_args.network(spec, {})
    if len(network.zones) < 2:
        raise ValueError(
            f"network.zones: {', '.join(network.zones)}: EKS keeps its API servers in two zones or more: add one"
        )
    adoption.check_cluster(spec)
    for admin in getattr(spec.cluster, "admins", ()):
        if not admin.startswith("arn:"):
            raise ValueError(f"cluster.admins: {admin} is no ARN: write the ARN of an IAM role or user")
    if spec.dns and hostnames.in_zone(spec.dns.zone, spec.dns.host)[0] == "@":
        raise ValueError(
            f"dns.host: {spec.dns.host} is the zone itself: AWS's load balancers have a name and no address, and a "
            "zone's own name can't be an alias of one: name a host in it"
        )
    exposure = spec.gateway.exposure
    if exposure.type != "LoadBalancer":
        return
    if exposure.certificate and not exposure.certificate.startswith("arn:"):
        raise ValueError(
            f"gateway.exposure.certificate: {exposure.certificate} is no ARN: write that of a certificate in ACM"
        )
    if isinstance(network, ExistingNetworkArgs) and not network.public_subnets and not exposure.internal:
        raise ValueError(
            "network.existing.subnets.public: there are none, and a load balancer that the internet reaches stands in "
            "them: name one a zone, or set gateway.exposure.internal"
        )
