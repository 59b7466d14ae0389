"""What the cluster is born with: the storage class, the rights of the node's own parts, DNS and metrics."""

from collections.abc import Mapping

from tools.cluster.manifests import (
    Object,
    account,
    account_subject,
    binding,
    cluster_role,
    deployment,
    meta,
    role_ref,
    rule,
    service,
    user,
)
from tools.cluster.render import CLUSTER_DOMAIN
from tools.cluster.settings import ClusterSettings

_DNS_PORT = 1053  # a process without capabilities binds no port below 1024; network policies see this one, not 53
_METRICS_PORT = 10250
_READ = ["get", "list", "watch"]


def objects(s: ClusterSettings, refs: Mapping[str, str], authority: str, certificate: str, key: str) -> list[Object]:
    """Everything to apply. `refs` are image references by name: a part without its image is left out. `authority`,
    `certificate` and `key` are the metrics server's, in base64 of PEM."""
    made = [storage_class(), *node_agent_rights(), *kubelet_client_rights()]
    if "coredns" in refs:
        made += dns(s, refs["coredns"])
    if "metrics-server" in refs:
        made += metrics(refs["metrics-server"], authority, certificate, key)
    return made


def storage_class() -> Object:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "local", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "autoglm.local/directory",  # the name in tools/go/cluster/agent/volumes.go
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def node_agent_rights() -> list[Object]:
    rules = [
        rule("", ["pods", "namespaces", "nodes", "persistentvolumeclaims"], _READ),
        rule("networking.k8s.io", ["networkpolicies"], _READ),
        rule("storage.k8s.io", ["storageclasses"], _READ),
        rule("", ["persistentvolumes"], [*_READ, "create", "patch", "update", "delete"]),
        rule("", ["persistentvolumeclaims"], ["patch", "update"]),
        rule("", ["events"], ["create", "patch", "update"]),
    ]
    return [cluster_role("autoglm:node-agent", rules), binding("autoglm:node-agent", user("autoglm:node-agent"))]


def kubelet_client_rights() -> list[Object]:
    """The API server calls the kubelet for logs, exec and port-forward; that is all its certificate may do."""
    group = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "autoglm:kubelet-clients"}
    return [binding("autoglm:kubelet-clients", group, role="system:kubelet-api-admin")]


def dns(s: ClusterSettings, image: str) -> list[Object]:
    corefile = f"""{CLUSTER_DOMAIN}:{_DNS_PORT} in-addr.arpa:{_DNS_PORT} ip6.arpa:{_DNS_PORT} {{
    errors
    health :8080
    ready :8181
    prometheus :9153
    kubernetes {CLUSTER_DOMAIN} in-addr.arpa ip6.arpa {{
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }}
    cache 30
    loadbalance
}}
# the node has no way out: names of the world do not exist, and are said so at once
.:{_DNS_PORT} {{
    errors
    template ANY ANY . {{
        rcode NXDOMAIN
    }}
}}
"""
    name, labels = "coredns", {"k8s-app": "kube-dns"}
    rules = [
        rule("", ["endpoints", "services", "pods", "namespaces"], ["list", "watch"]),
        rule("discovery.k8s.io", ["endpointslices"], ["list", "watch"]),
    ]
    container = {
        "name": name,
        "image": image,
        "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": [
            {"name": "dns", "containerPort": _DNS_PORT, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": _DNS_PORT, "protocol": "TCP"},
        ],
        "resources": {"requests": {"cpu": "50m", "memory": "32Mi"}, "limits": {"memory": "170Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 1, "failureThreshold": 30},
        "livenessProbe": {"httpGet": {"path": "/health", "port": 8080}, "initialDelaySeconds": 20, "timeoutSeconds": 5},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns", "readOnly": True}],
    }
    volumes = [{"name": "config", "configMap": {"name": name}}]
    ports = [
        {"name": "dns", "port": 53, "targetPort": _DNS_PORT, "protocol": "UDP"},
        {"name": "dns-tcp", "port": 53, "targetPort": _DNS_PORT, "protocol": "TCP"},
    ]
    return [
        account(name),
        cluster_role("system:coredns", rules),
        binding("system:coredns", account_subject(name)),
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(name), "data": {"Corefile": corefile}},
        service("kube-dns", labels, ports, address=str(s.dns_address)),
        deployment(name, labels, container, volumes),
    ]


def metrics(image: str, authority: str, certificate: str, key: str) -> list[Object]:
    name, labels = "metrics-server", {"k8s-app": "metrics-server"}
    container = {
        "name": name,
        "image": image,
        "args": [
            f"--secure-port={_METRICS_PORT}",
            "--tls-cert-file=/tls/tls.crt",
            "--tls-private-key-file=/tls/tls.key",
            "--kubelet-preferred-address-types=InternalIP",
            "--kubelet-certificate-authority=/ca/ca.crt",
            "--kubelet-request-timeout=5s",  # must be shorter than the resolution
            "--metric-resolution=10s",
        ],
        "ports": [{"name": "https", "containerPort": _METRICS_PORT}],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        # ready once it has measured; nothing waits for that
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": "https", "scheme": "HTTPS"}, "periodSeconds": 3},
        "livenessProbe": {"httpGet": {"path": "/livez", "port": "https", "scheme": "HTTPS"}, "initialDelaySeconds": 20},
        "volumeMounts": [
            {"name": "tls", "mountPath": "/tls", "readOnly": True},
            {"name": "ca", "mountPath": "/ca", "readOnly": True},
        ],
    }
    volumes = [
        {"name": "tls", "secret": {"secretName": name, "defaultMode": 0o440}},
        {"name": "ca", "configMap": {"name": "kube-root-ca.crt"}},
    ]
    pods = ["pods", "nodes"]
    return [
        account(name),
        cluster_role(
            "system:metrics-server",
            [rule("", ["nodes/metrics"], ["get"]), rule("", [*pods, "namespaces", "configmaps"], _READ)],
        ),
        binding("system:metrics-server", account_subject(name)),
        cluster_role(
            "system:aggregated-metrics-reader",
            [rule("metrics.k8s.io", pods, _READ)],
            {f"rbac.authorization.k8s.io/aggregate-to-{role}": "true" for role in ("admin", "edit", "view")},
        ),
        binding("metrics-server:system:auth-delegator", account_subject(name), role="system:auth-delegator"),
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": meta("metrics-server-auth-reader"),
            "roleRef": role_ref("Role", "extension-apiserver-authentication-reader"),
            "subjects": [account_subject(name)],
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": meta(name),
            "data": {"tls.crt": certificate, "tls.key": key},
        },
        service(name, labels, [{"name": "https", "port": 443, "targetPort": "https"}]),
        deployment(name, labels, container, volumes),
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": "v1beta1.metrics.k8s.io"},
            "spec": {
                "group": "metrics.k8s.io",
                "version": "v1beta1",
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
                "caBundle": authority,
                "service": {"name": name, "namespace": "kube-system", "port": 443},
            },
        },
    ]
