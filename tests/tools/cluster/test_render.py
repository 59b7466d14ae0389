import base64
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.cluster import ClusterSettings, addons, pki, render
from tools.cluster.processes import processes

S = ClusterSettings(root=Path("/clusters"))
OTHER = ClusterSettings.load(
    "other",
    root=Path("/clusters"),
    node_range="172.31.252.0/30",
    service_range="10.99.0.0/16",
    pod_range="10.247.0.0/24",
)


def texts(s: ClusterSettings, *, rlimits: bool = True) -> dict[str, str]:
    return render.files(s, pause="localhost/pause:1", rlimits=rlimits)


def cri(*, rlimits: bool) -> dict[str, Any]:
    loaded = tomllib.loads(texts(S, rlimits=rlimits)["containerd.toml"])
    found: dict[str, Any] = loaded["plugins"]["io.containerd.grpc.v1.cri"]
    return found


def test_rendering_is_repeatable_and_no_word_of_one_cluster_is_in_another() -> None:
    assert texts(S) == texts(S)
    everything = json.dumps([texts(OTHER), [p.argv for p in processes(OTHER)]])
    for word in (S.node, str(S.folder), str(S.node_address), str(S.pod_range), str(S.service_range)):
        assert word not in everything


def test_containerd_is_kept_from_the_machines_own() -> None:
    loaded = tomllib.loads(texts(S)["containerd.toml"])
    assert loaded["root"].startswith("/clusters/dev/")
    assert loaded["plugins"]["io.containerd.internal.v1.opt"]["path"].startswith("/clusters/dev/")
    assert cri(rlimits=True)["sandbox_image"] == "localhost/pause:1"


def test_limits_are_left_out_only_where_they_cannot_be_raised() -> None:
    able, unable = (cri(rlimits=rlimits) for rlimits in (True, False))
    assert (able["restrict_oom_score_adj"], unable["restrict_oom_score_adj"]) == (False, True)
    assert "base_runtime_spec" not in able["containerd"]["runtimes"]["runc"]
    assert unable["containerd"]["runtimes"]["runc"]["base_runtime_spec"] == "/clusters/dev/etc/runtime-spec.json"


def test_pods_get_addresses_of_the_pod_range_only() -> None:
    bridge = json.loads(texts(S)["cni/10-bridge.conflist"])["plugins"][0]
    assert bridge["ipam"]["ranges"] == [[{"subnet": "10.245.0.0/24"}]]


@pytest.mark.parametrize(("pod_range", "pods"), [("10.245.0.0/24", 110), ("10.245.0.0/27", 28)])
def test_no_more_pods_than_addresses(pod_range: str, pods: int) -> None:
    s = ClusterSettings.load("small", root=Path("/clusters"), pod_range=pod_range)
    assert yaml.safe_load(render.kubelet(s))["maxPods"] == pods


def test_the_kubelet_admits_nobody_without_a_certificate() -> None:
    kubelet = yaml.safe_load(texts(S)["kubelet.yaml"])
    assert kubelet["authentication"]["anonymous"] == {"enabled": False}
    assert (kubelet["authorization"], kubelet["readOnlyPort"]) == ({"mode": "Webhook"}, 0)
    assert kubelet["imageGCHighThresholdPercent"] == 100


def test_anonymous_requests_reach_health_only() -> None:
    anonymous = yaml.safe_load(texts(S)["authentication.yaml"])["anonymous"]
    assert {c["path"] for c in anonymous["conditions"]} == {"/livez", "/readyz", "/healthz"}


def test_the_door_is_closed_before_the_agent_opens_it() -> None:
    rules = texts(S)["mangle.rules"].splitlines()
    assert rules[0] == "*mangle"
    assert "-A FORWARD -j NETPOL" in rules
    for end in ("-s", "-d"):
        assert f"-A NETPOL {end} 10.245.0.0/24 -j DROP" in rules


def test_secrets_are_sealed_first_and_still_read_in_clear() -> None:
    providers = yaml.safe_load(render.encryption(b"k" * 32))["resources"][0]["providers"]
    assert base64.b64decode(providers[0]["secretbox"]["keys"][0]["secret"]) == b"k" * 32
    assert providers[1] == {"identity": {}}


def test_a_kubeconfig_holds_one_context_and_its_own_key(tmp_path: Path) -> None:
    s = ClusterSettings(root=tmp_path)
    pki.ensure(s)
    config = yaml.safe_load(render.kubeconfig(s, "scheduler"))
    assert config["current-context"] == s.context
    assert config["clusters"][0]["cluster"]["server"] == "https://172.31.254.2:6443"
    assert base64.b64decode(config["users"][0]["user"]["client-key-data"]) == s.key("scheduler").read_bytes()


def test_etcd_syncs_and_asks_for_certificates() -> None:
    argv = next(p.argv for p in processes(S) if p.name == "etcd")
    assert not any("fsync" in argument for argument in argv)
    assert {"--client-cert-auth=true", "--peer-client-cert-auth=true"} <= set(argv)
    assert all("127.0.0.1" in a for a in argv if a.startswith("--listen"))


def test_the_api_server_is_hardened() -> None:
    argv = next(p.argv for p in processes(S) if p.name == "kube-apiserver")
    assert {
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--profiling=false",
        "--encryption-provider-config=/clusters/dev/etc/encryption.yaml",
        "--audit-policy-file=/clusters/dev/etc/audit.yaml",
    } <= set(argv)


def test_addons_need_no_rights_and_are_left_out_without_their_image() -> None:
    def deployments(refs: dict[str, str]) -> dict[str, Any]:
        made = addons.objects(S, refs, "YQ==", "Yg==", "Yw==")
        return {o["metadata"]["name"]: o["spec"]["template"]["spec"] for o in made if o["kind"] == "Deployment"}

    assert deployments({"pause": "p"}) == {}
    both = deployments({"coredns": "c:1", "metrics-server": "m:1"})
    assert {name: pod["containers"][0]["image"] for name, pod in both.items()} == {
        "coredns": "c:1",
        "metrics-server": "m:1",
    }
    for pod in both.values():
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["containers"][0]["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert pod["containers"][0]["imagePullPolicy"] == "Never"


def test_dns_has_the_address_that_the_kubelet_tells_pods() -> None:
    service = next(o for o in addons.dns(S, "c:1") if o["kind"] == "Service")
    assert [service["spec"]["clusterIP"]] == yaml.safe_load(render.kubelet(S))["clusterDNS"]


def test_what_one_language_names_the_other_one_uses() -> None:
    agent = Path(__file__).parents[3] / "tools/go/cluster/agent"
    assert f'"{addons.storage_class()["provisioner"]}"' in (agent / "volumes.go").read_text()
    for chain in ("NETPOL", "NETPOL-EGRESS", "NETPOL-INGRESS"):
        assert f'"{chain}"' in (agent / "policy.go").read_text()
