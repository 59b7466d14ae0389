"""A proof that the policies are in force: each workload's pods reach what was declared, and nothing else."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi
from pulumi_kubernetes import batch, core

from components import connections, naming
from components.connections import Connection, Pods
from components.platform import connectivity_plan
from components.platform.connectivity_plan import Source
from components.types import Resources
from components.workloads import pod

_PROGRAM = Path(__file__).with_name("connectivity_probe.py")
_LOOKS_AGAIN = {"pulumi.com/replaceUnready": "true"}  # a check that failed is done again by the next update
_SECONDS = 600  # to fetch the image, to start, to try
_RESOURCES = Resources(cpu_request="10m", cpu_limit="500m", memory_request="32Mi", memory_limit="64Mi")
_READY = "open-autoglm/is-no-server"  # a condition that nobody sets: these pods carry a workload's labels, not its load


@dataclass(frozen=True, kw_only=True)
class ConnectivityArgs:
    """`image`: has `python3`. `connections`: all of the namespace."""

    namespace: pulumi.Input[str]
    image: str
    connections: tuple[Connection, ...]


class Connectivity(pulumi.ComponentResource):
    """A Job for each workload, under its labels, and one for a stranger; a headless Service for each target, so that
    every pod is tried. An update that changes a connection tries all anew.

    It must come after the policies and the workloads: say so in `opts`. A Job that fails fails the update.
    """

    result: pulumi.Output[str]  # known when all Jobs are done

    def __init__(self, name: str, args: ConnectivityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:platform:Connectivity", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels = naming.labels("connectivity", name, "platform")
        metadata = pod.metadata(args.namespace, labels)
        account = pod.account(name, metadata, child)

        hosts, services = {}, []
        for target in connectivity_plan.targets(args.connections):
            hosts[target.name] = f"reach-{target.name}"
            services.append(
                _service(f"{name}-{target.name}", hosts[target.name], args.namespace, labels, target, child)
            )
        planned = connectivity_plan.plan(args.connections, hosts)
        after = pulumi.ResourceOptions(
            parent=self, depends_on=services, custom_timeouts=pulumi.CustomTimeouts(create=f"{_SECONDS + 60}s")
        )
        jobs = [
            batch.v1.Job(
                f"{name}-as-{source.pods.name}",
                metadata={**metadata, "annotations": _LOOKS_AGAIN},
                spec={
                    "backoff_limit": 1,
                    "active_deadline_seconds": _SECONDS,
                    "template": pod.template(
                        {**source.pods.labels, pod.NO_SERVER: "true"},
                        {
                            "service_account_name": account,
                            "restart_policy": "Never",  # keeps a failed pod, and so its log, for the message
                            "readiness_gates": [{"condition_type": _READY}],
                            "containers": [pod.container(_container(args.image, source))],
                        },
                    ),
                },
                opts=after,
            )
            for source in planned
        ]
        self.result = pulumi.Output.all(*(job.id for job in jobs)).apply(lambda _: summary(planned))
        self.register_outputs({"result": self.result})


def lookups() -> Connection:
    """What the checks need themselves, to be declared with the others: they look up names."""
    return connections.to_dns(Pods(name="connectivity", labels={pod.NO_SERVER: "true"}))


def summary(planned: tuple[Source, ...]) -> str:
    checks = [check for source in planned for check in source.checks]
    allowed = sum(check.allowed for check in checks)
    return f"{allowed} declared connections work, {len(checks) - allowed} others are refused"


def _container(image: str, source: Source) -> core.v1.ContainerArgsDict:
    told = json.dumps([dataclasses.asdict(check) for check in source.checks])
    return {
        "name": "probe",
        "image": image,
        "command": ["python3", "-c", _PROGRAM.read_text()],
        "args": [told],
        "termination_message_policy": "FallbackToLogsOnError",
        "resources": pod.resources(_RESOURCES),
    }


def _service(
    name: str,
    called: str,
    namespace: pulumi.Input[str],
    labels: Mapping[str, str],
    target: Pods,
    opts: pulumi.ResourceOptions,
) -> core.v1.Service:
    """Its name is known before it is made, so it stands in what the Jobs are told. Pods that are not ready are left
    out, and with them the checks' own."""
    return core.v1.Service(
        name,
        metadata=pod.metadata(namespace, labels, called),
        spec={
            "cluster_ip": "None",
            "selector": dict(target.labels),
            "ports": [{"name": "any", "port": 1}],  # a Service names one; its pods are asked at their own
        },
        opts=opts,
    )
