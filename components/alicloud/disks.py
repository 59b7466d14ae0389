"""The class of volumes that name none: ACK's own classes have no default among them, and do not encrypt."""

import pulumi
from pulumi_kubernetes import storage

from components import naming


class DefaultDisks(pulumi.ComponentResource):
    """Encrypted with the region's key, made in the zone of the pod that asks. Named by the provider: a class can't be
    changed, only replaced, and volumes find it by its mark.

    The driver takes the first of `type` that the zone and the node have; an AutoPL disk (`cloud_auto`) may be as small
    as etcd's volumes, an ESSD of the usual level not below 20 GiB.
    """

    def __init__(self, name: str, key: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:alicloud:DefaultDisks", name, None, opts)
        storage.v1.StorageClass(
            f"{name}-class",
            metadata={
                "labels": naming.labels("disks", name, "storage"),
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
            provisioner="diskplugin.csi.alibabacloud.com",
            parameters={"type": "cloud_auto,cloud_essd", "encrypted": "true", "kmsKeyId": key},
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            reclaim_policy="Delete",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
