"""From a region's description to how its GPU nodes are set up, and what runs on them. Pure."""

from typing import TYPE_CHECKING

from components import pools, quantities, serving_pools, slices
from components.cards import NVIDIA
from components.instance_type import InstanceType
from components.platform import tuning
from components.platform.gpu import GpuPoolRuntime, GpuRuntimeArgs
from components.types import Foundation

if TYPE_CHECKING:
    from stacks.cloud import Sharing
    from stacks.schema import RegionSpec


def settings(spec: "RegionSpec") -> tuning.Tuning | None:
    """None: the region's nodes stay as they are."""
    asked = spec.tuning
    if asked is None:
        return None
    nccl = asked.nccl
    return tuning.Tuning(
        somaxconn=asked.somaxconn,
        max_files=asked.max_files,
        open_files=asked.open_files,
        tcp_buffer=quantities.whole(asked.tcp_buffer),
        bbr=asked.bbr,
        huge_pages=asked.huge_pages,
        io_scheduler=asked.io_scheduler,
        read_ahead_kib=asked.read_ahead_kib,
        nccl=tuning.Nccl(
            debug=nccl.debug,
            p2p_level=nccl.p2p_level,
            socket_interface=nccl.socket_interface,
            infiniband=nccl.infiniband,
        ),
    )


def setup(spec: "RegionSpec", pool: str, kind: InstanceType | None) -> tuple[tuning.Row, ...]:
    """What the pool's nodes start with. Slices are cut even where nothing else is set."""
    asked, sharing = settings(spec), spec.gpu_pools[pool].sharing
    nvidia = kind is None or kind.resource == NVIDIA
    cut = _slices(sharing, kind)
    return tuple(tuning.rows(asked, gpus=nvidia, slices=cut) if asked else tuning.cutting(cut))


def nccl(spec: "RegionSpec") -> dict[str, str]:
    """For servers on several cards."""
    asked = settings(spec)
    return tuning.nccl_environment(asked.nccl) if asked else {}


def gpu_runtime(spec: "RegionSpec", foundation: Foundation) -> GpuRuntimeArgs | None:
    """None where nothing is to run on GPU nodes, as where there are none."""
    found = tuple(
        _pool(spec, name, kind, own=name in foundation.without_plugin) for name, kind in serving_pools.kinds(spec)
    )
    checked = settings(spec) if spec.gpu_runtime.node_check else None
    plugins = any(pool.plugin and pool.nvidia for pool in found)
    if not found or not (plugins or spec.images.dcgm_exporter or checked):
        return None
    return GpuRuntimeArgs(
        namespace=f"{spec.namespace}-gpu",
        plugin_image=spec.images.device_plugin,
        exporter_image=spec.images.dcgm_exporter,
        check_image=spec.images.serving,
        pools=found,
        tuning=checked,
        apply=not foundation.sets_nodes_up,
    )


def _pool(spec: "RegionSpec", name: str, kind: InstanceType | None, *, own: bool) -> GpuPoolRuntime:
    pool = spec.gpu_pools[name]
    cut = _slices(pool.sharing, kind)
    wanted = {"auto": own, "install": True, "existing": False}[spec.gpu_runtime.device_plugin]
    return GpuPoolRuntime(
        name=name,
        sharing=pool.sharing,
        tolerated=tuple(pool.taints | pools.taints()),
        plugin=wanted,
        slices=cut.count * kind.gpus if cut and kind else 0,
        nvidia=kind is None or kind.resource == NVIDIA,
    )


def _slices(sharing: "Sharing", kind: InstanceType | None) -> tuning.Slices | None:
    if sharing.type != "mig" or kind is None:
        return None
    each = slices.offers(sharing, kind)
    return tuning.Slices(profile=sharing.profile, count=sum(each.values()) // kind.gpus) if each else None
