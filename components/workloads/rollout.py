"""Brings the declared version of a model to `active`, step by step, or back: the Job that `pulumi up` waits for."""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes import batch, rbac
from pulumi_kubernetes.core.v1 import ContainerArgsDict
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from components import connections, naming
from components.connections import Connection
from components.types import EtcdClient, Resources, StoredModel, WorkloadIdentity
from components.workloads import etcd_client, pod
from components.workloads.job import LOOKS_AGAIN

USERS: Final = {"serving": ("/autoglm/models/", "/autoglm/replicas/"), "rollout": ("/autoglm/",)}
"""etcd's users for a catalogue, and the keys that each may read and write: serving/autoglm_catalogue/records.py."""
_RESOURCES: Final = Resources(cpu_request="50m", cpu_limit="500m", memory_request="64Mi", memory_limit="128Mi")
_FINAL: Final = (1, 2)  # exit codes that another try would not change: rolled back, or a wrong command line
_TRIES: Final = 4
_STEP_EXTRA: Final = 3  # times its seconds that a step lasts when there are few requests to judge by
_SLACK_SECONDS: Final = 300  # to pull the image, and to wait for an earlier rollout's end


@dataclass(frozen=True, kw_only=True)
class Canary:
    """`steps`: per cent of new requests, rising to 100, each for `step_seconds`. The old version has all again after so
    many `failures` of checks in a row: more than `error_rate` of the new one's requests broke, or its P95 is more than
    `p95_ratio` times the old one's."""

    steps: tuple[int, ...] = (5, 25, 50, 100)
    step_seconds: int = 60
    failures: int = 3
    error_rate: float = 0.02
    p95_ratio: float = 1.5


@dataclass(frozen=True, kw_only=True)
class RolloutArgs:
    """`image`: of target `keeper` in serving/Containerfile. `client`: of etcd's user `rollout`. `replicas`: how many
    servers there shall be; all but one must be ready with the version, and all that live. `ready_seconds`: to load it.
    `observe_seconds`: after the switch, while the old version is still in memory. `weights`: the ConfigMap that the
    gateway reads a canary's weights from. `region`: its name, for the fencing of promotions."""

    namespace: pulumi.Input[str]
    image: str
    client: EtcdClient
    model: StoredModel
    served_name: str
    version: str
    replicas: int
    ready_seconds: int = 600
    observe_seconds: int = 60
    canary: Canary | None = None
    weights: pulumi.Input[str] | None = None
    region: str = ""
    resources: Resources = _RESOURCES
    identity: WorkloadIdentity | None = None

    def __post_init__(self) -> None:
        if self.canary and self.weights is None:
            raise ValueError("RolloutArgs.weights: none, and a canary needs the ConfigMap that the gateway reads")

    @property
    def seconds(self) -> int:
        """The longest that it may take."""
        steps = _STEP_EXTRA * self.canary.step_seconds * len(self.canary.steps) if self.canary else 0
        return 2 * self.ready_seconds + steps + self.observe_seconds + _SLACK_SECONDS


class Rollout(pulumi.ComponentResource):
    """A Job, and with a canary the right to patch the gateway's weights. It fails when the version was rolled back."""

    connections: tuple[Connection, ...]

    def __init__(self, name: str, args: RolloutArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:workloads:Rollout", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels = naming.labels("rollout", name, "job")
        metadata = pod.metadata(args.namespace, labels)
        account = pod.account(name, metadata, child, args.identity)
        allowed = [] if args.weights is None else [_right(name, args, args.weights, account, metadata, child)]
        batch.v1.Job(
            f"{name}-job",
            metadata={**metadata, "annotations": LOOKS_AGAIN},
            spec={
                "backoff_limit": _TRIES - 1,
                "active_deadline_seconds": args.seconds,
                "pod_failure_policy": {
                    "rules": [{"action": "FailJob", "on_exit_codes": {"operator": "In", "values": list(_FINAL)}}]
                },
                "template": pod.template(
                    pod.labels(labels, args.identity),
                    {
                        "service_account_name": account,
                        # For the ConfigMap with the weights, which nothing else needs.
                        "automount_service_account_token": args.weights is not None,
                        "restart_policy": "Never",  # keeps a failed pod, and so its log, for the message
                        "containers": [_container(args)],
                        "volumes": [
                            etcd_client.volume(args.client),
                            {
                                "name": "models",
                                "persistent_volume_claim": {"claim_name": args.model.claim, "read_only": True},
                            },
                        ],
                    },
                ),
            },
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=allowed,  # it does not name its right to patch
                custom_timeouts=pulumi.CustomTimeouts(create=f"{args.seconds + 60}s"),
            ),
        )
        me = connections.workload("rollout", name)
        self.connections = (
            etcd_client.connection(me, args.client),
            connections.to_dns(me),
            *([connections.to_api(me, "The rollout sets the gateway's weights.")] if args.weights is not None else []),
        )
        self.register_outputs({})


def _right(
    name: str,
    args: RolloutArgs,
    weights: pulumi.Input[str],
    account: pulumi.Output[str],
    metadata: ObjectMetaArgsDict,
    opts: pulumi.ResourceOptions,
) -> rbac.v1.RoleBinding:
    rule: rbac.v1.PolicyRuleArgsDict = {
        "api_groups": [""],
        "resources": ["configmaps"],
        "resource_names": [weights],
        "verbs": ["patch"],
    }
    role = rbac.v1.Role(f"{name}-role", metadata=metadata, rules=[rule], opts=opts)
    return rbac.v1.RoleBinding(
        f"{name}-allowed",
        metadata=metadata,
        role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": role.metadata["name"]},
        subjects=[{"kind": "ServiceAccount", "name": account, "namespace": args.namespace}],
        opts=opts,
    )


def _container(args: RolloutArgs) -> ContainerArgsDict:
    return pod.container(
        {
            "name": "rollout",
            "image": args.image,
            "command": ["python3", "-m", "autoglm_catalogue"],
            "args": [
                "rollout",
                f"--tls={etcd_client.MOUNT_PATH}",
                f"--model={args.served_name}",
                f"--version={args.version}",
                f"--source={args.model.path}",
                f"--at-least={max(1, args.replicas - 1)}",
                f"--ready-seconds={args.ready_seconds}",
                f"--observe-seconds={args.observe_seconds}",
                *([f"--region={args.region}"] if args.region else []),
                *(_steps(args.canary) if args.canary else []),
                *([pulumi.Output.concat("--weights=", args.weights)] if args.weights is not None else []),
            ],
            "env": [etcd_client.environment(args.client)],
            "termination_message_policy": "FallbackToLogsOnError",  # `pulumi up` says why it was rolled back
            "resources": pod.resources(args.resources),
            "volume_mounts": [
                etcd_client.mount(),
                {"name": "models", "mount_path": args.model.mount_path, "read_only": True},
            ],
        }
    )


def _steps(canary: Canary) -> list[str]:
    return [
        f"--steps={','.join(map(str, canary.steps))}",
        f"--step-seconds={canary.step_seconds}",
        f"--failures={canary.failures}",
        f"--error-rate={canary.error_rate:g}",
        f"--p95-ratio={canary.p95_ratio:g}",
    ]
