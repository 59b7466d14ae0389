"""The model servers."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import apps, core
from pulumi_kubernetes.core.v1 import ContainerArgsDict, PodSpecArgsDict

from components import connections, naming
from components.connections import Connection
from components.types import EtcdClient, Placement, Resources, StoredModel, Upstream, WorkloadIdentity
from components.workloads import etcd_client, pod, traces
from components.workloads import vllm as gpu
from components.workloads.vllm import VllmArgs

_PORT = 8000
_STARTUP_PERIOD = 2
# What an autoscaler takes to bring a node with GPUs, and the node to pull an image of 10 GB: minutes, on each cloud.
_NODE_SECONDS = 900


@dataclass(frozen=True, kw_only=True)
class ServingArgs:
    """`drain_seconds`: what open streams get after SIGTERM. `startup_seconds`: to verify and load the weights.
    `placement`: the GPUs of each server, on which vLLM runs; none runs our own engine on CPUs. `catalogue`: as etcd's
    user, servers ask the catalogue which versions to hold and which is active; without, `model` is the one. `spare`:
    there is room for one server more than there are; without, an update ends an old one before its successor starts.
    `scaled`: after the first `replicas` their number is an autoscaler's, and no update changes it. `collector`: gets
    the spans of requests that their caller traces; without, there are none.
    """

    namespace: pulumi.Input[str]
    image: str
    model: StoredModel
    served_name: str
    max_model_len: int
    max_num_seqs: int = 8
    replicas: int = 2
    drain_seconds: int = 600
    startup_seconds: int = 600
    resources: Resources
    placement: Placement | None = None
    vllm: VllmArgs | None = None
    identity: WorkloadIdentity | None = None
    priority: pulumi.Input[str] | None = None  # name of a PriorityClass
    catalogue: EtcdClient | None = None
    spare: bool = True
    scaled: bool = False
    collector: Upstream | None = None

    def __post_init__(self) -> None:
        for name in ("max_model_len", "max_num_seqs", "replicas", "drain_seconds", "startup_seconds"):
            if getattr(self, name) < 1:
                raise ValueError(f"ServingArgs.{name}: {getattr(self, name)} is not allowed: it must be at least 1")
        if (self.placement is None) != (self.vllm is None):
            raise ValueError("ServingArgs.vllm: it goes with placement: servers on GPUs run vLLM, those on CPUs do not")
        if self.catalogue and self.vllm:
            raise ValueError("ServingArgs.catalogue: vLLM holds one version on its cards: leave it out on GPUs")


class Serving(pulumi.ComponentResource):
    """Deployment that is rolled without losing a stream, headless Service, PodDisruptionBudget."""

    upstream: Upstream
    deployment: pulumi.Output[str]  # its name
    connections: tuple[Connection, ...]

    def __init__(self, name: str, args: ServingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:workloads:Serving", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels, selector = naming.labels("serving", name, "model-server"), naming.selector("serving", name)
        metadata = pod.metadata(args.namespace, labels)

        core.v1.Service(
            f"{name}-service",
            metadata=pod.metadata(args.namespace, labels, name),
            spec={
                "cluster_ip": "None",  # the gateway balances over the pods themselves
                "selector": selector,
                "ports": [{"name": "http", "port": _PORT}],
            },
            opts=child,
        )
        made = apps.v1.Deployment(
            f"{name}-deployment",
            metadata=metadata,
            spec={
                "replicas": args.replicas,
                "progress_deadline_seconds": _seconds_a_server(args),
                "strategy": pod.strategy(spare=args.spare),
                "min_ready_seconds": pod.PRE_STOP_SECONDS,  # the gateway has found the new pod before an old one goes
                "selector": {"match_labels": selector},
                "template": pod.template(
                    pod.labels(labels, args.identity),
                    _pods(args, pod.account(name, metadata, child, args.identity), selector),
                ),
            },
            opts=pulumi.ResourceOptions(
                parent=self,
                custom_timeouts=_timeouts(args),
                ignore_changes=["spec.replicas"] if args.scaled else None,
            ),
        )
        self.deployment = made.metadata["name"]
        pod.budget(name, metadata, selector, child)

        # Not from the Service's outputs: a gateway need not wait for the model, which may take half an hour to verify.
        host = pulumi.Output.format("{0}.{1}.svc", name, args.namespace)
        self.upstream = Upstream(host=host, port=_PORT, name=name, pods=selector)
        self.connections = _edges(name, args)
        self.register_outputs({"host": host})


def _pods(args: ServingArgs, account: pulumi.Input[str], selector: Mapping[str, str]) -> PodSpecArgsDict:
    spec: PodSpecArgsDict = {
        "service_account_name": account,
        "termination_grace_period_seconds": pod.grace_seconds(args.drain_seconds),
        "topology_spread_constraints": pod.spread(selector),
        "containers": [_container(args)],
        "volumes": [
            {"name": "models", "persistent_volume_claim": {"claim_name": args.model.claim, "read_only": True}},
            *(gpu.volumes() if args.vllm else ()),
            *([etcd_client.volume(args.catalogue)] if args.catalogue else ()),
        ],
    }
    return pod.prioritised(pod.placed(spec, args.placement), args.priority)


def _seconds_a_server(args: ServingArgs) -> int:
    """The longest that one takes to be ready, from when it may begin: a node, the place of the one before, its load."""
    node = _NODE_SECONDS if args.placement else 0
    before = 0 if args.spare else pod.grace_seconds(args.drain_seconds)
    return node + before + args.startup_seconds + 60


def _timeouts(args: ServingArgs) -> pulumi.CustomTimeouts:
    """Pulumi's own, ten minutes for whatever it is, are less than one server may take."""
    rolled = f"{args.replicas * _seconds_a_server(args)}s"
    return pulumi.CustomTimeouts(create=rolled, update=rolled, delete=f"{pod.grace_seconds(args.drain_seconds) + 60}s")


def _what(args: ServingArgs) -> list[str]:
    """A version that comes later then changes no pod."""
    if args.catalogue is None:
        return [f"--model={args.model.path}"]
    return [f"--model-catalogue=$({etcd_client.ENDPOINTS})", f"--model-catalogue-tls={etcd_client.MOUNT_PATH}"]


def _edges(name: str, args: ServingArgs) -> tuple[Connection, ...]:
    me = connections.workload("serving", name)
    asked = [
        *([etcd_client.connection(me, args.catalogue)] if args.catalogue else ()),
        *([traces.connection(me, args.collector)] if args.collector else ()),
    ]
    return (*asked, connections.to_dns(me)) if asked else ()


def _container(args: ServingArgs) -> ContainerArgsDict:
    return pod.container(
        {
            "name": "server",
            "image": args.image,
            "command": ["python3", "-m", "autoglm_serving"],
            "args": [
                "serve",
                *_what(args),
                f"--served-model-name={args.served_name}",
                "--host=0.0.0.0",
                f"--port={_PORT}",
                f"--max-model-len={args.max_model_len}",
                f"--max-num-seqs={args.max_num_seqs}",
                f"--shutdown-timeout={args.drain_seconds}",
                *(gpu.flags(args.vllm) if args.vllm else ()),
            ],
            # One thread a core that the limit grants: more would only wait for each other.
            "env": [
                {
                    "name": "OMP_NUM_THREADS",
                    "value_from": {"resource_field_ref": {"container_name": "server", "resource": "limits.cpu"}},
                },
                *(gpu.environment(args.vllm) if args.vllm else ()),
                *([etcd_client.environment(args.catalogue)] if args.catalogue else ()),
                *(traces.environment(args.collector) if args.collector else ()),
            ],
            "ports": [{"name": "http", "container_port": _PORT}],
            "startup_probe": pod.probe(
                "/health", "http", period=_STARTUP_PERIOD, failures=-(-args.startup_seconds // _STARTUP_PERIOD)
            ),
            "readiness_probe": pod.probe("/ready", "http", period=2, failures=2),
            "liveness_probe": pod.probe(
                "/health", "http", period=10, failures=3
            ),  # fails when the engine is dead, only
            "lifecycle": {"pre_stop": {"sleep": {"seconds": pod.PRE_STOP_SECONDS}}},
            "resources": pod.resources(args.resources, args.placement),
            "volume_mounts": [
                {"name": "models", "mount_path": args.model.mount_path, "read_only": True},
                *(gpu.mounts() if args.vllm else ()),
                *([etcd_client.mount()] if args.catalogue else ()),
            ],
        }
    )
