"""What every workload here has in common: the `restricted` pod-security profile, no service-account token, a budget."""

from collections.abc import Collection, Mapping, Sequence

import pulumi
from pulumi_kubernetes import apps, core, policy
from pulumi_kubernetes.core.v1 import (
    ContainerArgsDict,
    NodeAffinityArgsDict,
    NodeSelectorTermArgsDict,
    PersistentVolumeClaimSpecArgsDict,
    PodSpecArgsDict,
    PodTemplateSpecArgsDict,
    ProbeArgsDict,
    ResourceRequirementsArgsDict,
    TolerationArgsDict,
    TopologySpreadConstraintArgsDict,
    VolumeArgsDict,
    VolumeMountArgsDict,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from components import pools as marks
from components.types import Placement, Resources, Volume, WorkloadIdentity

USER = 65532  # `nonroot` of the distroless images; no image here needs another
NO_SERVER = "open-autoglm/no-server"  # label of pods that carry a workload's other labels, to be treated as it is
PRE_STOP_SECONDS = 5  # how long new requests may still come once a pod has begun to end: endpoints and DNS lag behind


def strategy(*, spare: bool = True) -> apps.v1.DeploymentStrategyArgsDict:
    """A new pod is ready before an old one is told to end; without a `spare` place it would wait for ever, so one old
    pod ends first."""
    surge = int(spare)
    return {"type": "RollingUpdate", "rolling_update": {"max_unavailable": 1 - surge, "max_surge": surge}}


def grace_seconds(drain_seconds: int) -> int:
    """terminationGracePeriodSeconds that never cuts a drain short: preStop, the drain, and 10 s to exit."""
    return PRE_STOP_SECONDS + drain_seconds + 10


def metadata(namespace: pulumi.Input[str], labels: Mapping[str, str], name: str | None = None) -> ObjectMetaArgsDict:
    """`name` only for what others find by its name; the rest is named by the provider, so that it can be replaced."""
    made: ObjectMetaArgsDict = {"namespace": namespace, "labels": dict(labels)}
    if name:
        made["name"] = name
    return made


def account(
    name: str, meta: ObjectMetaArgsDict, opts: pulumi.ResourceOptions, identity: WorkloadIdentity | None = None
) -> pulumi.Output[str]:
    """A service account of the workload's own, without rights in the cluster and without a token. Returns its name.

    With a cloud identity it has the workload's own name: the cloud's role is bound to it.
    """
    if identity:
        meta = {**meta, "name": name, "annotations": dict(identity.annotations)}
    made = core.v1.ServiceAccount(f"{name}-account", metadata=meta, automount_service_account_token=False, opts=opts)
    return made.metadata["name"]


def labels(common: Mapping[str, str], identity: WorkloadIdentity | None) -> dict[str, str]:
    """A pod's labels: with those by which the cloud's webhook knows whose token to mount."""
    return {**common, **(identity.pod_labels if identity else {})}


def placed(spec: PodSpecArgsDict, placement: Placement | None) -> PodSpecArgsDict:
    """`spec` on the nodes of GPU pools, past their taints; anywhere without one."""
    if placement is None:
        return spec
    past: list[TolerationArgsDict] = [
        {"key": key, "operator": "Exists", "effect": "NoSchedule"} for key in placement.tolerated
    ]
    if len(placement.pools) == 1:
        return {**spec, "node_selector": {marks.POOL: placement.pools[0]}, "tolerations": past}
    return {**spec, "affinity": {"node_affinity": _ranked(placement.pools)}, "tolerations": past}


def _ranked(pools: tuple[str, ...]) -> NodeAffinityArgsDict:
    """Only on these, and each so much before the next that the scheduler's other wishes don't turn them round."""

    def among(names: Sequence[str]) -> NodeSelectorTermArgsDict:
        return {"match_expressions": [{"key": marks.POOL, "operator": "In", "values": list(names)}]}

    return {
        "required_during_scheduling_ignored_during_execution": {"node_selector_terms": [among(pools)]},
        "preferred_during_scheduling_ignored_during_execution": [
            {"weight": 100, "preference": among(pools[:count])} for count in range(1, len(pools))
        ],
    }


def budget(
    name: str, meta: ObjectMetaArgsDict, selector: Mapping[str, str], opts: pulumi.ResourceOptions
) -> policy.v1.PodDisruptionBudget:
    """One pod at a time may be evicted. Never none: a node could then not be drained."""
    return policy.v1.PodDisruptionBudget(
        f"{name}-budget",
        metadata=meta,
        spec={
            "max_unavailable": 1,
            "selector": {
                "match_labels": dict(selector),
                # A pod of a Job, which can't be scaled, would have the budget allow nothing.
                "match_expressions": [{"key": NO_SERVER, "operator": "DoesNotExist"}],
            },
        },
        opts=opts,
    )


def template(labels: Mapping[str, str], spec: PodSpecArgsDict) -> PodTemplateSpecArgsDict:
    """A pod template under the `restricted` profile; `spec` has the rest. Its containers are made by `container`."""
    volumes: Sequence[VolumeArgsDict] = spec.get("volumes", [])  # type: ignore[assignment]
    return {
        "metadata": {"labels": dict(labels)},
        "spec": {
            "automount_service_account_token": False,
            "enable_service_links": False,
            "security_context": {
                "run_as_non_root": True,
                "run_as_user": USER,
                "run_as_group": USER,
                "fs_group": USER,
                "fs_group_change_policy": "OnRootMismatch",
                "seccomp_profile": {"type": "RuntimeDefault"},
            },
            **spec,
            "volumes": [*volumes, {"name": "tmp", "empty_dir": {"size_limit": "64Mi"}}],
        },
    }


def container(spec: ContainerArgsDict) -> ContainerArgsDict:
    """A container with a read-only root file system, no capabilities, and a writable /tmp."""
    mounts: Sequence[VolumeMountArgsDict] = spec.get("volume_mounts", [])  # type: ignore[assignment]
    return {
        "image_pull_policy": "IfNotPresent",
        "security_context": {
            "allow_privilege_escalation": False,
            "read_only_root_filesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        **spec,
        "volume_mounts": [*mounts, {"name": "tmp", "mount_path": "/tmp"}],  # noqa: S108  the container's own
    }


def resources(asked: Resources, placement: Placement | None = None) -> ResourceRequirementsArgsDict:
    """GPUs are limits only: Kubernetes neither shares nor overcommits them."""
    cards = {name: str(count) for name, count in placement.cards.items()} if placement else {}
    return {
        "requests": {"cpu": asked.cpu_request, "memory": asked.memory_request},
        "limits": {"cpu": asked.cpu_limit, "memory": asked.memory_limit, **cards},
    }


SPREAD = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")


def spread(selector: Mapping[str, str], always: Collection[str] = ()) -> list[TopologySpreadConstraintArgsDict]:
    """Apart over zones and nodes, where there are several. By the keys of `always` a pod rather waits than shares;
    nodes whose taints keep it away do not count."""
    return [_apart(key, selector, always=key in always) for key in SPREAD]


def _apart(key: str, selector: Mapping[str, str], *, always: bool) -> TopologySpreadConstraintArgsDict:
    made: TopologySpreadConstraintArgsDict = {
        "max_skew": 1,
        "topology_key": key,
        "label_selector": {"match_labels": dict(selector)},
        "when_unsatisfiable": "DoNotSchedule" if always else "ScheduleAnyway",
    }
    if always:
        made["node_taints_policy"] = "Honor"
    return made


def prioritised(spec: PodSpecArgsDict, priority: pulumi.Input[str] | None) -> PodSpecArgsDict:
    """`spec` with a PriorityClass; without one it goes before batch jobs and after all else."""
    return spec if priority is None else {**spec, "priority_class_name": priority}


def probe(path: str, port: str, *, period: int, failures: int) -> ProbeArgsDict:
    """An HTTP probe: every `period` seconds, believed after so many failures in a row."""
    return {
        "http_get": {"path": path, "port": port},
        "period_seconds": period,
        "failure_threshold": failures,
        "timeout_seconds": 5,
    }


def claim(volume: Volume) -> PersistentVolumeClaimSpecArgsDict:
    spec: PersistentVolumeClaimSpecArgsDict = {
        "access_modes": [volume.access_mode],
        "resources": {"requests": {"storage": volume.size}},
    }
    if volume.storage_class is not None:
        spec["storage_class_name"] = volume.storage_class
    return spec
