"""The class of volumes that name none: TKE's own default one does not encrypt."""

import pulumi
from pulumi_kubernetes import storage

from components import naming
from components.tencentcloud.node_pool import DISK


class DefaultDisks(pulumi.ComponentResource):
    """Encrypted, made in the zone of the pod that asks. Of two default classes Kubernetes takes the newer, this one.
    Named by the provider: a class can't be changed, only replaced.

    The driver's `encrypt` has one value, and uses the cloud's own key of the account
    (TencentCloud/kubernetes-csi-tencentcloud, docs/README_CBS.md).
    """

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:tencentcloud:DefaultDisks", name, None, opts)
        storage.v1.StorageClass(
            f"{name}-class",
            metadata={
                "labels": naming.labels("disks", name, "storage"),
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
            provisioner="com.tencent.cloud.csi.cbs",
            parameters={"diskType": DISK, "diskChargeType": "POSTPAID_BY_HOUR", "encrypt": "ENCRYPT"},
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            reclaim_policy="Delete",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
