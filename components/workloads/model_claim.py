"""The volume a model lies on: a new one, a folder of the nodes, or the region's shared file system."""

import pulumi
from pulumi_kubernetes import core
from pulumi_kubernetes.core.v1 import PersistentVolumeSpecArgsDict
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from components.types import SharedFiles, Volume
from components.workloads import pod
from components.workloads.model_source import ModelFolder, ModelSource, PhoneModel, SharedFolder, TinyModel

_READ = "ReadOnlyMany"


def make(
    name: str,
    source: ModelSource,
    volume: Volume,
    metadata: ObjectMetaArgsDict,
    opts: pulumi.ResourceOptions,
) -> core.v1.PersistentVolumeClaim:
    """A new volume for a model that is made here; a static one on what is there, which no claim's end deletes."""
    match source:
        case TinyModel() | PhoneModel():
            return core.v1.PersistentVolumeClaim(f"{name}-claim", metadata=metadata, spec=pod.claim(volume), opts=opts)
        case ModelFolder(path=path):
            where: PersistentVolumeSpecArgsDict = {"host_path": {"path": path, "type": "Directory"}}
        case SharedFolder(files=files):
            where = _csi(files)
    static = core.v1.PersistentVolume(
        f"{name}-volume",
        metadata={"labels": metadata["labels"]},
        spec={
            "capacity": {"storage": volume.size},
            "access_modes": [_READ],
            "persistent_volume_reclaim_policy": "Retain",
            "storage_class_name": "",
            **where,
        },
        opts=opts,
    )
    return core.v1.PersistentVolumeClaim(
        f"{name}-claim",
        metadata=metadata,
        spec={
            "access_modes": [_READ],
            "resources": {"requests": {"storage": volume.size}},
            "storage_class_name": "",
            "volume_name": static.metadata["name"],
        },
        opts=opts,
    )


def _csi(files: SharedFiles) -> PersistentVolumeSpecArgsDict:
    return {
        "csi": {
            "driver": files.driver,
            "volume_handle": files.handle,
            "volume_attributes": dict(files.attributes),
            "read_only": True,
        },
        "mount_options": list(files.mount_options),
    }
