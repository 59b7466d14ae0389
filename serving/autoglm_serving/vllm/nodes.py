"""One server on several nodes: which node this is, and the flags or Ray commands that follow. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from autoglm_serving.errors import SettingsError
from autoglm_serving.settings import ServeSettings
from autoglm_serving.vllm.flags import Flag

RAY_PORT = 6379

# What LeaderWorkerSet sets in every pod of a group (kubernetes-sigs/lws, pkg/utils/pod: AddLWSVariables).
LWS_LEADER, LWS_SIZE, LWS_INDEX = "LWS_LEADER_ADDRESS", "LWS_GROUP_SIZE", "LWS_WORKER_INDEX"


@dataclass(frozen=True, kw_only=True)
class Node:
    """`rank` 0 has the API; `leader` is its address."""

    count: int
    rank: int
    leader: str

    @property
    def answers(self) -> bool:
        return self.rank == 0


def this_node(settings: ServeSettings, environment: Mapping[str, str]) -> Node:
    """From the flags, else from LeaderWorkerSet's variables. Raises SettingsError for a place that does not exist."""
    count = settings.nnodes or _number(environment, LWS_SIZE, 1)
    rank = settings.node_rank if settings.node_rank is not None else _number(environment, LWS_INDEX, 0)
    leader = settings.master_addr or environment.get(LWS_LEADER, "")
    if rank >= count:
        raise SettingsError(f"--node-rank: {rank} is not allowed: of {count} nodes the last one is {count - 1}")
    if count > 1 and not leader:
        raise SettingsError(f"--master-addr is missing: give the address of node 0, or set {LWS_LEADER}")
    world = settings.tensor_parallel_size * settings.pipeline_parallel_size * settings.data_parallel_size
    if world % count:
        raise SettingsError(
            f"--nnodes: {world} GPUs can't be spread evenly over {count} nodes; use a divisor of {world}"
        )
    return Node(count=count, rank=rank, leader=leader)


def flags(settings: ServeSettings, node: Node) -> list[Flag]:
    """Added to those of a single node."""
    if node.count == 1:
        return []
    if settings.distributed_executor_backend == "ray":
        return [Flag(name="distributed-executor-backend", value="ray", reason="the nodes are one Ray cluster")]
    found = [
        Flag(name="distributed-executor-backend", value="mp", reason="several nodes, and nothing beside vLLM"),
        Flag(name="nnodes", value=str(node.count), reason="as set, or LeaderWorkerSet's group"),
        Flag(name="node-rank", value=str(node.rank), reason="as set, or LeaderWorkerSet's index"),
        Flag(name="master-addr", value=node.leader, reason="node 0"),
        Flag(name="master-port", value=str(settings.master_port), reason="where node 0 waits"),
    ]
    if not node.answers:
        found.append(Flag(name="headless", value=None, reason="only node 0 has an API"))
    return found


def ray_command(node: Node, python: str) -> list[str]:
    """Makes this node part of the Ray cluster. A follower's runs until the leader goes.

    The dashboard runs whatever code it is sent, without a password, so there is none.
    """
    start = [python, "-m", "ray.scripts.scripts", "start", "--disable-usage-stats"]
    if node.answers:
        return [*start, "--head", f"--port={RAY_PORT}", "--include-dashboard=false"]
    return [*start, f"--address={node.leader}:{RAY_PORT}", "--block"]


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name, "")
    if not value:
        return default
    if not value.isdecimal():
        raise SettingsError(f"{name}: {value!r} is not allowed: it is a number that LeaderWorkerSet sets")
    return int(value)
