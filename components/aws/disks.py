"""The class of volumes that name none: EKS comes without a default one."""

import pulumi
from pulumi_kubernetes import storage

from components import naming


class DefaultDisks(pulumi.ComponentResource):
    """gp3, encrypted with the region's key, made in the zone of the pod that asks."""

    def __init__(self, name: str, key: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:DefaultDisks", name, None, opts)
        storage.v1.StorageClass(
            f"{name}-class",
            # Named by the provider: a class can't be changed, only replaced, and volumes find it by its mark.
            metadata={
                "labels": naming.labels("disks", name, "storage"),
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
            provisioner="ebs.csi.aws.com",
            parameters={"type": "gp3", "encrypted": "true", "kmsKeyId": key},
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            reclaim_policy="Delete",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
