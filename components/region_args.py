"""From a region's description to the arguments of each component: pure, one function each."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi

from components.platform.isolation import IsolationArgs, Quota
from components.types import Exposure, ExposureType, Resources, StoredModel, Upstream, Volume
from components.workloads.etcd import EtcdArgs
from components.workloads.gateway import GatewayArgs
from components.workloads.model_store import ModelFolder, ModelStoreArgs, TinyModel
from components.workloads.serving import ServingArgs

if TYPE_CHECKING:
    from stacks import schema
    from stacks.schema import RegionSpec


def isolation(spec: "RegionSpec") -> IsolationArgs:
    quota = spec.quota
    return IsolationArgs(
        namespace=spec.namespace,
        quota=Quota(cpu=quota.cpu, memory=quota.memory, storage=quota.storage, pods=quota.pods),
    )


def etcd(spec: "RegionSpec", namespace: pulumi.Input[str]) -> EtcdArgs:
    return EtcdArgs(
        namespace=namespace,
        image=spec.images.etcd,
        members=spec.etcd.members,
        volume=_volume(spec.etcd.volume),
        resources=_resources(spec.etcd.resources),
    )


def model_store(spec: "RegionSpec", namespace: pulumi.Input[str]) -> ModelStoreArgs:
    return ModelStoreArgs(
        namespace=namespace,
        image=spec.images.serving,
        model=spec.model.name,
        source=_source(spec.model.source),
        volume=_volume(spec.model.volume),
        resources=_resources(spec.serving.resources),
    )


def serving(spec: "RegionSpec", namespace: pulumi.Input[str], model: StoredModel) -> ServingArgs:
    return ServingArgs(
        namespace=namespace,
        image=spec.images.serving,
        model=model,
        served_name=spec.model.name,
        max_model_len=spec.model.max_model_len,
        max_num_seqs=spec.serving.max_num_seqs,
        replicas=spec.serving.replicas,
        drain_seconds=spec.serving.drain_seconds,
        startup_seconds=spec.serving.startup_seconds,
        resources=_resources(spec.serving.resources),
    )


def gateway(
    spec: "RegionSpec",
    namespace: pulumi.Input[str],
    upstream: Upstream,
    api_keys: Mapping[str, pulumi.Input[str]],
    cluster_address: pulumi.Input[str],
) -> GatewayArgs:
    """`cluster_address`: the host for a node port, where the region names none."""
    exposure = spec.gateway.exposure
    return GatewayArgs(
        namespace=namespace,
        image=spec.images.envoy,
        upstream=upstream,
        api_keys=api_keys,
        exposure=Exposure(
            type=ExposureType(exposure.type),
            node_port=exposure.port if exposure.type == "NodePort" else None,
            address=spec.gateway.address or (cluster_address if exposure.type == "NodePort" else None),
        ),
        replicas=spec.gateway.replicas,
        max_body_bytes=spec.gateway.max_body_bytes,
        max_stream_seconds=spec.gateway.max_stream_seconds,
        resources=_resources(spec.gateway.resources),
    )


def _source(asked: "schema.TinySource | schema.FolderSource | schema.SharedSource") -> TinyModel | ModelFolder:
    return TinyModel(seed=asked.seed) if asked.type == "tiny" else ModelFolder(path=asked.path)


def _resources(asked: "schema.Resources") -> Resources:
    return Resources(
        cpu_request=asked.requests.cpu,
        cpu_limit=asked.limits.cpu,
        memory_request=asked.requests.memory,
        memory_limit=asked.limits.memory,
    )


def _volume(asked: "schema.Volume") -> Volume:
    return Volume(size=asked.size, storage_class=asked.storage_class, access_mode=asked.access_mode)
