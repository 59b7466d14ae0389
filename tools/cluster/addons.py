"""What the cluster is born with: the storage class, the rights of the node's own parts, DNS and metrics."""

from collections.abc import Mapping
from typing import Any

from tools.cluster.render import CLUSTER_DOMAIN
from tools.cluster.settings import ClusterSettings

Object = dict[str, Any]
DEPLOYMENTS = ("coredns", "metrics-server")
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
        _rule("", ["pods", "namespaces", "nodes", "persistentvolumeclaims"], _READ),
        _rule("networking.k8s.io", ["networkpolicies"], _READ),
        _rule("storage.k8s.io", ["storageclasses"], _READ),
        _rule("", ["persistentvolumes"], [*_READ, "create", "patch", "update", "delete"]),
        _rule("", ["persistentvolumeclaims"], ["patch", "update"]),
        _rule("", ["events"], ["create", "patch", "update"]),
    ]
    return [_cluster_role("autoglm:node-agent", rules), _binding("autoglm:node-agent", _user("autoglm:node-agent"))]


def kubelet_client_rights() -> list[Object]:
    """The API server calls the kubelet for logs, exec and port-forward; that is all its certificate may do."""
    group = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "autoglm:kubelet-clients"}
    return [_binding("autoglm:kubelet-clients", group, role="system:kubelet-api-admin")]


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
        _rule("", ["endpoints", "services", "pods", "namespaces"], ["list", "watch"]),
        _rule("discovery.k8s.io", ["endpointslices"], ["list", "watch"]),
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
        _account(name),
        _cluster_role("system:coredns", rules),
        _binding("system:coredns", _account_subject(name)),
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _meta(name), "data": {"Corefile": corefile}},
        _service("kube-dns", labels, ports, address=str(s.dns_address)),
        _deployment(name, labels, container, volumes),
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
            "--metric-resolution=15s",  # at least 10 s
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
        _account(name),
        _cluster_role(
            "system:metrics-server",
            [_rule("", ["nodes/metrics"], ["get"]), _rule("", [*pods, "namespaces", "configmaps"], _READ)],
        ),
        _binding("system:metrics-server", _account_subject(name)),
        _cluster_role(
            "system:aggregated-metrics-reader",
            [_rule("metrics.k8s.io", pods, _READ)],
            {f"rbac.authorization.k8s.io/aggregate-to-{role}": "true" for role in ("admin", "edit", "view")},
        ),
        _binding("metrics-server:system:auth-delegator", _account_subject(name), role="system:auth-delegator"),
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": _meta("metrics-server-auth-reader"),
            "roleRef": _role_ref("Role", "extension-apiserver-authentication-reader"),
            "subjects": [_account_subject(name)],
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": _meta(name),
            "data": {"tls.crt": certificate, "tls.key": key},
        },
        _service(name, labels, [{"name": "https", "port": 443, "targetPort": "https"}]),
        _deployment(name, labels, container, volumes),
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


def _deployment(name: str, labels: Mapping[str, str], container: Object, volumes: list[Object]) -> Object:
    nobody = {"runAsNonRoot": True, "runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532}
    locked = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    pod = {
        "serviceAccountName": name,
        "priorityClassName": "system-cluster-critical",
        "securityContext": {**nobody, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{"imagePullPolicy": "Never", **container, "securityContext": locked}],
        "volumes": volumes,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _meta(name, labels),
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": dict(labels)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": {"metadata": {"labels": dict(labels)}, "spec": pod},
        },
    }


def _service(name: str, labels: Mapping[str, str], ports: list[Object], address: str | None = None) -> Object:
    spec: Object = {"selector": dict(labels), "ports": ports}
    if address:
        spec["clusterIP"] = address
    return {"apiVersion": "v1", "kind": "Service", "metadata": _meta(name, labels), "spec": spec}


def _cluster_role(name: str, rules: list[Object], labels: Mapping[str, str] | None = None) -> Object:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name, "labels": dict(labels or {})},
        "rules": rules,
    }


def _binding(name: str, subject: Object, role: str | None = None) -> Object:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": _role_ref("ClusterRole", role or name),
        "subjects": [subject],
    }


def _rule(group: str, resources: list[str], verbs: list[str]) -> Object:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}


def _role_ref(kind: str, name: str) -> Object:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}


def _user(name: str) -> Object:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name}


def _account(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _meta(name)}


def _account_subject(name: str) -> Object:
    return {"kind": "ServiceAccount", "name": name, "namespace": "kube-system"}


def _meta(name: str, labels: Mapping[str, str] | None = None) -> Object:
    return {"name": name, "namespace": "kube-system", **({"labels": dict(labels)} if labels else {})}
