"""A group of GPU nodes: a standard node pool, or a native one, which shares cards by qGPU."""

import pulumi
from tencentcloud_iac_pulumi import kubernetes
from tencentcloud_iac_pulumi.kubernetes import (
    NativeNodePoolLabelArgs,
    NativeNodePoolNativeArgs,
    NativeNodePoolNativeDataDiskArgs,
    NativeNodePoolNativeLifecycleArgs,
    NativeNodePoolNativeManagementArgs,
    NativeNodePoolNativeScalingArgs,
    NativeNodePoolNativeSystemDiskArgs,
    NativeNodePoolTagArgs,
    NativeNodePoolTagTagArgs,
    NativeNodePoolTaintArgs,
    NodePoolNodeConfigGpuArgsArgs,
)

from components.cloud_args import GpuPoolArgs
from components.platform.tuning import encoded_user_data
from components.tags import tags
from components.tencentcloud import node_pool
from components.tencentcloud.names import NODE_POOL, fitted

QGPU = {"qgpu-device-enable": "enable"}  # where qGPU's own DaemonSet runs
NO_PLUGIN = {"nvidia-device-enable": "disable"}  # TKE's device plugin leaves the node to another


class GpuPool(pulumi.ComponentResource):
    """The cluster's autoscaler owns the number of nodes, from none up."""

    pool: pulumi.CustomResource

    def __init__(self, name: str, args: GpuPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:tencentcloud:GpuPool", name, None, opts)
        refuse(
            name,
            native=args.native,
            spot=args.spot,
            max_price=args.max_price,
            sharing=args.sharing,
            image=args.image,
            driver=args.driver,
        )
        # The cluster's autoscaler owns the number of nodes.
        owned = "native.replicas" if args.native else "desiredCapacity"
        child = pulumi.ResourceOptions(parent=self, ignore_changes=[owned])
        self.pool = _native(name, args, child) if args.native else _standard(name, args, child)
        self.register_outputs({"pool": self.pool.id})


def refuse(
    field: str,
    *,
    native: bool,
    spot: bool,
    max_price: float | None,
    sharing: str,
    image: str | None,
    driver: str | None,
) -> None:
    """Raises ValueError for what Tencent Cloud has no way to do. `field`: the pool's place in the region file."""
    problem = None
    if spot and native:
        problem = "spot: a native node pool has no spot nodes: leave out spot, or native and qGPU"
    elif spot and max_price is None:
        problem = "spot.maxUsdPerHour: none given, and no spot node is sold without a highest price: set one"
    elif sharing == "qgpu" and not native:
        problem = "sharing: qgpu needs a native node pool: set native: true"
    elif native and sharing == "mig":
        problem = "sharing: mig needs a standard node pool: leave out native, or share by qgpu"
    elif native and image:
        problem = f"image: {image}: a native node pool takes no own image: leave out image or native"
    elif native and driver:
        problem = f"driver: {driver}: TKE chooses a native pool's driver: leave out driver or native"
    if problem:
        raise ValueError(f"{field}.{problem}")


def node_labels(args: GpuPoolArgs) -> dict[str, str]:
    by_sharing = {"qgpu": QGPU, "mig": NO_PLUGIN, "timeSlicing": NO_PLUGIN}
    return {**args.labels, **by_sharing.get(args.sharing, {})}


def subnets(args: GpuPoolArgs) -> list[pulumi.Input[str]]:
    """The node subnets of the pool's zones."""
    return [
        subnet for zone, subnet in zip(args.network.zones, args.network.node_subnets, strict=True) if zone in args.zones
    ]


def _standard(name: str, args: GpuPoolArgs, opts: pulumi.ResourceOptions) -> kubernetes.NodePool:
    return kubernetes.NodePool(
        f"{name}-nodes",
        name=fitted(name, NODE_POOL),
        cluster_id=args.cluster.id,
        vpc_id=args.network.vpc,
        subnet_ids=subnets(args),
        multi_zone_subnet_policy="EQUALITY",
        retry_policy="INCREMENTAL_INTERVALS",  # GPU types are often sold out for hours
        scaling_mode="CLASSIC_SCALING",
        min_size=args.min_size,
        max_size=args.max_size,
        enable_auto_scale=True,
        delete_keep_instance=False,  # the cloud's default keeps the machines, and their bill
        labels=node_labels(args),
        taints=node_pool.taints(args.taints),
        node_os=args.image or node_pool.IMAGE,
        node_os_type="GENERAL",
        auto_scaling_config=node_pool.scaling_config(
            args.instance_type,
            args.disk_gib,
            args.security.nodes,
            spot_price=args.max_price if args.spot else None,
        ),
        node_config=node_pool.node_config(args.disk_gib, gpu_args(args), args.setup),
        auto_update_instance_tags=True,
        tags=tags(args.tags, name),
        opts=opts,
    )


def gpu_args(args: GpuPoolArgs) -> NodePoolNodeConfigGpuArgsArgs | None:
    """Without `driver`, TKE installs its default one. No CUDA on the node: the serving image brings its own."""
    mig = args.sharing == "mig"
    if args.driver is None:
        return NodePoolNodeConfigGpuArgsArgs(mig_enable=True) if mig else None
    driver = {"version": args.driver, "name": f"NVIDIA-Linux-x86_64-{args.driver}.run"}
    return NodePoolNodeConfigGpuArgsArgs(driver=driver, mig_enable=mig)


def _native(name: str, args: GpuPoolArgs, opts: pulumi.ResourceOptions) -> kubernetes.NativeNodePool:
    common = tags(args.tags, name)
    effect = node_pool.NO_SCHEDULE
    return kubernetes.NativeNodePool(
        f"{name}-nodes",
        name=fitted(name, NODE_POOL),
        cluster_id=args.cluster.id,
        type="Native",
        labels=[NativeNodePoolLabelArgs(name=key, value=value) for key, value in node_labels(args).items()],
        taints=[NativeNodePoolTaintArgs(key=key, value=value, effect=effect) for key, value in args.taints.items()],
        native=_native_nodes(args),
        tags=[
            NativeNodePoolTagArgs(
                resource_type="machine",
                tags=[NativeNodePoolTagTagArgs(key=key, value=value) for key, value in common.items()],
            )
        ],
        opts=opts,
    )


def _native_nodes(args: GpuPoolArgs) -> NativeNodePoolNativeArgs:
    setup = encoded_user_data(args.setup)
    return NativeNodePoolNativeArgs(
        instance_charge_type="POSTPAID_BY_HOUR",
        instance_types=[args.instance_type],
        subnet_ids=subnets(args),
        security_group_ids=[args.security.nodes],
        system_disk=NativeNodePoolNativeSystemDiskArgs(disk_type=node_pool.DISK, disk_size=node_pool.SYSTEM_DISK_GIB),
        data_disks=[
            NativeNodePoolNativeDataDiskArgs(
                disk_type=node_pool.DISK,
                disk_size=args.disk_gib,
                encrypt="ENCRYPT",
                kms_key_id=args.key,
                file_system="ext4",
                auto_format_and_mount=True,
                mount_target=node_pool.CONTAINERS,
            )
        ],
        runtime_root_dir=node_pool.CONTAINERS,
        enable_autoscaling=True,
        scaling=NativeNodePoolNativeScalingArgs(
            min_replicas=args.min_size, max_replicas=args.max_size, create_policy="ZoneEquality"
        ),
        auto_repair=True,
        lifecycle=NativeNodePoolNativeLifecycleArgs(post_init=setup) if setup else None,
        # A server that swaps answers nobody in time.
        management=NativeNodePoolNativeManagementArgs(kernel_args=["vm.swappiness=0"]),
    )
