"""A region with every kind of pool, as nodes and pods: both come from what the program makes of the region's file."""

import copy
import functools
import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from pydantic.alias_generators import to_camel

from components import accelerators, foundation_args, pools, region_args
from components.types import Resources
from components.workloads import pod
from stacks.loader import parse
from stacks.schema import AwsRegion
from tests.components.aws import cloud
from tests.harness.scheduler import NAMESPACE
from tests.stacks.regions import REGIONS

Object = dict[str, Any]
_ASKED = Resources(cpu_request="1", cpu_limit="1", memory_request="2Gi", memory_limit="2Gi")
_FULL = {"instanceType": "p4de.24xlarge", "minSize": 0, "maxSize": 300}
POOLS: dict[str, Object] = {
    "full": _FULL,  # eight cards, joined by NVLink
    "sliced": _FULL | {"sharing": {"type": "mig", "profile": "3g.40gb"}},
    "shared": _FULL | {"instanceType": "g6e.12xlarge", "sharing": {"type": "timeSlicing", "replicas": 2}},
    "small": _FULL | {"instanceType": "g6e.xlarge", "minSize": 2, "spot": {"onDemandBase": 2}},
    "next": _FULL | {"instanceType": "g6e.2xlarge"},
    "evaluation": _FULL | {"instanceType": "g5.12xlarge", "spot": {}, "taints": {"evaluation": "only"}},
}
_LARGE = {"name": "large", "facts": {"weights": "150Gi", "kvBytesPerToken": 40960, "kvHeads": 8}}
# By the name of a workload: its pools, what its file says of the model and of GPUs.
WORKLOADS: dict[str, tuple[tuple[str, ...], Object, Object]] = {
    "large": (tuple(POOLS), _LARGE, {}),  # no pool is named: only whole A100 joined by NVLink can hold it
    "sliced": (tuple(POOLS), {}, {"pool": "sliced"}),
    "shared": (tuple(POOLS), {}, {"pool": "shared"}),
    "ranked": (("next", "small", "evaluation"), {}, {}),  # no pool is named: the cheapest token first
    "evaluation": (tuple(POOLS), {}, {"pool": "evaluation", "tensorParallelSize": 2}),
}


@functools.cache
def spec(workload: str) -> AwsRegion:
    names, model, gpu = WORKLOADS[workload]
    text = copy.deepcopy({"provider": "aws"} | REGIONS["aws"])
    text["gpuPools"] = {name: POOLS[name] for name in names}
    text["model"] |= model
    text["serving"]["gpu"] = gpu
    made = parse(yaml.safe_dump(text), source=f"{workload}.yaml")
    assert isinstance(made, AwsRegion)
    return made


def nodes(counts: dict[str, int]) -> Iterator[Object]:
    """`counts`: by group, which is a pool, or `<pool>-spot`. What a node has to give is its machine type's."""
    groups = foundation_args.gpu_pools(
        spec("large"),
        cluster=cloud.cluster_parts(),
        network=cloud.network_parts(),
        security=cloud.security_parts(),
        key="key",
        tags={},
    )
    for group, count in counts.items():
        args = groups[group]
        kind = accelerators.find("aws", args.instance_type)
        assert kind
        cards = args.offers or {kind.resource: kind.gpus}
        room = {"cpu": str(kind.vcpus), "memory": f"{kind.memory_gib:g}Gi", "pods": "110"}
        room |= {name: str(number) for name, number in cards.items()}
        for number in range(count):
            zone = cloud.ZONES[number % len(cloud.ZONES)]
            name = f"{group}-{number}"
            marks = {"topology.kubernetes.io/zone": zone, "kubernetes.io/hostname": name}
            yield _node(name, {**args.labels, **marks}, args.taints, room)


def _node(name: str, labels: Mapping[str, str], taints: Mapping[str, str], room: Mapping[str, str]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": dict(labels)},
        "spec": {"taints": [{"key": k, "value": v, "effect": "NoSchedule"} for k, v in taints.items()]},
        "status": {
            "capacity": dict(room),
            "allocatable": dict(room),
            "conditions": [{"type": "Ready", "status": "True", "reason": "Ready", "message": "ready"}],
        },
    }


def servers(workload: str, count: int, *, priority: str | None = None, start: int = 0) -> Iterator[Object]:
    """As a Deployment of the region's servers would make them, without what no scheduler looks at."""
    placement = region_args.placement(spec(workload))
    assert placement
    template = pod.placed({}, placement)
    limits = pod.resources(_ASKED, placement)
    selector = {"app": workload}
    for number in itertools.islice(itertools.count(start), count):
        made = {
            **camel(template),
            **camel({"topology_spread_constraints": pod.spread(selector)}),
            "containers": [{"name": "server", "image": "none:1", "resources": camel(limits)}],
        }
        yield _pod(workload, number, made, priority)


def _pod(workload: str, number: int, spec: Object, priority: str | None) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"{workload}-{number}", "namespace": NAMESPACE, "labels": {"app": workload}},
        "spec": {
            **spec,
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,  # nobody is there to end it
            **({"priorityClassName": priority} if priority else {}),
        },
    }


def plain_node(name: str, *, cpus: int) -> Object:
    """Without cards."""
    return _node(name, {"kubernetes.io/hostname": name}, {}, {"cpu": str(cpus), "memory": "64Gi", "pods": "110"})


def plain_pods(workload: str, count: int, *, priority: str) -> Iterator[Object]:
    """Of one core each."""
    asked = {"requests": {"cpu": "1", "memory": "1Gi"}}
    for number in range(count):
        yield _pod(workload, number, {"containers": [{"name": "c", "image": "none:1", "resources": asked}]}, priority)


def camel(value: Any) -> Any:
    """As the API names its fields."""
    if isinstance(value, dict):
        return {key if re.search("[/.-]", key) else to_camel(key): camel(item) for key, item in value.items()}
    return [camel(item) for item in value] if isinstance(value, list) else value


def wrong(pod_: Object, node: Object) -> list[str]:
    """What the rules say against the pod on this node."""
    workload, pool = pod_["metadata"]["name"].rpartition("-")[0], node["metadata"]["labels"][pools.POOL]
    placement = region_args.placement(spec(workload))
    assert placement
    found = []
    if pool not in placement.pools:
        found.append(f"{workload} is in {pool}, not in {placement.pools}")
    if missing := set(placement.cards) - set(node["status"]["allocatable"]):
        found.append(f"{workload} asks {missing} of {pool}")
    if strange := {taint["key"] for taint in node["spec"]["taints"]} - set(placement.tolerated):
        found.append(f"{workload} does not tolerate {strange}")
    return found
