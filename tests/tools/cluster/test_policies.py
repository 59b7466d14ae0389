"""NetworkPolicies, proven by connections that come through or do not."""

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.waiting import until
from tests.tools.cluster.conftest import Cluster
from tools.cluster import status

pytestmark = pytest.mark.integration

WEB_PORTS = {"ports": [{"name": "web", "containerPort": 8080}]}


@pytest.fixture(scope="module")
def app(cluster: Cluster) -> Cluster:
    """near/web serves on 8080 (named web), 8081 and 8090; near/client, near/other and far/client call."""
    cluster.namespace("near")
    cluster.namespace("far")
    cluster.apply(
        cluster.pod("near", "web", ["serve", ":8080", ":8081", ":8090"], container=WEB_PORTS),
        cluster.pod("near", "client", ["wait"]),
        cluster.pod("near", "other", ["wait"]),
        cluster.pod("far", "client", ["wait"]),
    )
    cluster.wait_ready("near", "web", "client", "other")
    cluster.wait_ready("far", "client")
    return cluster


@pytest.fixture(autouse=True)
def no_policies(app: Cluster) -> Iterator[None]:
    yield
    for namespace in ("near", "far"):
        app.kubectl("delete", "networkpolicies", "-n", namespace, "--all", "--wait=true")


def policy(app: Cluster, selected: str, **spec: Any) -> None:
    app.apply(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "p", "namespace": "near"},
            "spec": {"podSelector": {"matchLabels": {"app": selected}}, **spec},
        }
    )


def reached(app: Cluster, caller: str, port: int = 8080) -> bool:
    namespace, pod = caller.split("/")
    web = app.get("pod", "-n", "near", "web")["status"]["podIP"]
    said = app.call(namespace, pod, f"http://{web}:{port}/")
    assert said == "web\n" or "deadline exceeded" in said or "Timeout exceeded" in said, said  # dropped, not refused
    return said == "web\n"


def expect(app: Cluster, verdicts: dict[tuple[str, int], bool]) -> None:
    """The rules follow a policy within moments; then all must hold at once."""
    until(lambda: {(caller, port): reached(app, caller, port) for caller, port in verdicts} == verdicts, f"{verdicts}")


def test_without_a_policy_everybody_gets_through(app: Cluster) -> None:
    expect(app, {("near/client", 8080): True, ("far/client", 8090): True})


def test_ingress_by_pod_and_named_port(app: Cluster) -> None:
    allowed = {"from": [{"podSelector": {"matchLabels": {"app": "client"}}}], "ports": [{"port": "web"}]}
    policy(app, "web", ingress=[allowed])
    expect(
        app,
        {
            ("near/client", 8080): True,
            ("near/client", 8081): False,
            ("near/other", 8080): False,
            ("far/client", 8080): False,
        },
    )


def test_ingress_by_namespace_and_range_of_ports(app: Cluster) -> None:
    allowed = {
        "from": [{"namespaceSelector": {"matchLabels": {"team": "far"}}}],
        "ports": [{"port": 8080, "endPort": 8081}],
    }
    policy(app, "web", ingress=[allowed])
    expect(
        app,
        {
            ("far/client", 8080): True,
            ("far/client", 8081): True,
            ("far/client", 8090): False,
            ("near/client", 8080): False,
        },
    )


def test_egress_by_block_with_an_exception(app: Cluster) -> None:
    web = app.get("pod", "-n", "near", "web")["status"]["podIP"]
    everything = {"cidr": str(app.settings.pod_range)}
    policy(app, "client", policyTypes=["Egress"], egress=[{"to": [{"ipBlock": everything}]}])
    expect(app, {("near/client", 8080): True})
    policy(
        app, "client", policyTypes=["Egress"], egress=[{"to": [{"ipBlock": everything | {"except": [f"{web}/32"]}}]}]
    )
    expect(app, {("near/client", 8080): False, ("near/other", 8080): True})


def test_egress_to_the_node_is_filtered_too(app: Cluster) -> None:
    url = f"https://{app.settings.node_address}:6443/readyz"
    assert "certificate signed by unknown authority" in app.call("near", "client", url)  # it got through
    policy(app, "client", policyTypes=["Egress"])
    until(lambda: "deadline" in app.call("near", "client", url), "the API server is out of reach")


def test_probes_of_the_node_pass_a_policy_that_denies_all(app: Cluster) -> None:
    policy(app, "probed")
    probe = {"readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}}
    app.apply(app.pod("near", "probed", ["serve", ":8080"], container=probe))
    app.wait_ready("near", "probed")
    app.kubectl("delete", "pod", "-n", "near", "probed")


def test_a_new_pod_is_never_unfiltered(app: Cluster) -> None:
    """It calls from its first moment on, every few milliseconds; not one call may come through."""
    policy(app, "hasty", policyTypes=["Egress"])
    web = app.get("pod", "-n", "near", "web")["status"]["podIP"]
    hasty = app.pod("near", "hasty", ["hammer", f"http://{web}:8080/"])
    for _ in range(3):
        app.apply(hasty)
        app.wait_ready("near", "hasty")
        time.sleep(1)
        assert app.kubectl("logs", "-n", "near", "hasty") == ""
        app.kubectl("delete", "pod", "-n", "near", "hasty", "--wait=true")
    hasty["metadata"]["labels"] = {"app": "free"}
    app.apply(hasty)
    app.wait_ready("near", "hasty")
    until(lambda: "web" in app.kubectl("logs", "-n", "near", "hasty"), "without a policy its calls arrive")
    app.kubectl("delete", "pod", "-n", "near", "hasty", "--wait=true")


def test_without_the_agent_a_new_pod_is_cut_off_and_old_ones_go_on(app: Cluster) -> None:
    agent = next(row.pid for row in status(app.settings).rows if row.process == "node-agent")
    assert agent
    os.kill(agent, signal.SIGSTOP)
    try:
        app.apply(app.pod("near", "late", ["wait"]))
        app.wait_ready("near", "late")
        assert reached(app, "near/client")
        assert not reached(app, "near/late")
    finally:
        os.kill(agent, signal.SIGCONT)
    expect(app, {("near/late", 8080): True})
    app.kubectl("delete", "pod", "-n", "near", "late")
