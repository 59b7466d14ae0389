"""What shares cards on native nodes: TKE's add-on for qGPU, once in a cluster."""

import pulumi
from tencentcloud_iac_pulumi import kubernetes


class GpuSharing(pulumi.ComponentResource):
    """Pods ask for tke.cloud.tencent.com/qgpu-core and /qgpu-memory, hundredths of a card and GiB."""

    addon: kubernetes.Addon

    def __init__(self, name: str, cluster: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:tencentcloud:GpuSharing", name, None, opts)
        self.addon = kubernetes.Addon(
            f"{name}-qgpu", cluster_id=cluster, addon_name="qgpu", opts=pulumi.ResourceOptions(parent=self)
        )
        self.register_outputs({})
