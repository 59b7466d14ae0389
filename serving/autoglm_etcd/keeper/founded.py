"""Whether the cluster has ever been whole: a ConfigMap that the keeper writes once, and that members have mounted.

Members read a file and need no access to the Kubernetes API; the keeper may patch this one object.
"""

import json
import ssl
import urllib.request
from pathlib import Path
from typing import Final

ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
KEY: Final = "founded"


def told(mounted: Path) -> bool:
    """What a member sees. The ConfigMap need not be there."""
    return (mounted / KEY).exists()


def tell(name: str, *, server: str = "https://kubernetes.default.svc", account: Path = ACCOUNT) -> None:
    """Write it down; a second time changes nothing. Raises OSError where the API does not take it."""
    namespace = (account / "namespace").read_text()
    request = urllib.request.Request(  # noqa: S310  the cluster's own API
        f"{server}/api/v1/namespaces/{namespace}/configmaps/{name}",
        data=json.dumps({"data": {KEY: "true"}}).encode(),
        method="PATCH",
        headers={
            "Authorization": f"Bearer {(account / 'token').read_text()}",
            "Content-Type": "application/merge-patch+json",
        },
    )
    trust = ssl.create_default_context(cafile=str(account / "ca.crt"))
    with urllib.request.urlopen(request, timeout=10, context=trust):  # noqa: S310
        return
