"""What a pod needs to be a client of etcd: a Secret to mount, where the members are, and the way to them."""

from typing import Final

from pulumi_kubernetes.core.v1 import EnvVarArgsDict, VolumeArgsDict, VolumeMountArgsDict

from components import connections
from components.connections import Connection, Pods, Port
from components.types import EtcdClient

MOUNT_PATH: Final = "/etc/etcd/tls"  # where the programs of autoglm_etcd look for ca.crt, tls.crt and tls.key
ENDPOINTS: Final = "AUTOGLM_ETCD_ENDPOINTS"
_READABLE: Final = 0o440  # by the pod's group, which is its user's


def volume(client: EtcdClient) -> VolumeArgsDict:
    return {"name": "etcd-tls", "secret": {"secret_name": client.secret, "default_mode": _READABLE}}


def mount() -> VolumeMountArgsDict:
    return {"name": "etcd-tls", "mount_path": MOUNT_PATH, "read_only": True}


def environment(client: EtcdClient) -> EnvVarArgsDict:
    return {"name": ENDPOINTS, "value": client.endpoints}


def connection(source: Pods, client: EtcdClient) -> Connection:
    """The edge that NetworkPolicies are to allow."""
    members = connections.Pods(name=client.name, labels=client.pods)
    return Connection(
        description=f"{source.name} reads and writes its part of etcd.",
        source=source,
        target=members,
        ports=(Port(number=client.port),),
    )
