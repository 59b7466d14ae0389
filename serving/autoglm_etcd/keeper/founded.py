"""Whether the cluster has ever been whole, and what it began from: a ConfigMap that the keeper writes, and that members
have mounted.

Members read a file and need no access to the Kubernetes API; the keeper may patch this one object.
"""

import json
import ssl
import urllib.request
from pathlib import Path
from typing import Final

ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
API: Final = "https://kubernetes.default.svc"
KEY: Final = "founded"
NEW: Final = "new"  # what a cluster begins from that no snapshot was restored for


def told(mounted: Path) -> str:
    """What a member sees: NEW, or the name of the snapshot that the cluster began from; nothing before it was whole.
    The ConfigMap need not be there."""
    file = mounted / KEY
    return file.read_text().strip() if file.exists() else ""


def tell(
    name: str, began_from: str, *, server: str = "https://kubernetes.default.svc", account: Path = ACCOUNT
) -> None:
    """Write it down; a second time changes nothing. Raises OSError where the API does not take it."""
    namespace = (account / "namespace").read_text()
    request = urllib.request.Request(  # noqa: S310  the cluster's own API
        f"{server}/api/v1/namespaces/{namespace}/configmaps/{name}",
        data=json.dumps({"data": {KEY: began_from}}).encode(),
        method="PATCH",
        headers={
            "Authorization": f"Bearer {(account / 'token').read_text()}",
            "Content-Type": "application/merge-patch+json",
        },
    )
    trust = ssl.create_default_context(cafile=str(account / "ca.crt"))
    with urllib.request.urlopen(request, timeout=10, context=trust):  # noqa: S310
        return
