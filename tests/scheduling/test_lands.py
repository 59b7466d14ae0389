"""Servers land where the rules say: the real scheduler, 100 simulated GPU nodes, 500 pods (G1, G2, T3)."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.platform import priorities
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
        for level in priorities.LEVELS:
            made.add_priority(level.name, level.value, level.policy)
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
    left = classes(pods)
    servers = sum(count for workload, count in PODS.items() if workload != "evaluation")
    assert left["serving"] == servers + 4, "a server ended for another"
    assert left["batch"] <= PODS["evaluation"] - 4


def test_what_keeps_the_service_up_takes_the_place_of_a_server_and_batch_of_nobody(cluster: Cluster) -> None:
    """On the nodes without cards, where etcd and the gateways are, a cluster may have other things to run."""
    cluster.add_nodes([fleet.plain_node("system-0", cpus=4)])
    cluster.add_pods(fleet.plain_pods("web", 4, priority="serving"))
    cluster.bound_named({f"web-{number}" for number in range(4)})
    cluster.add_pods([*fleet.plain_pods("job", 1, priority="batch"), *fleet.plain_pods("etcd", 1, priority="control")])
    found = [pod for pod in cluster.bound_named({"etcd-0"}) if pod["spec"].get("nodeName") == "system-0"]
    assert classes(found) == {"control": 1, "serving": 3}


def classes(pods: list[fleet.Object]) -> Counter[str]:
    """How many pods of each PriorityClass have a node."""
    return Counter(pod["spec"]["priorityClassName"] for pod in pods if pod["spec"].get("nodeName"))


def overfull(pods: list[fleet.Object], nodes: dict[str, fleet.Object]) -> dict[tuple[str, str], int]:
    """By node and resource, what was given out beyond what there is."""
    given: Counter[tuple[str, str]] = Counter()
    for pod in pods:
        for name, count in pod["spec"]["containers"][0]["resources"]["limits"].items():
            if "/" in name:
                given[pod["spec"]["nodeName"], name] += int(count)
    return {key: count for key, count in given.items() if count > int(nodes[key[0]]["status"]["allocatable"][key[1]])}
