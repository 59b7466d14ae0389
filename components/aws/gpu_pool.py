"""A group of GPU nodes."""

from collections.abc import Mapping

import pulumi
from pulumi_aws import autoscaling, eks

from components.aws import images, nodes, partition
from components.aws.nodes import NodesArgs
from components.aws.parts import eks as eks_parts
from components.cloud_args import GpuPoolArgs

_TEMPLATE = "k8s.io/cluster-autoscaler/node-template"


class GpuPool(pulumi.ComponentResource):
    """A managed node group with NVIDIA's (or Neuron's) driver in its image. The spot part of a pool falls back to
    its on-demand base, which is a group of its own (components/pools.py)."""

    pool: pulumi.CustomResource

    def __init__(self, name: str, args: GpuPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:GpuPool", name, None, opts)
        refuse(
            name,
            image=args.image,
            driver=args.driver,
            max_price=args.max_price,
            instance_type=args.instance_type,
            sharing=args.sharing,
        )
        network = args.network
        subnets = dict(zip(network.zones, network.node_subnets, strict=True))
        group = nodes.make(
            f"{name}-nodes",
            NodesArgs(
                cluster=eks_parts(args.cluster),
                region=partition.region_of(network.zones[0]),
                subnets=tuple(subnets[zone] for zone in args.zones),
                security_group=args.security.nodes,
                tags=args.tags,
                key=args.key,
                instance_type=args.instance_type,
                image=images.for_gpu(args.instance_type, args.image),
                min_size=args.min_size,
                max_size=args.max_size,
                disk_gib=args.disk_gib,
                labels=args.labels,
                taints=args.taints,
                spot=args.spot,
                setup=args.setup,
            ),
            self,
        )
        _tell_autoscaler(name, group, template_tags(args.labels, args.taints, args.offers), self)
        self.pool = group
        self.register_outputs({"nodeGroup": group.node_group_name})


def refuse(
    field: str,
    *,
    instance_type: str,
    image: str | None,
    driver: str | None,
    max_price: float | None,
    sharing: str = "none",
) -> None:
    """Raises ValueError for what EKS's managed node groups can't do. `field`: the pool's place in the region file."""
    if driver is not None:
        raise ValueError(
            f"{field}.driver: {driver}: on EKS the driver comes with the node image: leave it out, or choose an image"
        )
    if max_price is not None:
        raise ValueError(
            f"{field}.spot.maxUsdPerHour: {max_price}: EKS's node groups take no limit, and AWS never asks more than "
            "the on-demand price: leave it out"
        )
    try:
        found = images.for_gpu(instance_type, image)
    except ValueError as error:
        raise ValueError(f"{field}.{error}") from None
    if not found.shell and sharing != "none":
        raise ValueError(
            f"{field}.sharing.type: {sharing}: Bottlerocket's own device plugin gives out whole cards: leave it "
            "out, or leave out image"
        )


def template_tags(
    labels: Mapping[str, str], taints: Mapping[str, str], offers: Mapping[str, int] | None = None
) -> dict[str, str]:
    """What a node will carry and give out, for the autoscaler to know while there is none.
    https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md"""
    return {
        **{f"{_TEMPLATE}/label/{key}": value for key, value in labels.items()},
        **{f"{_TEMPLATE}/taint/{key}": f"{value}:NoSchedule" for key, value in taints.items()},
        **{f"{_TEMPLATE}/resources/{key}": str(count) for key, count in (offers or {}).items()},
    }


def _tell_autoscaler(name: str, group: eks.NodeGroup, wanted: Mapping[str, str], parent: pulumi.Resource) -> None:
    """EKS passes a node group's tags on to nothing, and gives the autoscaler's discovery tags itself."""
    scaling_group = group.resources.apply(lambda made: str((made[0].autoscaling_groups or [])[0].name))
    for key, value in wanted.items():
        kind, _, rest = key.removeprefix(f"{_TEMPLATE}/").partition("/")
        autoscaling.Tag(
            f"{name}-{kind}-{rest.replace('/', '-')}",
            autoscaling_group_name=scaling_group,
            tag={"key": key, "value": value, "propagate_at_launch": False},
            opts=pulumi.ResourceOptions(parent=parent),
        )
