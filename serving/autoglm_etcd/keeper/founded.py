"""Whether the cluster has ever been whole, and what it began from: a ConfigMap that the keeper writes, and that members
have mounted.

Members read a file and need no access to the Kubernetes API; the keeper may patch this one object.
"""

from pathlib import Path
from typing import Final

from autoglm_etcd import config_map

KEY: Final = "founded"
NEW: Final = "new"  # what a cluster begins from that no snapshot was restored for


def told(mounted: Path) -> str:
    """What a member sees: NEW, or the name of the snapshot that the cluster began from; nothing before it was whole.
    The ConfigMap need not be there."""
    file = mounted / KEY
    return file.read_text().strip() if file.exists() else ""


def tell(name: str, began_from: str, *, server: str = config_map.API, account: Path = config_map.ACCOUNT) -> None:
    """Write it down; a second time changes nothing. Raises OSError where the API does not take it."""
    config_map.patch(name, {KEY: began_from}, server=server, account=account)
