"""From a region's description to the arguments of each component: pure, one function each."""

from typing import TYPE_CHECKING

import pulumi

from components import accelerators, node_args, pools, serving_pools
from components.platform.isolation import IsolationArgs, Quota
from components.types import EtcdClient, Foundation, Placement, Resources, StoredModel, Upstream, Volume
from components.workloads import etcd_snapshots, pod
from components.workloads.etcd import EtcdArgs
from components.workloads.etcd_snapshots import Bucket, Kept, Snapshots
from components.workloads.model_source import ModelFolder, ModelSource, PhoneModel, SharedFolder, TinyModel
from components.workloads.model_store import ModelStoreArgs
from components.workloads.rollout import USERS
from components.workloads.serving import ServingArgs
from components.workloads.vllm import VllmArgs

if TYPE_CHECKING:
    from stacks import amounts
    from stacks.schema import RegionSpec

# Who comes to etcd, by the common name of a certificate: the prefixes of keys that it may read and write.
ETCD_USERS = {"serving": ("/autoglm/models/",), "rollout": ("/autoglm/models/",)}
# Reading and hashing weights needs a core and a buffer, not what a GPU server needs.
_VERIFYING = Resources(cpu_request="1", cpu_limit="2", memory_request="512Mi", memory_limit="2Gi")


def isolation(spec: "RegionSpec") -> IsolationArgs:
    quota = spec.quota
    return IsolationArgs(
        namespace=spec.namespace,
        quota=Quota(cpu=quota.cpu, memory=quota.memory, storage=quota.storage, pods=quota.pods),
    )


def etcd(
    spec: "RegionSpec",
    namespace: pulumi.Input[str],
    foundation: Foundation,
    priority: pulumi.Input[str] | None = None,
) -> EtcdArgs:
    return EtcdArgs(
        namespace=namespace,
        image=spec.images.etcd,
        keeper_image=spec.images.keeper,
        members=spec.etcd.members,
        volume=_volume(spec.etcd.volume),
        resources=resources(spec.etcd.resources),
        keeper_resources=resources(spec.etcd.keeper_resources),
        users=USERS if spec.model.version else ETCD_USERS,
        authorities=spec.etcd.authorities,
        snapshots=snapshots(spec, foundation),
        restore=spec.etcd.restore,
        apart=_apart(spec, foundation),
        identity=foundation.identities.get("etcd"),
        priority=priority,
    )


def model_store(spec: "RegionSpec", namespace: pulumi.Input[str], foundation: Foundation) -> ModelStoreArgs:
    return ModelStoreArgs(
        namespace=namespace,
        image=spec.images.serving,
        model=spec.model.name,
        source=_source(spec, foundation),
        version=spec.model.version,
        volume=_volume(spec.model.volume),
        resources=_VERIFYING if spec.serving.gpu else resources(spec.serving.resources),
        identity=foundation.identities.get("model-store"),
    )


def serving(
    spec: "RegionSpec",
    namespace: pulumi.Input[str],
    model: StoredModel,
    foundation: Foundation,
    priority: pulumi.Input[str] | None = None,
    catalogue: EtcdClient | None = None,
    collector: Upstream | None = None,
) -> ServingArgs:
    return ServingArgs(
        namespace=namespace,
        image=spec.images.serving,
        model=model,
        served_name=spec.model.name,
        max_model_len=spec.model.max_model_len,
        max_num_seqs=spec.serving.max_num_seqs,
        replicas=spec.serving.replicas,
        scaled=spec.serving.autoscaling is not None,
        drain_seconds=spec.serving.drain_seconds,
        startup_seconds=spec.serving.startup_seconds,
        resources=resources(spec.serving.resources),
        placement=placement(spec),
        vllm=_vllm(spec),
        identity=foundation.identities.get("serving"),
        spare=_has_spare(spec),
        priority=priority,
        catalogue=catalogue,
        collector=collector,
    )


def placement(spec: "RegionSpec") -> Placement | None:
    """The pools' nodes, past their taints; None for servers on CPUs."""
    found = serving_pools.chosen(spec)
    if found is None:
        return None
    taints = {key: value for pool in found.pools for key, value in spec.gpu_pools[pool].taints.items()}
    return Placement(pools=found.pools, tolerated=tuple(taints | pools.taints()), cards=found.asks)


def _has_spare(spec: "RegionSpec") -> bool:
    """Whether an update can start a server before it ends one. On CPUs nodes are shared, and there mostly is."""
    room = serving_pools.room(spec)
    return room is None or room > spec.serving.most


def _vllm(spec: "RegionSpec") -> VllmArgs | None:
    asked, found = spec.serving.gpu, serving_pools.chosen(spec)
    if asked is None or found is None:
        return None
    sharing = spec.gpu_pools[found.pools[0]].sharing
    told = asked.vllm
    return VllmArgs(
        tensor_parallel_size=found.tensor_parallel,
        memory_share=round(accelerators.USABLE / getattr(sharing, "replicas", 1), 3),
        dtype=told.dtype,
        weight_quantization=told.weight_quantization,
        kv_cache_dtype=told.kv_cache_dtype,
        max_num_batched_tokens=told.max_num_batched_tokens,
        enforce_eager=told.enforce_eager,
        max_image_pixels=told.max_image_pixels,
        nccl=node_args.nccl(spec) if found.tensor_parallel > 1 else {},
    )


def _source(spec: "RegionSpec", foundation: Foundation) -> ModelSource:
    asked = spec.model.source
    match asked.type:
        case "tiny":
            return TinyModel(seed=asked.seed)
        case "tinyphone":
            return PhoneModel()
        case "folder":
            return ModelFolder(path=asked.path)
        case "shared":
            if foundation.files is None:
                raise ValueError("model.source: the region has no shared file system: set storage.files to true")
            return SharedFolder(path=asked.path, files=foundation.files)


def snapshots(spec: "RegionSpec", foundation: Foundation) -> Snapshots | None:
    """Where the file says; else in the bucket of a region that has one."""
    asked = spec.etcd.snapshots
    recovery = getattr(spec, "recovery", None)
    store: Bucket | Kept
    match asked.store:
        case None:
            if foundation.member is None:
                return None
            store = etcd_snapshots.of_region(foundation.member)
        case found if found.type == "bucket":
            store = Bucket(url=found.url, region=found.region, endpoint=found.endpoint, secret=found.environment_from)
        case found:
            store = Kept(volume=_volume(found))
    minutes = asked.minutes(recovery.rpo_seconds if recovery else None)
    return Snapshots(store=store, interval_minutes=minutes, keep_days=asked.keep_days)


def _apart(spec: "RegionSpec", foundation: Foundation) -> tuple[str, ...]:
    """In production members never share a node, nor, where the nodes' zones are known, a zone before each has one."""
    if spec.environment != "production":
        return ()
    return pod.SPREAD if foundation.member else pod.SPREAD[1:]


def resources(asked: "amounts.Resources") -> Resources:
    return Resources(
        cpu_request=asked.requests.cpu,
        cpu_limit=asked.limits.cpu,
        memory_request=asked.requests.memory,
        memory_limit=asked.limits.memory,
    )


def _volume(asked: "amounts.Volume") -> Volume:
    return Volume(size=asked.size, storage_class=asked.storage_class, access_mode=asked.access_mode)
