"""A kubeconfig for a cluster of ACK. Pure."""

import json
from urllib.parse import urlsplit

# Each run asks for a new certificate, so what a state holds is soon worth nothing. The price: each run updates the
# Kubernetes provider, and a destroy later than this needs `pulumi destroy --run-program`.
CREDENTIAL_MINUTES = 12 * 60


def kubeconfig(name: str, server: str, *, authority: str, certificate: str, key: str) -> str:
    """For one cluster and user; YAML reads JSON. `authority`, `certificate` and `key`: base64, as ACK gives them."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {"server": server, "certificate-authority-data": authority}}],
            "users": [{"name": name, "user": {"client-certificate-data": certificate, "client-key-data": key}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
    )


def host(server: str) -> str:
    """Of an API server's URL."""
    found = urlsplit(server).hostname
    if not found:
        raise ValueError(f"API server {server!r}: not a URL with a host")
    return found
