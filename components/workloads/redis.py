"""Redis as a store of what may be lost: nothing on disk, one pod, a password in a Secret."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import apps, core

from components import connections, naming, ratelimit
from components.types import Resources, Upstream
from components.workloads import pod
from components.workloads.api_key import ApiKey

_PORT = 6379
_FOLDER = "/etc/redis"
_RESOURCES = Resources(cpu_request="50m", cpu_limit="1", memory_request="64Mi", memory_limit="128Mi")
_MEMORY = "64mb"  # of counts: some 400,000


@dataclass(frozen=True, kw_only=True)
class RedisArgs:
    namespace: pulumi.Input[str]
    image: str


class Redis(pulumi.ComponentResource):
    """A Deployment of one and its Service. Another password is another Secret, which rolls who mounts it."""

    service: Upstream
    secret: pulumi.Output[str]  # name of the Secret with the password, under ratelimit.PASSWORD

    def __init__(self, name: str, args: RedisArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:workloads:Redis", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels, selector = naming.labels("redis", name, "ratelimit"), naming.selector("redis", name)
        metadata = pod.metadata(args.namespace, labels)
        password = ApiKey(f"{name}-password", child).key
        config = password.apply(lambda key: ratelimit.store_config(key, address="*", port=_PORT, memory=_MEMORY))
        secret = core.v1.Secret(
            f"{name}-config",
            metadata=metadata,
            string_data={ratelimit.STORE_CONFIG: config, ratelimit.PASSWORD: password},
            opts=child,
        )
        core.v1.Service(
            f"{name}-service",
            metadata=pod.metadata(args.namespace, labels, name),
            spec={"cluster_ip": "None", "selector": selector, "ports": [{"name": "redis", "port": _PORT}]},
            opts=child,
        )
        apps.v1.Deployment(
            f"{name}-deployment",
            metadata=metadata,
            spec={
                "replicas": 1,
                "strategy": pod.strategy(),
                "selector": {"match_labels": selector},
                "template": pod.template(
                    labels,
                    {
                        "service_account_name": pod.account(name, metadata, child),
                        "containers": [pod.container(_container(args.image))],
                        "volumes": [{"name": "config", "secret": {"secret_name": secret.metadata["name"]}}],
                    },
                ),
            },
            opts=child,
        )
        self.secret = secret.metadata["name"]
        host = pulumi.Output.format("{0}.{1}.svc", name, args.namespace)
        self.service = Upstream(host=host, port=_PORT, name=name, pods=selector)
        self.register_outputs({})


def _container(image: str) -> core.v1.ContainerArgsDict:
    answers: core.v1.ProbeArgsDict = {"tcp_socket": {"port": "redis"}, "period_seconds": 5}
    return {
        "name": "redis",
        "image": image,
        "command": ["redis-server", f"{_FOLDER}/{ratelimit.STORE_CONFIG}"],
        "ports": [{"name": "redis", "container_port": _PORT}],
        "readiness_probe": answers,
        "liveness_probe": answers,
        "resources": pod.resources(_RESOURCES),
        "volume_mounts": [{"name": "config", "mount_path": _FOLDER, "read_only": True}],
    }


def reached_by(source: connections.Pods, store: Upstream) -> connections.Connection:
    return connections.Connection(
        description=f"{source.name} keeps its counts in {store.name}.",
        source=source,
        target=connections.Pods(name=store.name, labels=store.pods),
        ports=(connections.Port(number=store.port),),
    )
