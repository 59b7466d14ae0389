"""A cluster that exists: the user's own, kind, or the embedded node."""

from pathlib import Path
from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

from components.private.kubeconfig import api_host
from components.types import ClusterAccess

if TYPE_CHECKING:
    from stacks.schema import PrivateRegion


class Cluster(pulumi.ComponentResource):
    """The Kubernetes provider for one context of a kubeconfig; never that of KUBECONFIG or ~/.kube by itself."""

    access: ClusterAccess

    def __init__(self, name: str, region: "PrivateRegion", opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:private:Cluster", name, None, opts)
        path = Path(region.cluster.kubeconfig).expanduser().absolute()
        address = _address(path, region.cluster.context)
        provider = kubernetes.Provider(
            f"{name}-kubernetes",
            kubeconfig=str(path),  # the path: the contents would put credentials into the state
            context=region.cluster.context,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.access = ClusterAccess(provider=provider, address=address)
        self.register_outputs({})


def _address(path: Path, context: str | None) -> pulumi.Output[str]:
    """Unknown in a preview before the cluster is there; an update says what is missing before it makes anything."""
    if pulumi.runtime.is_dry_run() and not path.exists():
        return pulumi.Output.from_input(pulumi.UNKNOWN)  # type: ignore[arg-type]  # its type has no value yet
    try:
        return pulumi.Output.from_input(api_host(path, context))
    except ValueError as error:
        raise pulumi.RunError(str(error)) from None
