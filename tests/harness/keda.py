"""The real KEDA beside a test's API server: its operator, and the adapter that tells autoscalers of its figures."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.harness import processes
from tests.harness.apiserver import ApiServer, program
from tests.harness.envoy import get
from tests.harness.ports import free_ports
from tests.harness.waiting import until
from tools import golang, paths
from tools.providers.kubernetes.client import Client
from tools.providers.tls import certificates, keys

_NAMESPACE = "keda"
_CRDS = ("scaledobjects", "scaledjobs", "triggerauthentications", "clustertriggerauthentications")


def built() -> bool:
    return all((paths.BIN / name).exists() for name in golang.GROUPS["keda"].packages)


@contextlib.contextmanager
def running(folder: Path, server: ApiServer, client: Client) -> Iterator[None]:
    """Until both answer; each ended by its own pid."""
    service, adapter, health, metrics, told = free_ports(5)
    certs = folder / "keda"
    _certificates(certs)
    for one in _objects(adapter):
        client.apply(one, "test", force=True)
    environment = {
        **os.environ,
        "WATCH_NAMESPACE": "",
        "POD_NAMESPACE": _NAMESPACE,
        "KEDA_CLUSTER_OBJECT_NAMESPACE": _NAMESPACE,
        "KUBECONFIG": str(server.kubeconfig),
        "no_proxy": "*",
    }
    operator = [
        str(program("keda-operator")),
        f"--cert-dir={certs}",
        f"--metrics-service-bind-address=127.0.0.1:{service}",
        f"--health-probe-bind-address=127.0.0.1:{health}",
        f"--metrics-bind-address=127.0.0.1:{metrics}",
        "--enable-webhook-patching=false",
        "--enable-apiservice-patching=false",
    ]
    kubeconfigs = [f"--{use}-kubeconfig={server.kubeconfig}" for use in ("lister", "authentication", "authorization")]
    figures = [
        str(program("keda-adapter")),
        f"--secure-port={adapter}",
        f"--port={told}",
        f"--metrics-service-address=localhost:{service}",
        f"--tls-cert-file={certs / 'tls.crt'}",
        f"--tls-private-key-file={certs / 'tls.key'}",
        f"--cert-dir={certs}",
        *kubeconfigs,
    ]
    log = folder / "keda-operator.log"
    with processes.running(operator, log, env=environment, cwd=folder) as process:
        processes.until_ready(process, log, lambda: get(health, "/readyz").status == 200)
        with processes.running(figures, folder / "keda-adapter.log", env=environment, cwd=folder):
            until(lambda: _available(client), "KEDA's figures are served")
            yield


def _objects(port: int) -> list[dict[str, Any]]:
    folder = golang.module("keda", "github.com/kedacore/keda/v2") / "config" / "crd" / "bases"
    return [
        *(yaml.safe_load((folder / f"keda.sh_{name}.yaml").read_text()) for name in _CRDS),
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": _NAMESPACE}},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "keda-metrics-apiserver", "namespace": _NAMESPACE},
            "spec": {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port}]},
        },
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": "v1beta1.external.metrics.k8s.io"},
            "spec": {
                "service": {"name": "keda-metrics-apiserver", "namespace": _NAMESPACE, "port": port},
                "group": "external.metrics.k8s.io",
                "version": "v1beta1",
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
                "insecureSkipTLSVerify": True,
            },
        },
    ]


def _certificates(folder: Path) -> None:
    """One for both ends of what the two say to each other."""
    folder.mkdir()
    authority = keys.make({"algorithm": "ECDSA", "ecdsaCurve": "P256"})[1]
    authority |= certificates.make_self_signed(
        {
            "privateKeyPem": authority["privateKeyPem"],
            "subject": {"commonName": "KEDA's authority"},
            "isCaCertificate": True,
            "allowedUses": ["cert_signing"],
            "validityPeriodHours": 1,
        }
    )[1]
    own = keys.make({"algorithm": "ECDSA", "ecdsaCurve": "P256"})[1]
    asked = {"privateKeyPem": own["privateKeyPem"], "subject": {"commonName": "keda"}, "dnsNames": ["localhost"]}
    signed = certificates.make_locally_signed(
        {
            "certRequestPem": certificates.make_request(asked)[1]["certRequestPem"],
            "caPrivateKeyPem": authority["privateKeyPem"],
            "caCertPem": authority["certPem"],
            "allowedUses": ["digital_signature", "server_auth", "client_auth"],
            "validityPeriodHours": 1,
        }
    )[1]
    (folder / "ca.crt").write_text(authority["certPem"])
    (folder / "tls.crt").write_text(signed["certPem"])
    (folder / "tls.key").write_text(own["privateKeyPem"])


def _available(client: Client) -> bool:
    found = client.get_json("/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.external.metrics.k8s.io")
    conditions = found.get("status", {}).get("conditions", [])
    return any(one["type"] == "Available" and one["status"] == "True" for one in conditions)
