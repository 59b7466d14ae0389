"""The class of volumes that name none, whatever the cloud."""

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes import storage

from components import naming


def make(name: str, provisioner: str, parameters: Mapping[str, pulumi.Input[str]], parent: pulumi.Resource) -> None:
    """Volumes are made in the zone of the pod that asks. `parameters`: the CSI driver's own."""
    storage.v1.StorageClass(
        f"{name}-class",
        # Named by the provider: a class can't be changed, only replaced, and volumes find it by its mark.
        metadata={
            "labels": naming.labels("disks", name, "storage"),
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        provisioner=provisioner,
        parameters=parameters,
        volume_binding_mode="WaitForFirstConsumer",
        allow_volume_expansion=True,
        reclaim_policy="Delete",
        opts=pulumi.ResourceOptions(parent=parent),
    )
