"""The gateway's Kubernetes objects: what a setting adds to them, and what a candidate's share is kept in."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from components import connections, envoy_traffic
from components.envoy_jwt import JwtIssuer
from components.envoy_limits import Limits, RateLimit
from components.envoy_tracing import Tracing
from components.types import Exposure, ExposureType, Upstream
from components.workloads.gateway import Gateway, GatewayArgs
from components.workloads.gateway_tls import EdgeTls
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
        "api_keys": {"tester": ("a-key",)},
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


def test_what_it_asks_over_the_network_is_an_edge() -> None:
    issuers = (
        JwtIssuer(name="cloud", issuer="https://id", audiences=("a",), jwks_uri="https://id.example.com/keys"),
        JwtIssuer(
            name="own",
            issuer="https://own",
            audiences=("a",),
            jwks_uri="https://id.corp:8443/k",
            networks=("10.1.0.0/16",),
        ),
        JwtIssuer(name="here", issuer="https://here", audiences=("a",), jwks_uri="https://id.auth.svc:8443/k"),
        JwtIssuer(name="given", issuer="https://given", audiences=("a",), jwks="{}"),
    )
    counter = Upstream(host="limits.ns.svc", port=8081, name="limits", pods={"app": "limits"})
    limits = Limits(per_client=RateLimit(requests_per_minute=60))
    tracing = Tracing(host="otel.observability.svc.cluster.local")
    recorder, (gateway,) = made(issuers=issuers, counter=counter, limits=limits, tracing=tracing)
    edges = {one.target.name: one for one in gateway.connections}
    assert set(edges) == {"gw", "servers", "issuer-cloud", "issuer-own", "issuer-here", "limits", "traces", "dns"}
    internet = connections.Outside(name="issuer-cloud", cidrs=connections.PUBLIC, apart=connections.PRIVATE)
    assert edges["issuer-cloud"].target == internet
    assert edges["issuer-own"].target == connections.Outside(name="issuer-own", cidrs=("10.1.0.0/16",))
    assert edges["issuer-own"].ports == (connections.Port(number=8443),)
    for name, namespace in (("issuer-here", "auth"), ("traces", "observability")):
        target = edges[name].target
        assert isinstance(target, connections.Pods) and target.namespace == namespace
    clusters = {one["name"] for one in config(recorder)["static_resources"]["clusters"]}
    assert {"jwks-cloud", "jwks-own", "jwks-here", "ratelimit", "traces"} <= clusters
    assert "jwks-given" not in clusters


def test_its_own_certificate_is_mounted_from_a_secret_and_made_by_who_is_asked() -> None:
    exposure = Exposure(type=ExposureType.LOAD_BALANCER, address="api.example.com", tls=True)
    given = EdgeTls(secret="edge-cert")  # noqa: S106  a name
    recorder, _ = made(tls=given, exposure=exposure)
    pod = only(recorder, "Deployment")["spec"]["template"]["spec"]
    (volume,) = (one for one in pod["volumes"] if one["name"] == "tls")
    assert volume["secret"] == {"secretName": "edge-cert", "defaultMode": 0o440}
    assert only(recorder, "Service")["spec"]["ports"][0]["port"] == 443
    assert not [item for item in recorder.resources if item.type.endswith(":Certificate")]

    asked = EdgeTls(secret="edge-cert", issuer="letsencrypt", hosts=("api.example.com", "203.0.113.7"))  # noqa: S106
    recorder, _ = made(tls=asked, exposure=exposure)
    spec = only(recorder, "Certificate")["spec"]
    assert (spec["dnsNames"], spec["ipAddresses"]) == (["api.example.com"], ["203.0.113.7"])
    assert spec["secretName"] == "edge-cert"


def test_a_certificate_for_nobody_and_tls_without_its_url_are_refused() -> None:
    with pytest.raises(ValueError, match=r"EdgeTls.hosts: none given"):
        EdgeTls(secret="s", issuer="letsencrypt")  # noqa: S106
    with pytest.raises(ValueError, match=r"GatewayArgs.exposure.tls: false, but the gateway speaks TLS"):
        made(tls=EdgeTls(secret="s"))  # noqa: S106
