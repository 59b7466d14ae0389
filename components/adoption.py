"""What a region file adopts: where it names each thing, and what can't be adopted. Pure, the same for every cloud."""

from typing import TYPE_CHECKING

from components.cloud_args import ExistingNetworkArgs

if TYPE_CHECKING:
    from stacks.schema import CloudRegion


def named_subnets(args: ExistingNetworkArgs) -> dict[str, str]:
    """Each subnet's id by its place in the region file, below network.existing.subnets."""
    lists = {"public": args.public_subnets, "nodes": args.node_subnets, "pods": args.pod_subnets}
    return {f"{kind}[{index}]": subnet for kind, ids in lists.items() for index, subnet in enumerate(ids)}


def check_subnet(args: ExistingNetworkArgs, field: str, *, vpc: str, zone: str) -> None:
    """Raises ValueError for a subnet that the cloud has in another VPC, or in another zone than its place in the list.
    `field`: as `named_subnets` has it."""
    place = f"network.existing.subnets.{field}: {named_subnets(args)[field]}"
    if vpc != args.vpc:
        raise ValueError(f"{place} is in {vpc}, not in {args.vpc}: name a subnet of the VPC")
    index = int(field.rpartition("[")[2].rstrip("]"))
    if index >= len(args.zones) or zone != args.zones[index]:
        wanted = args.zones[index] if index < len(args.zones) else "no zone of the file"
        raise ValueError(
            f"{place} is in {zone}, but its place is that of {wanted}: "
            "name one subnet a zone, in the order of network.existing.zones"
        )


def check_cluster(spec: "CloudRegion") -> None:
    """Raises ValueError for a cluster that exists beside a network that doesn't: an update would find out only once
    the network is made."""
    found = getattr(spec.cluster, "existing", None)
    if found and not hasattr(spec.network, "existing"):
        raise ValueError(
            f"cluster.existing.id: {found.id}: nodes stand in their cluster's VPC, which exists then, too: "
            "name it under network.existing"
        )
