"""The node's configuration files, each a pure function of the settings; `files` is the table of them all."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tools.cluster.settings import ClusterSettings

CLUSTER_DOMAIN = "cluster.local"
SOCKET = "/run/containerd/containerd.sock"  # in the node's private /run
_QUIET_GROUPS = ["system:nodes", "system:serviceaccounts:kube-system"]
_SYSTEM_USERS = [f"system:kube-{name}" for name in ("controller-manager", "scheduler", "proxy")]


def files(s: ClusterSettings, *, pause: str, rlimits: bool) -> dict[str, str]:
    """Text by file name, for `etc/`. `pause` is the image of the pods' sandboxes; without `rlimits` (no
    CAP_SYS_RESOURCE) containers keep the limits they inherit."""
    return {
        "containerd.toml": containerd(s, pause=pause, rlimits=rlimits),
        "cni/10-bridge.conflist": cni(s),
        "kubelet.yaml": kubelet(s),
        "kube-proxy.yaml": kube_proxy(s),
        "audit.yaml": audit(),
        "authentication.yaml": authentication(),
        "admission.yaml": admission(),
        "resolv.conf": "# the node has no way out of the machine: nobody to ask\n",
        "mangle.rules": closed_door(s),
    }


def containerd(s: ClusterSettings, *, pause: str, rlimits: bool) -> str:
    """Version 2 of containerd's configuration, read by 1.6 and 1.7. TOML strings are quoted as JSON strings are."""
    runtime: dict[str, Any] = {"runtime_type": "io.containerd.runc.v2"}
    if not rlimits:
        runtime["base_runtime_spec"] = str(s.config("runtime-spec.json"))
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    tables: dict[str, dict[str, Any]] = {
        "": {
            "version": 2,
            "root": str(s.folder / "containerd"),
            "state": "/run/containerd",
            "oom_score": 0,
            "disabled_plugins": [
                *(f"io.containerd.snapshotter.v1.{name}" for name in ("aufs", "btrfs", "devmapper", "zfs")),
                "io.containerd.internal.v1.tracing",
            ],
        },
        "grpc": {"address": SOCKET},
        'plugins."io.containerd.internal.v1.opt"': {"path": str(s.folder / "containerd-opt")},
        cri: {"sandbox_image": pause, "disable_apparmor": True, "restrict_oom_score_adj": not rlimits},
        f"{cri}.containerd": {"default_runtime_name": "runc"},
        f"{cri}.containerd.runtimes.runc": runtime,
        f"{cri}.cni": {"bin_dir": str(s.host_tools / "usr/lib/cni"), "conf_dir": str(s.config("cni"))},
    }
    lines: list[str] = []
    for name, values in tables.items():
        lines += [f"[{name}]"] if name else []
        lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


def cni(s: ClusterSettings) -> str:
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipMasq": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": str(s.pod_range)}]],
            "routes": [{"dst": "0.0.0.0/0"}],
            "dataDir": "/run/cni",  # gone with the node, as the pods' interfaces are
        },
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return _json({"cniVersion": "0.4.0", "name": s.node, "plugins": [bridge, ports]})


def kubelet(s: ClusterSettings) -> str:
    return _yaml(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{s.node}",
            "failCgroupV1": False,
            "failSwapOn": False,
            "oomScoreAdj": 0,
            "containerRuntimeEndpoint": f"unix://{SOCKET}",
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(s.certificate("ca"))},
            },
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": str(s.certificate("kubelet")),
            "tlsPrivateKeyFile": str(s.key("kubelet")),
            "tlsMinVersion": "VersionTLS12",
            "readOnlyPort": 0,
            "seccompDefault": True,
            "clusterDNS": [str(s.dns_address)],
            "clusterDomain": CLUSTER_DOMAIN,
            "resolvConf": str(s.config("resolv.conf")),
            "podLogsDir": "/var/log/pods",
            "volumePluginDir": str(s.folder / "kubelet-plugins"),
            "maxPods": min(110, s.pod_range.num_addresses - 4),  # network, bridge, broadcast and one in hand
            "podPidsLimit": 4096,
            "serializeImagePulls": False,
            # imported images have no registry to come back from: never collected
            "imageGCHighThresholdPercent": 100,
            "evictionHard": {"memory.available": "200Mi", "nodefs.available": "2%", "imagefs.available": "2%"},
            "nodeStatusUpdateFrequency": "4s",
            "containerLogMaxSize": "10Mi",
            "containerLogMaxFiles": 2,
        }
    )


def kube_proxy(s: ClusterSettings) -> str:
    return _yaml(
        {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "iptables",
            "clusterCIDR": str(s.pod_range),
            "hostnameOverride": s.node,
            "oomScoreAdj": 0,
            "healthzBindAddress": "127.0.0.1:10256",
            "metricsBindAddress": "127.0.0.1:10249",
            "clientConnection": {"kubeconfig": str(s.config("proxy.kubeconfig"))},
            "iptables": {"localhostNodePorts": False},
            # these sysctls belong to the machine's first network namespace: nothing is set
            "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        }
    )


def kubeconfig(s: ClusterSettings, user: str) -> str:
    def encoded(path: Path) -> str:
        return base64.b64encode(path.read_bytes()).decode()

    cluster = {"server": s.api_server, "certificate-authority-data": encoded(s.certificate("ca"))}
    credentials = {
        "client-certificate-data": encoded(s.certificate(user)),
        "client-key-data": encoded(s.key(user)),
    }
    return _yaml(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": s.context, "cluster": cluster}],
            "users": [{"name": s.context, "user": credentials}],
            "contexts": [{"name": s.context, "context": {"cluster": s.context, "user": s.context}}],
            "current-context": s.context,
        }
    )


def encryption(key: bytes) -> str:
    """Secrets at rest: a 32-byte key for XSalsa20-Poly1305; `identity` reads what an earlier cluster left in clear."""
    keys = [{"name": "key1", "secret": base64.b64encode(key).decode()}]
    return _yaml(
        {
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "EncryptionConfiguration",
            "resources": [{"resources": ["secrets"], "providers": [{"secretbox": {"keys": keys}}, {"identity": {}}]}],
        }
    )


def audit() -> str:
    """Who changed what, without bodies (they hold secrets); not the node's own heartbeat."""
    return _yaml(
        {
            "apiVersion": "audit.k8s.io/v1",
            "kind": "Policy",
            "omitStages": ["RequestReceived"],
            "rules": [
                {"level": "None", "users": _SYSTEM_USERS},
                {"level": "None", "userGroups": _QUIET_GROUPS},
                {"level": "None", "nonResourceURLs": ["/livez*", "/readyz*", "/healthz*", "/version", "/openapi*"]},
                {"level": "Metadata", "resources": [{"group": "", "resources": ["secrets"]}]},
                {"level": "None", "verbs": ["get", "list", "watch"]},
                {"level": "Metadata"},
            ],
        }
    )


def authentication() -> str:
    return _yaml(
        {
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "AuthenticationConfiguration",
            "anonymous": {
                "enabled": True,
                "conditions": [{"path": f"/{name}z"} for name in ("live", "ready", "health")],
            },
        }
    )


def admission() -> str:
    """Pods may not take the node over unless their namespace's labels say so."""
    pods = {
        "apiVersion": "pod-security.admission.config.k8s.io/v1",
        "kind": "PodSecurityConfiguration",
        "defaults": {"enforce": "baseline", "warn": "restricted"},
        "exemptions": {"namespaces": ["kube-system"]},
    }
    return _yaml(
        {
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "AdmissionConfiguration",
            "plugins": [{"name": "PodSecurity", "configuration": pods}],
        }
    )


def closed_door(s: ClusterSettings) -> str:
    """Rules for iptables-restore that stand before any pod: no packet from or to a pod, until the node agent fills the
    chains that it knows by these names (tools/go/cluster/agent/policy.go)."""
    return "\n".join(
        [
            "*mangle",
            *(f":{chain} - [0:0]" for chain in ("NETPOL", "NETPOL-EGRESS", "NETPOL-INGRESS")),
            "-A FORWARD -j NETPOL",
            f"-A INPUT -s {s.pod_range} -j NETPOL-EGRESS",
            f"-A NETPOL -s {s.pod_range} -j DROP",
            f"-A NETPOL -d {s.pod_range} -j DROP",
            f"-A NETPOL-EGRESS -s {s.pod_range} -j DROP",
            "COMMIT",
            "",
        ]
    )


def _yaml(document: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(document, sort_keys=False)
    return text


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2) + "\n"
