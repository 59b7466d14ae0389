"""The embedded cluster: a single Kubernetes node in namespaces of its own, from upstream programs, for machines without
Docker and registries.

    start(settings, images, progress)   up, or repaired; returns when the node is Ready
    status(settings)                    which process runs, restarted, is down
    load_images(settings, images)       what the node lacks of them
    stop(settings)  wipe(settings)      leaves nothing on the machine; wipe removes the data too

Names are loaded when they are used: the node's init, which lives in this package, shall stay small.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.cluster.errors import ClusterError
    from tools.cluster.images import load_images
    from tools.cluster.lifecycle import start, stop, wipe
    from tools.cluster.settings import ClusterSettings
    from tools.cluster.state import ClusterStatus, ProcessRow, status

__all__ = [
    "ClusterError",
    "ClusterSettings",
    "ClusterStatus",
    "ProcessRow",
    "load_images",
    "start",
    "status",
    "stop",
    "wipe",
]

_HOME = {
    "ClusterError": "errors",
    "ClusterSettings": "settings",
    "ClusterStatus": "state",
    "ProcessRow": "state",
    "load_images": "images",
    "start": "lifecycle",
    "status": "state",
    "stop": "lifecycle",
    "wipe": "lifecycle",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
