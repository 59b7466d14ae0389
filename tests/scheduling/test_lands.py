"""Servers land where the rules say: the real scheduler, 100 simulated GPU nodes, 500 pods (G1, G2, T3)."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import apiserver, scheduler
from tests.harness.scheduler import Cluster
from tests.scheduling import fleet

pytestmark = pytest.mark.integration
NODES = {"full": 20, "sliced": 20, "shared": 20, "small": 2, "small-spot": 22, "next": 10, "evaluation-spot": 6}
PODS = {"large": 40, "sliced": 308, "shared": 112, "ranked": 28, "evaluation": 12}


@pytest.fixture(scope="module")
def nodes() -> dict[str, fleet.Object]:
    return {node["metadata"]["name"]: node for node in fleet.nodes(NODES)}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, nodes: dict[str, fleet.Object]) -> Iterator[Cluster]:
    folder: Path = tmp_path_factory.mktemp("scheduling")
    with apiserver.running(folder, controllers=False) as server:
        made = Cluster(server)
        made.add_priority("serving", 900_000, "PreemptLowerPriority")
        made.add_priority("batch", -1000, "Never")
        made.add_nodes(nodes.values())
        with scheduler.running(server, folder):
            yield made


def test_every_pod_lands_where_the_rules_say(cluster: Cluster, nodes: dict[str, fleet.Object]) -> None:
    for workload, count in PODS.items():
        priority = "batch" if workload == "evaluation" else "serving"
        cluster.add_pods(fleet.servers(workload, count, priority=priority))
    pods = cluster.bound(sum(PODS.values()))
    assert [text for pod in pods for text in fleet.wrong(pod, nodes[pod["spec"]["nodeName"]])] == []
    assert overfull(pods, nodes) == {}
    at = Counter((pod["metadata"]["labels"]["app"], pod["spec"]["nodeName"].rpartition("-")[0]) for pod in pods)
    assert at["large", "full"] == 40, "two halves of four cards on each node of eight, none across"
    assert (at["ranked", "small"] + at["ranked", "small-spot"], at["ranked", "next"]) == (24, 4), "dearer ones last"


def test_more_than_the_cards_hold_waits(cluster: Cluster) -> None:
    cluster.add_pods(fleet.servers("large", 1, priority="serving", start=40))
    with pytest.raises(AssertionError, match=r"large: 0/100 nodes are available: .*Insufficient nvidia.com/gpu"):
        cluster.bound(sum(PODS.values()) + 1, within=8)


def test_serving_takes_the_place_of_batch(cluster: Cluster) -> None:
    cluster.add_pods(fleet.servers("evaluation", 4, priority="serving", start=100))
    wanted = {f"evaluation-{number}" for number in range(100, 104)}
    pods = cluster.bound_named(wanted)
    left = Counter(pod["spec"]["priority"] for pod in pods if pod["spec"].get("nodeName"))
    servers = sum(count for workload, count in PODS.items() if workload != "evaluation")
    assert left[900_000] == servers + 4, "a server ended for another"
    assert left[-1000] <= PODS["evaluation"] - 4


def overfull(pods: list[fleet.Object], nodes: dict[str, fleet.Object]) -> dict[tuple[str, str], int]:
    """By node and resource, what was given out beyond what there is."""
    given: Counter[tuple[str, str]] = Counter()
    for pod in pods:
        for name, count in pod["spec"]["containers"][0]["resources"]["limits"].items():
            if "/" in name:
                given[pod["spec"]["nodeName"], name] += int(count)
    return {key: count for key, count in given.items() if count > int(nodes[key[0]]["status"]["allocatable"][key[1]])}
