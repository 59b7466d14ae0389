"""A region: a cluster, what makes it safe to use, and what its users came for."""

import dataclasses
import importlib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_random as random
import pulumi_tls as tls

from components import gateway_args, node_args, region_args, rollout_args, telemetry
from components.following import follow, wait
from components.monitoring_args import Seen
from components.platform.connectivity import Connectivity, ConnectivityArgs, lookups
from components.platform.edges import Edges, EdgesArgs
from components.platform.gpu import GpuRuntime
from components.platform.isolation import Isolation
from components.platform.priorities import Priorities
from components.types import FleetMember, Foundation
from components.watching import watch
from components.workloads.api_key import ApiKey
from components.workloads.client_keys import ClientKeys
from components.workloads.etcd import Etcd
from components.workloads.gateway import Gateway
from components.workloads.gateway_service import base_url
from components.workloads.model_store import ModelStore
from components.workloads.ratelimit import RateLimiter
from components.workloads.rollout import Rollout
from components.workloads.serving import Serving

if TYPE_CHECKING:
    from stacks.schema import RegionSpec

# Who makes what a region stands on, by provider; imported when asked for: a cloud's SDK takes seconds to import.
_BUILDERS = {name: f"components.{name}.foundation" for name in ("private", "aws", "alicloud", "tencentcloud")}


@dataclass(frozen=True, kw_only=True)
class RegionArgs:
    spec: "RegionSpec"


class Region(pulumi.ComponentResource):
    """Everything that one region file describes."""

    endpoint: pulumi.Output[str]  # OpenAI's `base_url`
    api_key: pulumi.Output[str]  # secret
    model: str
    member: FleetMember | None  # what a fleet needs to know of it
    outputs: dict[str, pulumi.Input[Any]]  # what a stack of this region exports

    def __init__(self, name: str, args: RegionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:index:Region", name, None, opts)
        spec = args.spec
        foundation: Foundation = importlib.import_module(_BUILDERS[spec.provider]).build(name, spec, self)
        random_provider = random.Provider(f"{name}-random", opts=pulumi.ResourceOptions(parent=self))
        tls_provider = tls.Provider(f"{name}-tls", opts=pulumi.ResourceOptions(parent=self))
        providers = [foundation.cluster.provider, random_provider, tls_provider]
        child = pulumi.ResourceOptions(parent=self, providers=providers)

        key, asked = ApiKey(f"{name}-api-key", child), gateway_args.clients(spec)
        clients = ClientKeys(f"{name}-clients", asked, child) if asked else None
        isolation = Isolation(f"{name}-isolation", region_args.isolation(spec), child)
        # A pod must not run before the namespace's denials, defaults and quota, and can't before there are nodes: it
        # refers to none of them.
        before = [isolation, *foundation.depends_on]
        guarded = pulumi.ResourceOptions(parent=self, providers=providers, depends_on=before)
        namespace = isolation.namespace
        priorities = Priorities(f"{name}-priorities", child)
        first = priorities.control
        on_gpus = node_args.gpu_runtime(spec, foundation)
        cards = GpuRuntime(f"{name}-gpu", on_gpus, guarded).metrics if on_gpus else None
        etcd = Etcd(f"{name}-etcd", region_args.etcd(spec, namespace, foundation, first), guarded)
        store = ModelStore(f"{name}-model-store", region_args.model_store(spec, namespace, foundation), guarded)
        # Nor may a server before the store's Job has made or verified the model on the volume that both mount.
        stored = pulumi.ResourceOptions(parent=self, providers=providers, depends_on=[*before, store])
        catalogue = etcd.client("serving") if spec.model.version else None
        collector = telemetry.collect(name, spec, namespace, guarded)
        spans = collector.service if collector else None
        servers = region_args.serving(spec, namespace, store.model, foundation, priorities.serving, catalogue, spans)
        serving = Serving(f"{name}-serving", servers, stored)
        counted = gateway_args.limiter(spec, namespace)
        limiter = RateLimiter(f"{name}-limits", counted, guarded) if counted else None
        counter = limiter.service if limiter else None
        room = wait(name, spec, namespace, serving.upstream, guarded)
        queue = room.service if room else None
        keys = {name: (key.key,), **(clients.keys if clients else {})}
        traced = telemetry.tracing(name, spec)
        way_in = gateway_args.gateway(
            spec, namespace, serving.upstream, keys, foundation, counter, queue, first, traced
        )
        gateway = Gateway(f"{name}-gateway", way_in, guarded)
        told = Seen(gpus=cards, snapshots=region_args.snapshots(spec, foundation), room=queue, collector=spans)
        watching = watch(name, spec, namespace, told, guarded)
        following = tuple(follow(name, spec, namespace, serving, room, priorities, guarded))
        rolling = rollout_args.rollout(name, spec, namespace, etcd, store.model, gateway.traffic, foundation)
        rollout = Rollout(f"{name}-rollout", rolling, stored) if rolling else None
        declared = [part.connections for part in (etcd, serving, gateway, rollout, limiter, collector) if part]
        allowed = (*watching, *following, *itertools.chain(*declared))
        trying = (lookups(),) if spec.isolation.check else ()
        edges = Edges(f"{name}-edges", EdgesArgs(namespace=namespace, connections=(*allowed, *trying)), child)

        host = foundation.publish(gateway.address) if foundation.publish else gateway.address
        self.endpoint, self.api_key, self.model = base_url(way_in.exposure, host), key.key, spec.model.name
        self.member = dataclasses.replace(foundation.member, address=host) if foundation.member else None
        self.outputs = {"endpoint": self.endpoint, "apiKey": self.api_key, "model": self.model}
        if clients:
            self.outputs["clientKeys"] = clients.told
        if trying:
            # Who is asked must be there to answer, and the policies in force.
            answering = [edges, etcd, serving, gateway, *([collector] if collector else [])]
            there = pulumi.ResourceOptions(parent=self, providers=providers, depends_on=answering)
            tried = ConnectivityArgs(namespace=namespace, image=spec.images.keeper, connections=allowed)
            self.outputs["connectivity"] = Connectivity(f"{name}-connectivity", tried, there).result
        self.register_outputs(self.outputs)
