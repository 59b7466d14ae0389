"""The gateway's Kubernetes objects: what a setting adds to them, and what a candidate's share is kept in."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components import connections, envoy_traffic
from components.types import Exposure, ExposureType, Upstream
from components.workloads.gateway import Gateway, GatewayArgs
from tests.harness import mocks
from tests.harness.mocks import Recorder, plain

SERVERS = Upstream(host="servers.ns.svc", port=8000, name="servers", pods={"app": "servers"})
TRIAL = Upstream(host="trial.ns.svc", port=8000, name="trial", pods={"app": "trial"})


def made(**changes: Any) -> tuple[Recorder, list[Gateway]]:
    gateways: list[Gateway] = []
    fields = {
        "namespace": "ns",
        "image": "envoy:1.2.3",
        "upstream": SERVERS,
        "api_keys": {"tester": "a-key"},
        "exposure": Exposure(type=ExposureType.CLUSTER_IP),
    }

    def program() -> Mapping[str, Any]:
        provider = kubernetes.Provider("cluster", kubeconfig="{}")
        within = pulumi.ResourceOptions(providers=[provider])
        gateways.append(Gateway("gw", GatewayArgs(**(fields | changes)), within))
        return {}

    return mocks.run(program), gateways


def only(recorder: Recorder, kind: str) -> dict[str, Any]:
    (found,) = (item for item in recorder.resources if item.type.endswith(f":{kind}"))
    return {key: plain(value) for key, value in found.inputs.items()}


def config(recorder: Recorder) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(only(recorder, "Secret")["stringData"]["envoy.yaml"])
    return found


def test_without_a_candidate_nothing_is_weighed() -> None:
    recorder, (gateway,) = made()
    assert gateway.traffic is None
    assert not [item for item in recorder.resources if item.type.endswith(":ConfigMap")]
    assert "layered_runtime" not in config(recorder)


def test_a_candidate_s_share_is_in_a_config_map_that_a_rollout_may_change() -> None:
    recorder, (gateway,) = made(candidate=TRIAL)
    found = only(recorder, "ConfigMap")
    assert found["metadata"]["name"] == "gw-traffic"
    assert found["data"] == envoy_traffic.shares(0)
    pod = only(recorder, "Deployment")["spec"]["template"]["spec"]
    (mount,) = (one for one in pod["containers"][0]["volumeMounts"] if one["name"] == "traffic")
    assert config(recorder)["layered_runtime"] == envoy_traffic.runtime(mount["mountPath"])
    targets = [one.target.name for one in gateway.connections if isinstance(one.target, connections.Pods)]
    assert {"servers", "trial"} <= set(targets)


def test_a_candidate_on_the_same_servers_is_one_connection() -> None:
    _, (gateway,) = made(candidate=SERVERS)
    assert [one.target.name for one in gateway.connections].count("servers") == 1
