"""From a cloud region's description to the arguments of the cloud's components: pure, the same for every cloud."""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

import pulumi

from components import cidr, node_args, pools, quantities, serving_pools, slices
from components.cloud_args import (
    ClusterArgs,
    DnsArgs,
    ExistingClusterArgs,
    ExistingNetworkArgs,
    GpuPoolArgs,
    IdentityArgs,
    NetworkArgs,
    RegistryArgs,
    SecurityArgs,
    StorageArgs,
    SystemPoolArgs,
    Tags,
)
from components.tags import region_tags
from components.types import ClusterParts, FleetMember, NetworkParts, SecurityParts, StorageParts

if TYPE_CHECKING:
    from stacks.cloud import ExistingClusterId, ExistingVpc, NewCluster, NewNetwork
    from stacks.schema import CloudRegion

_GIB = 1024**3


def common_tags(name: str, spec: "CloudRegion") -> dict[str, str]:
    owner = spec.owner
    return region_tags(stack=name, environment=spec.environment, owner=owner.name, cost_center=owner.cost_center)


def network(spec: "CloudRegion", tags: Tags) -> NetworkArgs | ExistingNetworkArgs:
    if found := _existing_vpc(spec):
        return ExistingNetworkArgs(
            vpc=found.vpc,
            cidr=found.cidr,
            zones=found.zones,
            public_subnets=found.subnets.public,
            node_subnets=found.subnets.nodes,
            pod_subnets=found.subnets.pods,
        )
    asked = cast("NewNetwork", spec.network)
    given = asked.subnets
    return NetworkArgs(
        cidr=asked.cidr,
        zones=asked.zones,
        subnets=cidr.SubnetPlan(public=given.public, nodes=given.nodes, pods=given.pods)
        if given
        else cidr.plan(asked.cidr, len(asked.zones), asked.pods_per_zone),
        tags=tags,
        nat_per_zone=asked.nat == "zone",
        flow_log_days=asked.flow_log_days,
    )


def security(spec: "CloudRegion", network: NetworkParts, tags: Tags) -> SecurityArgs:
    exposure = spec.gateway.exposure
    found = _existing_cluster(spec)
    return SecurityArgs(
        network=network,
        tags=tags,
        clients=exposure.clients if exposure.type == "LoadBalancer" else (),
        service_cidr=found.service_cidr if found else cast("NewCluster", spec.cluster).service_cidr,
        peers=(_existing_vpc(spec) or cast("NewNetwork", spec.network)).peers,
    )


def cluster(
    spec: "CloudRegion", network: NetworkParts, security: SecurityParts, key: pulumi.Input[str], tags: Tags
) -> ClusterArgs | ExistingClusterArgs:
    if found := _existing_cluster(spec):
        return ExistingClusterArgs(id=found.id)
    asked = cast("NewCluster", spec.cluster)
    return ClusterArgs(
        network=network,
        security=security,
        tags=tags,
        version=asked.version,
        service_cidr=asked.service_cidr,
        key=key,
        system=SystemPoolArgs(
            instance_type=asked.system.instance_type,
            min_size=asked.system.min_size,
            max_size=asked.system.max_size,
            disk_gib=_gib(asked.system.disk),
        ),
        public_access=asked.public_access,
        admins=asked.admins,
        audit_log_days=asked.audit_log_days,
        protect=spec.environment == "production",
    )


def gpu_pools(
    spec: "CloudRegion",
    *,
    cluster: ClusterParts,
    network: NetworkParts,
    security: SecurityParts,
    key: pulumi.Input[str],
    tags: Tags,
) -> dict[str, GpuPoolArgs]:
    """By name, a pool with spot split into its on-demand base and its spot part."""
    made = {}
    for name, kind in serving_pools.kinds(spec):
        pool = spec.gpu_pools[name]
        accelerator = kind.accelerator.lower() if kind else "unknown"
        base = pool.spot.on_demand_base if pool.spot else None
        for group in pools.groups(name, min_size=pool.min_size, max_size=pool.max_size, on_demand_base=base):
            marks = pools.labels(name, accelerator, spot=group.spot, sharing=pools.sharing(pool.sharing))
            made[group.name] = GpuPoolArgs(
                cluster=cluster,
                network=network,
                security=security,
                tags=tags,
                key=key,
                instance_type=pool.instance_type,
                min_size=group.min_size,
                max_size=group.max_size,
                labels=pool.labels | marks | pools.card_labels(kind),
                taints=pool.taints | pools.taints(),
                zones=pool.zones or network.zones,
                spot=group.spot,
                max_price=pool.spot.max_usd_per_hour if pool.spot and group.spot else None,
                disk_gib=_gib(pool.disk),
                driver=pool.driver,
                image=pool.image,
                sharing=pool.sharing.type,
                offers=slices.offers(pool.sharing, kind) if kind and pool.sharing.type != "none" else {},
                setup=node_args.setup(spec, name, kind),
                native=getattr(pool, "native", False),
            )
    return made


def storage(spec: "CloudRegion", network: NetworkParts, security: SecurityParts, tags: Tags) -> StorageArgs:
    asked = spec.storage
    return StorageArgs(
        network=network,
        security=security,
        tags=tags,
        region=spec.region,
        account=spec.account_id,
        bucket=asked.bucket,
        key=asked.key,
        replica_region=asked.replica_region,
        snapshot_days=asked.snapshot_days,
        files=asked.files,
        app_id=_app_id(spec),
    )


def identity(name: str, spec: "CloudRegion", cluster: ClusterParts, storage: StorageParts, tags: Tags) -> IdentityArgs:
    return IdentityArgs(
        cluster=cluster,
        storage=storage,
        tags=tags,
        namespace=spec.namespace,
        region_name=name,
        account=spec.account_id,
        region=spec.region,
        app_id=_app_id(spec),
        existing=cast("Mapping[str, str]", spec.identity.existing),
    )


def registry(spec: "CloudRegion", network: NetworkParts, key: pulumi.Input[str], tags: Tags) -> RegistryArgs | None:
    return RegistryArgs(network=network, tags=tags, key=key, region=spec.region) if spec.registry else None


def publisher(
    spec: "CloudRegion", tags: Tags, record: Callable[[DnsArgs], pulumi.Output[str]]
) -> Callable[[pulumi.Output[str]], pulumi.Output[str]] | None:
    """What gives the gateway's address its name, where the region has one; `record` is the cloud's way to do that."""
    asked = spec.dns
    if asked is None:
        return None
    return lambda address: record(
        DnsArgs(
            zone=asked.zone, host=asked.host, address=address, ttl=asked.ttl_seconds, tags=tags, existing=asked.existing
        )
    )


def member(spec: "CloudRegion", network: NetworkParts, security: SecurityParts, storage: StorageParts) -> FleetMember:
    """Its address is the gateway's, which the region fills in once there is one."""
    return FleetMember(
        provider=spec.provider,
        region=spec.region,
        account=spec.account_id,
        cidr=str(network.cidr),
        vpc=network.vpc,
        route_tables=network.route_tables,
        node_security_group=security.nodes,
        bucket=storage.bucket,
        address="",
        subnets=network.node_subnets,
    )


def _existing_vpc(spec: "CloudRegion") -> "ExistingVpc | None":
    return getattr(spec.network, "existing", None)


def _existing_cluster(spec: "CloudRegion") -> "ExistingClusterId | None":
    return getattr(spec.cluster, "existing", None)


def _app_id(spec: "CloudRegion") -> str | None:
    return getattr(spec, "app_id", None)


def _gib(size: str) -> int:
    """Clouds sell disks by the GiB: rounded up."""
    return math.ceil(quantities.parse(size) / _GIB)
