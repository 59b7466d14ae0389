"""The check that policies are in force: what is tried as whom, by a program that tells open ports from closed ones."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from components import connections, naming
from components.connections import Connection, Outside, Pods, Port
from components.platform import connectivity, connectivity_plan, connectivity_probe
from components.platform.connectivity import Connectivity, ConnectivityArgs
from components.platform.connectivity_plan import STRANGER
from tests.harness import mocks, programs

WEB, STORE, KEEPER = (connections.workload(name, f"dev-{name}") for name in ("web", "store", "keeper"))
API = Outside(name="api", cidrs=("0.0.0.0/0",))


def edge(source: Pods | None, target: Pods | Outside, *ports: int) -> Connection:
    return Connection(
        description="a test", source=source, target=target, ports=tuple(Port(number=port) for port in ports)
    )


DECLARED = (
    edge(None, WEB, 8080),
    edge(WEB, STORE, 2379),
    edge(STORE, STORE, 2379, 2380),
    edge(KEEPER, STORE, 2379),
    edge(KEEPER, API, 443),
    connections.to_dns(WEB),
)
HOSTS = {"dev-web": "reach-web", "dev-store": "reach-store"}


def tried() -> dict[str, dict[str, bool]]:
    """What is tried within the namespace, by source: `target:port` -> allowed."""
    return {
        source.pods.name: {
            f"{check.target}:{check.port}": check.allowed for check in source.checks if check.target in HOSTS
        }
        for source in connectivity_plan.plan(DECLARED, HOSTS)
    }


def test_each_workload_is_tried_against_each_port_of_each_target() -> None:
    store = {"dev-store:2379": True, "dev-store:2380": False, "dev-web:8080": False}
    assert tried() == {
        "dev-keeper": store,
        "dev-store": store | {"dev-store:2380": True},
        "dev-web": store,
        "stranger": dict.fromkeys(store, False),
    }


def test_only_who_is_let_out_of_the_cluster_is_not_tried_against_the_api_and_the_metadata() -> None:
    forbidden = {
        source.pods.name: {check.host for check in source.checks if check.target not in HOSTS}
        for source in connectivity_plan.plan(DECLARED, HOSTS)
    }
    every = {"kubernetes.default.svc", "169.254.169.254", "100.100.100.200"}
    assert forbidden == {"dev-keeper": set(), "dev-store": every, "dev-web": every, "stranger": every}
    assert not any(check.allowed for source in connectivity_plan.plan(DECLARED, HOSTS) for check in source.checks[3:])


@pytest.mark.parametrize("missing", ["leaves", "enters"])
def test_what_may_leave_but_not_enter_is_not_allowed_nor_the_other_way(missing: str) -> None:
    anyone, other = edge(None, STORE, 2379), edge(WEB, Pods(name="other", labels={"a": "b"}), 2379)
    one_sided = {"leaves": [anyone, other], "enters": [edge(WEB, API, 2379), edge(KEEPER, STORE, 2379)]}
    assert not connectivity_plan.allowed(one_sided[missing], WEB, STORE, 2379)
    assert connectivity_plan.allowed([edge(WEB, STORE, 2379)], WEB, STORE, 2379)


def test_a_datagram_is_not_tried() -> None:
    udp = Connection(description="a test", source=WEB, target=STORE, ports=(Port(number=53, protocol="UDP"),))
    assert [check for check in connectivity_plan.plan([udp], HOSTS)[0].checks if check.target in HOSTS] == []


@pytest.fixture
def open_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed_port():
    with socket.socket() as held:  # bound, so nobody else's, and not listening
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def check(port: int, allowed: bool, host: str = "127.0.0.1") -> dict[str, object]:
    return {"target": "store", "host": host, "port": port, "allowed": allowed}


def test_the_probe_tells_open_from_closed(open_port: int, closed_port: int) -> None:
    assert connectivity_probe.main([check(open_port, True), check(closed_port, False)]) == []
    assert connectivity_probe.main([check(open_port, False), check(closed_port, True)], patience=0) == [
        f"store:{open_port}: not allowed, but 1 of 1 answer: does the cluster enforce NetworkPolicies?",
        f"store:{closed_port}: allowed, but 1 of 1 do not answer",
    ]
    assert connectivity_probe.main([check(1, True, "nowhere.invalid")], patience=0) == [
        "store:1: no pod is ready there"
    ]


def test_the_program_of_a_pod_runs_as_it_is_handed_over(open_port: int) -> None:
    program = connectivity._PROGRAM.read_text()
    argv = [sys.executable, "-I", "-c", program, json.dumps([check(open_port, True)])]
    done = subprocess.run(argv, text=True, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, "all as declared")


def test_pods_that_try_carry_the_labels_that_policies_select_and_take_no_load() -> None:
    def program() -> dict[str, object]:
        args = ConnectivityArgs(namespace="autoglm", image="keeper:1", connections=DECLARED)
        return {"result": Connectivity("dev-connectivity", args).result}

    recorder = mocks.run(program, preview=False)
    jobs = {one.name: one for one in recorder.resources if one.type.endswith(":Job")}
    assert sorted(jobs) == [f"dev-connectivity-as-{who}" for who in ("dev-keeper", "dev-store", "dev-web", "stranger")]
    template = jobs["dev-connectivity-as-dev-web"].inputs["spec"]["template"]
    assert naming.selector("web", "dev-web").items() <= template["metadata"]["labels"].items()
    assert template["spec"]["readinessGates"], "a Service would send it requests"
    told = json.loads(template["spec"]["containers"][0]["args"][0])
    services = {one.inputs["metadata"]["name"] for one in recorder.resources if one.type.endswith(":Service")}
    assert {one["host"] for one in told if one["target"].startswith("dev-")} == services
    assert recorder.exports["result"].value == "4 declared connections work, 17 others are refused"


def test_a_region_that_asks_for_it_is_tried_once_all_is_there(kubeconfig: Path) -> None:
    recorder = mocks.run(programs.region(kubeconfig, {"isolation": {"check": True}}))
    assert recorder.exports["connectivity"].value.endswith("others are refused")
    tried = [one.name for one in recorder.all("Job") if one.name.startswith("dev-connectivity-as-")]
    assert {"dev-connectivity-as-dev-etcd", "dev-connectivity-as-stranger"} < set(tried)
    for name in tried:
        assert {"dev-serving", "dev-gateway", "dev-etcd", "dev-edges"} < recorder.waits_for(name)
    assert "connectivity" not in mocks.run(programs.region(kubeconfig)).exports


def test_the_checks_look_up_names_and_nothing_else() -> None:
    (policy,) = connections.policies([connectivity.lookups()]).values()
    assert {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]} == {53, 1053}
    assert STRANGER.labels.items().isdisjoint(policy["spec"]["pod_selector"]["match_labels"].items())
