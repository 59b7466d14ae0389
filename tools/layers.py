"""Which layer of a region a resource belongs to, by the components that its URN names."""

from policies import Resource

LAYERS = (
    "network",
    "security",
    "cluster",
    "gpu pools",
    "identity",
    "storage",
    "registry",
    "dns",
    "fleet",
    "platform",
    "workloads",
)
OTHER = "other"  # outside every component that is named here

_COMPONENTS = {  # last part of a component's type -> its layer; tests compare with the components' own types
    "Network": "network",
    "ExistingNetwork": "network",
    "FlowLogs": "network",
    "Logs": "network",
    "Security": "security",
    "Cluster": "cluster",
    "ExistingCluster": "cluster",
    "GpuPool": "gpu pools",
    "GpuNodes": "gpu pools",
    "GpuSharing": "gpu pools",
    "Identity": "identity",
    "Storage": "storage",
    "DefaultDisks": "storage",
    "Away": "storage",
    "Replica": "storage",
    "Replication": "storage",
    "PrivateBucket": "storage",
    "Files": "storage",
    "Registry": "registry",
    "PullAddon": "registry",
    "Dns": "dns",
}
_MODULES = {"fleet": "fleet", "platform": "platform", "workloads": "workloads"}
_CROSSING = ("Crossing", "Peering", "Vpn", "Failover")


def layer(resource: Resource) -> str:
    """That of the outermost component that says one: what a cluster makes for itself belongs to the cluster."""
    for parent in (*resource.parents, resource.type):
        if (found := _of(parent)) is not None:
            return found
    return OTHER


def _of(component: str) -> str | None:
    package, _, rest = component.partition(":")
    module, _, name = rest.partition(":")
    if package != "open-autoglm":
        return None
    if name.startswith(_CROSSING):
        return "fleet"
    return _MODULES.get(module) or _COMPONENTS.get(name)


def is_component(resource: Resource) -> bool:
    """Whether it only holds others: components of ours, the stack itself, providers."""
    return resource.type.startswith(("open-autoglm:", "pulumi:pulumi:", "pulumi:providers:"))
