"""Writes one ConfigMap from inside a pod: all that programs of this stack ask of the Kubernetes API."""

import json
import ssl
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
API: Final = "https://kubernetes.default.svc"


def patch(name: str, data: Mapping[str, str], *, server: str = API, account: Path = ACCOUNT) -> None:
    """Set these keys in the pod's own namespace; others stay. Raises OSError where the API does not take it."""
    namespace = (account / "namespace").read_text()
    request = urllib.request.Request(  # noqa: S310  the cluster's own API
        f"{server}/api/v1/namespaces/{namespace}/configmaps/{name}",
        data=json.dumps({"data": dict(data)}).encode(),
        method="PATCH",
        headers={
            "Authorization": f"Bearer {(account / 'token').read_text()}",
            "Content-Type": "application/merge-patch+json",
        },
    )
    trust = ssl.create_default_context(cafile=str(account / "ca.crt"))
    with urllib.request.urlopen(request, timeout=10, context=trust):  # noqa: S310
        return
