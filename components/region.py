"""A region: a cluster, what makes it safe to use, and what its users came for."""

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_random as random

from components import region_args
from components.platform.edges import Edges, EdgesArgs
from components.platform.isolation import Isolation
from components.types import ClusterAccess
from components.workloads.api_key import ApiKey
from components.workloads.etcd import Etcd
from components.workloads.gateway import Gateway
from components.workloads.model_store import ModelStore
from components.workloads.serving import Serving

if TYPE_CHECKING:
    from stacks.schema import RegionSpec

# Who makes the cluster, by provider; imported when asked for, since a cloud's SDK takes seconds to import.
_BUILDERS = {"private": "components.private.cluster"}


@dataclass(frozen=True, kw_only=True)
class RegionArgs:
    spec: "RegionSpec"


class Region(pulumi.ComponentResource):
    """Everything that one region file describes."""

    endpoint: pulumi.Output[str]  # OpenAI's `base_url`
    api_key: pulumi.Output[str]  # secret
    model: str

    def __init__(self, name: str, args: RegionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:index:Region", name, None, opts)
        spec = args.spec
        cluster = _cluster(name, spec, pulumi.ResourceOptions(parent=self))
        providers = [cluster.provider, random.Provider(f"{name}-random", opts=pulumi.ResourceOptions(parent=self))]
        child = pulumi.ResourceOptions(parent=self, providers=providers)

        key = ApiKey(f"{name}-api-key", child)
        isolation = Isolation(f"{name}-isolation", region_args.isolation(spec), child)
        # A pod must not run before the namespace's denials, defaults and quota: it refers to none of them.
        guarded = pulumi.ResourceOptions(parent=self, providers=providers, depends_on=[isolation])
        namespace = isolation.namespace
        etcd = Etcd(f"{name}-etcd", region_args.etcd(spec, namespace), guarded)
        store = ModelStore(f"{name}-model-store", region_args.model_store(spec, namespace), guarded)
        # Nor may a server before the store's Job has made or verified the model on the volume that both mount.
        stored = pulumi.ResourceOptions(parent=self, providers=providers, depends_on=[isolation, store])
        serving = Serving(f"{name}-serving", region_args.serving(spec, namespace, store.model), stored)
        gateway = Gateway(
            f"{name}-gateway",
            region_args.gateway(spec, namespace, serving.upstream, {name: key.key}, cluster.address),
            guarded,
        )
        edges = EdgesArgs(namespace=namespace, connections=(*etcd.connections, *gateway.connections))
        Edges(f"{name}-edges", edges, child)

        self.endpoint, self.api_key, self.model = gateway.url, key.key, spec.model.name
        self.register_outputs({"endpoint": self.endpoint, "apiKey": self.api_key, "model": self.model})


def _cluster(name: str, spec: "RegionSpec", opts: pulumi.ResourceOptions) -> ClusterAccess:
    builder = importlib.import_module(_BUILDERS[spec.provider])
    access: ClusterAccess = builder.Cluster(f"{name}-cluster", spec, opts).access
    return access
