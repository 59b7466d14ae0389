"""The waiting room, KEDA's object and the pods that keep nodes warm, as they are handed to the cluster."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from components.connections import policies
from components.platform.autoscaling import Autoscaling, AutoscalingArgs
from components.platform.scaling.scaled_object import Scaling, Sources
from components.types import Placement, Resources, Upstream
from components.workloads.waiting_room import WaitingRoom, WaitingRoomArgs
from components.workloads.warm_nodes import WarmNodes, WarmNodesArgs
from tests.harness import mocks
from tests.harness.mocks import Recorder, plain

SIZES = Resources(cpu_request="1", cpu_limit="2", memory_request="1Gi", memory_limit="2Gi")
SERVERS = Upstream(host=pulumi.Output.from_input("s.ns.svc"), port=8000, name="s", pods={"a": "serving"})
SOURCES = Sources(prometheus="http://p:9090", stack="t", serving="s", room="http://r:8000", room_job="r")


def run(make: Any) -> tuple[Recorder, Any]:
    made: list[Any] = []

    def program() -> dict[str, Any]:
        within = pulumi.ResourceOptions(providers=[kubernetes.Provider("cluster", kubeconfig="{}")])
        made.append(make(within))
        return {}

    return mocks.run(program), made[0]


def inputs(recorder: Recorder, kind: str) -> dict[str, Any]:
    (found,) = (item for item in recorder.resources if item.type.endswith(f":{kind}"))
    return {key: plain(value) for key, value in found.inputs.items()}


def container(recorder: Recorder) -> dict[str, Any]:
    (found,) = inputs(recorder, "Deployment")["spec"]["template"]["spec"]["containers"]
    return dict(found)


def test_a_waiting_room_knows_the_servers_and_keeps_its_word_when_it_is_told_to_end() -> None:
    args = WaitingRoomArgs(namespace="ns", image="serving:1", servers=SERVERS, places=7, patience=90)
    recorder, room = run(lambda opts: WaitingRoom("r", args, opts))
    told = container(recorder)["args"]
    assert told[:3] == ["waiting-room", "--upstream-host=s.ns.svc", "--upstream-port=8000"]
    assert {"--places=7", "--patience=90"} <= set(told)
    pod = inputs(recorder, "Deployment")["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] > 90
    assert {"r-to-s-egress", "r-to-s-ingress", "r-to-dns-egress"} == set(policies(room.connections))


def test_keda_is_let_in_to_what_it_asks_and_the_servers_number_is_its_own() -> None:
    args = AutoscalingArgs(
        namespace="ns",
        deployment="s-1234",
        scaling=Scaling(min_replicas=0, max_replicas=4, requests_per_replica=6),
        sources=SOURCES,
        asked=(Upstream(host=SERVERS.host, port=9090, name="p", pods={"a": "prometheus"}),),
    )
    recorder, made = run(lambda opts: Autoscaling("a", args, opts))
    scaled = inputs(recorder, "ScaledObject")
    assert scaled["spec"]["scaleTargetRef"] == {"name": "s-1234"}
    (rule,) = policies(made.connections)["keda-to-p-ingress"]["spec"]["ingress"]
    assert rule["from_"][0]["namespace_selector"]["match_labels"] == {"kubernetes.io/metadata.name": "keda"}


def test_a_warm_node_is_held_by_a_pod_that_gives_way_at_once() -> None:
    cards = Placement(pools=("h100",), tolerated=("nvidia.com/gpu",), cards={"nvidia.com/gpu": 2})
    args = WarmNodesArgs(
        namespace="ns", image="serving:1", servers=3, placement=cards, resources=SIZES, priority="place"
    )
    recorder, _ = run(lambda opts: WarmNodes("w", args, opts))
    spec = inputs(recorder, "Deployment")["spec"]
    pod = spec["template"]["spec"]
    assert (spec["replicas"], pod["priorityClassName"], pod["terminationGracePeriodSeconds"]) == (3, "place", 0)
    assert container(recorder)["resources"]["limits"]["nvidia.com/gpu"] == "2"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: WaitingRoomArgs(namespace="n", image="i", servers=SERVERS, places=0), "WaitingRoomArgs.places: 0"),
        (
            lambda: WarmNodesArgs(namespace="n", image="i", servers=0, placement=None, resources=SIZES, priority="p"),
            "WarmNodesArgs.servers: 0",
        ),
        (
            lambda: AutoscalingArgs(
                namespace="n",
                deployment="d",
                scaling=Scaling(min_replicas=0, max_replicas=1, requests_per_replica=1),
                sources=Sources(prometheus="http://p", stack="t", serving="s"),
            ),
            "nowhere to wait",
        ),
    ],
)
def test_what_can_not_be_is_refused(make: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()
