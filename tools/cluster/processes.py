"""The node's processes and their arguments, as tables. No secret is in an argument: they name files."""

from collections.abc import Mapping
from dataclasses import dataclass

from tools.cluster.settings import ClusterSettings

ETCD = "https://127.0.0.1:2379"
_REQUEST_HEADERS = {"username": "X-Remote-User", "group": "X-Remote-Group"}


@dataclass(frozen=True)
class Process:
    """A program that the node's init keeps running; `waits_for_api` holds its first start until the API is ready."""

    name: str
    argv: tuple[str, ...]
    waits_for_api: bool = False


def processes(s: ClusterSettings) -> list[Process]:
    """In the order in which they start."""
    tables: dict[str, Mapping[str, object]] = {
        "etcd": etcd(s),
        "containerd": {"config": s.config("containerd.toml")},
        "kube-apiserver": kube_apiserver(s),
        "kube-controller-manager": kube_controller_manager(s),
        "kube-scheduler": kube_scheduler(s),
        "kubelet": kubelet(s),
        "kube-proxy": {"config": s.config("kube-proxy.yaml")},
        "node-agent": node_agent(s),
    }
    at_once = {"etcd", "containerd", "kube-apiserver"}
    return [
        Process(name, (program(s, name), *flags(table)), waits_for_api=name not in at_once)
        for name, table in tables.items()
    ]


def program(s: ClusterSettings, name: str) -> str:
    own = s.host_tools / "usr/bin" / name
    return str(own if name in ("containerd", "ctr") else s.binaries / name)


def flags(table: Mapping[str, object]) -> list[str]:
    def text(value: object) -> str:
        return str(value).lower() if isinstance(value, bool) else str(value)

    return [f"--{name}={text(value)}" for name, value in table.items()]


def etcd(s: ClusterSettings) -> dict[str, object]:
    """One member, with fsync; both its doors ask for a certificate of its own authority."""
    peer = "https://127.0.0.1:2380"
    table: dict[str, object] = {
        "name": s.node,
        "data-dir": s.folder / "etcd",
        "listen-client-urls": ETCD,
        "advertise-client-urls": ETCD,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"{s.node}={peer}",
        "log-level": "warn",
    }
    for door in ("", "peer-"):
        table |= {
            f"{door}cert-file": s.certificate("etcd"),
            f"{door}key-file": s.key("etcd"),
            f"{door}trusted-ca-file": s.certificate("etcd-ca"),
            f"{door}client-cert-auth": True,
        }
    return table


def kube_apiserver(s: ClusterSettings) -> dict[str, object]:
    return {
        "advertise-address": s.node_address,  # the endpoint of the Service `kubernetes`: loopback would be refused
        "secure-port": 6443,
        "tls-cert-file": s.certificate("apiserver"),
        "tls-private-key-file": s.key("apiserver"),
        "tls-min-version": "VersionTLS12",
        "client-ca-file": s.certificate("ca"),
        "etcd-servers": ETCD,
        "etcd-cafile": s.certificate("etcd-ca"),
        "etcd-certfile": s.certificate("apiserver-etcd"),
        "etcd-keyfile": s.key("apiserver-etcd"),
        "encryption-provider-config": s.config("encryption.yaml"),
        "service-cluster-ip-range": s.service_range,
        "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
        "service-account-key-file": s.folder / "pki/service-accounts.pub",
        "service-account-signing-key-file": s.key("service-accounts"),
        "authentication-config": s.config("authentication.yaml"),
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        "admission-control-config-file": s.config("admission.yaml"),
        "allow-privileged": True,  # what a pod may do is its namespace's pod-security level
        "kubelet-certificate-authority": s.certificate("ca"),
        "kubelet-client-certificate": s.certificate("apiserver-kubelet"),
        "kubelet-client-key": s.key("apiserver-kubelet"),
        "kubelet-preferred-address-types": "InternalIP",
        "enable-aggregator-routing": True,
        "proxy-client-cert-file": s.certificate("front-proxy"),
        "proxy-client-key-file": s.key("front-proxy"),
        "requestheader-client-ca-file": s.certificate("front-proxy-ca"),
        "requestheader-allowed-names": "front-proxy",
        **{f"requestheader-{what}-headers": header for what, header in _REQUEST_HEADERS.items()},
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
        "audit-policy-file": s.config("audit.yaml"),
        "audit-log-path": s.log("audit"),
        "audit-log-maxsize": 10,  # MB
        "audit-log-maxbackup": 1,
        "profiling": False,
    }


def kube_controller_manager(s: ClusterSettings) -> dict[str, object]:
    return _controller(s, "controller-manager") | {
        "service-account-private-key-file": s.key("service-accounts"),
        "use-service-account-credentials": True,
        "root-ca-file": s.certificate("ca"),
        "cluster-signing-cert-file": s.certificate("ca"),
        "cluster-signing-key-file": s.key("ca"),
        "service-cluster-ip-range": s.service_range,
        "cluster-cidr": s.pod_range,
    }


def kube_scheduler(s: ClusterSettings) -> dict[str, object]:
    return _controller(s, "scheduler")


def kubelet(s: ClusterSettings) -> dict[str, object]:
    return {
        "config": s.config("kubelet.yaml"),
        "kubeconfig": s.config("kubelet.kubeconfig"),
        "root-dir": s.folder / "kubelet",
        "hostname-override": s.node,
        "node-ip": s.node_address,
    }


def node_agent(s: ClusterSettings) -> dict[str, object]:
    return {
        "kubeconfig": s.config("node-agent.kubeconfig"),
        "pod-range": s.pod_range,
        "volumes": s.folder / "volumes",
        "node": s.node,
    }


def _controller(s: ClusterSettings, user: str) -> dict[str, object]:
    kubeconfig = s.config(f"{user}.kubeconfig")
    return {
        "kubeconfig": kubeconfig,
        "authentication-kubeconfig": kubeconfig,
        "authorization-kubeconfig": kubeconfig,
        "bind-address": "127.0.0.1",
        "leader-elect": False,  # there is one
        "kube-api-qps": 100,
        "kube-api-burst": 200,
        "profiling": False,
    }
