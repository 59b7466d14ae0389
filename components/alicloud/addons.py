"""ACK's add-ons: those a cluster is made with, and those it gets once it has nodes."""

import json

import pulumi
from pulumi_alicloud import cs

from components.types import ClusterParts

# Pods get addresses of the VPC from Terway, which also enforces network policies. The NGINX ingress would make a public
# balancer of its own: https://github.com/aliyun/terraform-provider-alicloud/issues/1394
AT_CREATION: tuple[cs.ManagedKubernetesAddonArgsDict, ...] = (
    {"name": "terway-eniip", "config": json.dumps({"NetworkPolicy": "true", "IPVlan": "false"})},
    {"name": "csi-plugin"},
    {"name": "managed-csiprovisioner"},
    {"name": "coredns"},
    {"name": "metrics-server"},
    {"name": "nginx-ingress-controller", "disabled": True},
)

# By name, the configuration. The webhook gives pods their RAM role (RRSA); the other two repair nodes.
WITH_NODES: dict[str, dict[str, bool]] = {
    "ack-pod-identity-webhook": {"AutoInjectSTSEnvVars": True},
    "ack-node-problem-detector": {},
    "node-lifecycle-controller": {},
}


def with_nodes(
    name: str, cluster: pulumi.Input[str], system: cs.NodePool, parent: pulumi.Resource
) -> list[cs.KubernetesAddon]:
    # An add-on names its cluster alone, but is ready only when its pods run: they need nodes.
    after_nodes = pulumi.ResourceOptions(parent=parent, depends_on=[system])
    return [
        cs.KubernetesAddon(
            f"{name}-{addon}",
            cluster_id=cluster,
            name=addon,
            config=json.dumps(config) if config else None,
            opts=after_nodes,
        )
        for addon, config in WITH_NODES.items()
    ]


class GpuSharing(pulumi.ComponentResource):
    """What cGPU needs in a cluster, once: the installer that sets nodes up by their label, and the scheduler's part."""

    addon: cs.KubernetesAddon

    def __init__(self, name: str, cluster: ClusterParts, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:alicloud:GpuSharing", name, None, opts)
        self.addon = cs.KubernetesAddon(
            f"{name}-installer",
            cluster_id=cluster.id,
            name="ack-ai-installer",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
