"""One group of like GPU nodes of ACK."""

import pulumi
from pulumi_alicloud import cs

from components.alicloud import names, node_pool
from components.cloud_args import GpuPoolArgs
from components.platform.tuning import encoded_user_data
from components.tags import tags

DRIVER = "ack.aliyun.com/nvidia-driver-version"
_MODE = "ack.node.gpu.schedule"
# By sharing. cGPU: pods ask for GiB of a card's memory. Disabled: ACK's device plugin leaves the node to another.
MODES = {"cgpu": "cgpu", "mig": "disabled", "timeSlicing": "disabled"}


class GpuPool(pulumi.ComponentResource):
    """ACK installs driver and device plugin by the nodes' labels. A reclaimed spot node is replaced before it goes, by
    an on-demand one where there is no spot."""

    pool: cs.NodePool

    def __init__(self, name: str, args: GpuPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:alicloud:GpuPool", name, None, opts)
        refuse(name, place=args.zones[0], max_price=args.max_price)
        image_type, image_id = node_pool.image(args.image)
        scaling = node_pool.scaling(_kind(args), args.min_size, args.max_size)
        self.pool = cs.NodePool(
            f"{name}-nodes",
            cluster_id=args.cluster.id,
            node_pool_name=names.fitted(name, names.CLUSTER),
            vswitch_ids=node_pool.subnets(args.network, args.zones),
            instance_types=[args.instance_type],
            scaling_config=scaling,
            desired_size=node_pool.size(args.min_size, args.max_size),
            labels=[{"key": key, "value": value} for key, value in labels(args).items()],
            taints=[{"key": key, "value": value, "effect": "NoSchedule"} for key, value in args.taints.items()],
            update_nodes=True,
            user_data=encoded_user_data(args.setup),  # after ACK's own setup: the driver is there
            image_type=image_type,
            image_id=image_id,
            **node_pool.machine(args.disk_gib, args.key, args.security),
            instance_charge_type="PostPaid",
            spot_strategy=spot_strategy(args),
            spot_price_limits=spot_price_limits(args),
            spot_instance_remedy=args.spot,
            # Only this policy may make an on-demand node where there is no spot; without spot, zones share the load.
            multi_az_policy="COST_OPTIMIZED" if args.spot else "BALANCE",
            compensate_with_on_demand=True if args.spot else None,
            tags=tags(args.tags, name),
            opts=pulumi.ResourceOptions(
                parent=self,
                ignore_changes=["desiredSize"] if scaling else None,  # the autoscaler's
            ),
        )
        self.register_outputs({"pool": self.pool.id})


def labels(args: GpuPoolArgs) -> dict[str, str]:
    """The pool's, and those by which ACK sets up its nodes."""
    driver = {DRIVER: args.driver} if args.driver else {}
    mode = {_MODE: MODES[args.sharing]} if args.sharing in MODES else {}
    return {**args.labels, **driver, **mode}


def spot_strategy(args: GpuPoolArgs) -> str:
    if not args.spot:
        return "NoSpot"
    return "SpotWithPriceLimit" if args.max_price is not None else "SpotAsPriceGo"


def spot_price_limits(args: GpuPoolArgs) -> list[cs.NodePoolSpotPriceLimitArgsDict] | None:
    if not args.spot or args.max_price is None:
        return None
    return [{"instance_type": args.instance_type, "price_limit": f"{args.max_price:g}"}]


def refuse(field: str, *, place: str, max_price: float | None) -> None:
    """The cloud reads the limit in the account's currency. Raises ValueError in mainland China, whose accounts pay in
    yuan. `field`: the pool's place in the region file; `place`: its region, or a zone of that."""
    if max_price is not None and _mainland(place):
        raise ValueError(
            f"{field}.spot.maxUsdPerHour: {max_price}: accounts of mainland China are billed in CNY, and the cloud "
            "would read the figure as that: leave it out, for spot never costs more than on-demand"
        )


def _mainland(place: str) -> bool:
    return place.startswith("cn-") and not place.startswith("cn-hongkong")


def _kind(args: GpuPoolArgs) -> str:
    """ACK's name for what the autoscaler grows."""
    if args.spot:
        return "spot"
    return "gpushare" if args.sharing == "cgpu" else "gpu"
