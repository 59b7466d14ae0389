"""A model folder on a volume, verified before anything loads it."""

from dataclasses import dataclass
from pathlib import PurePosixPath

import pulumi
from pulumi_kubernetes import batch, core
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from components import naming
from components.types import Resources, StoredModel, Volume
from components.workloads import pod

_MOUNT = "/models"
_VOLUME = Volume(size="1Gi")
_RESOURCES = Resources(cpu_request="250m", cpu_limit="2", memory_request="512Mi", memory_limit="2Gi")
_JOB_SECONDS = 1800  # a 20 GB folder is read and hashed at 11 MB/s or more


@dataclass(frozen=True, kw_only=True)
class TinyModel:
    """A small GLM-4V with random weights, the same for the same seed."""

    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class ModelFolder:
    """A folder that is on every node that may run the model: local, or a shared file system's mount."""

    path: str

    def __post_init__(self) -> None:
        path = PurePosixPath(self.path)
        if not path.is_absolute() or ".." in path.parts:
            raise ValueError(f"ModelFolder.path: {self.path!r} is not allowed: give an absolute path without `..`")


@dataclass(frozen=True, kw_only=True)
class ModelStoreArgs:
    """`image`: the serving image, which makes and verifies models. `volume`: what a made model is kept on."""

    namespace: pulumi.Input[str]
    image: str
    model: str
    source: TinyModel | ModelFolder
    volume: Volume = _VOLUME
    resources: Resources = _RESOURCES


class ModelStore(pulumi.ComponentResource):
    """PersistentVolumeClaim, and a Job that makes the model or verifies the one that is there.

    The Job's arguments name the source, and a Job can't be changed: another source is another Job, in another folder.
    """

    model: StoredModel

    def __init__(self, name: str, args: ModelStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:workloads:ModelStore", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels = naming.labels("model-store", name, "storage")
        metadata = pod.metadata(args.namespace, labels)

        claim = _claim(name, args, metadata, child)
        match args.source:
            case TinyModel(seed=seed):
                mount_path, path = _MOUNT, f"{_MOUNT}/{args.model}-tiny-{seed}"
                arguments = ["tiny-model", path, f"--seed={seed}"]
            case ModelFolder():
                mount_path = path = f"{_MOUNT}/{args.model}"
                arguments = ["verify", path]
        self.model = StoredModel(claim=claim.metadata["name"], mount_path=mount_path, path=path)

        batch.v1.Job(
            f"{name}-job",
            metadata=metadata,
            spec={
                "backoff_limit": 1,
                "active_deadline_seconds": _JOB_SECONDS,
                "template": pod.template(
                    labels,
                    {
                        "service_account_name": pod.account(name, metadata, child),
                        "restart_policy": "Never",  # keeps a failed pod, and so its log, for the message
                        "containers": [
                            pod.container(
                                {
                                    "name": "model",
                                    "image": args.image,
                                    "command": ["python3", "-m", "autoglm_serving"],
                                    "args": arguments,
                                    "resources": pod.resources(args.resources),
                                    "volume_mounts": [
                                        {
                                            "name": "models",
                                            "mount_path": mount_path,
                                            "read_only": isinstance(args.source, ModelFolder),
                                        }
                                    ],
                                }
                            )
                        ],
                        "volumes": [{"name": "models", "persistent_volume_claim": {"claim_name": self.model.claim}}],
                    },
                ),
            },
            opts=pulumi.ResourceOptions(
                parent=self, custom_timeouts=pulumi.CustomTimeouts(create=f"{_JOB_SECONDS + 60}s")
            ),
        )
        self.register_outputs({"claim": self.model.claim, "path": self.model.path})


def _claim(
    name: str, args: ModelStoreArgs, metadata: ObjectMetaArgsDict, child: pulumi.ResourceOptions
) -> core.v1.PersistentVolumeClaim:
    """A new volume for a model that is made here; a static one on the folder that is there."""
    if isinstance(args.source, TinyModel):
        return core.v1.PersistentVolumeClaim(
            f"{name}-claim", metadata=metadata, spec=pod.claim(args.volume), opts=child
        )
    volume = core.v1.PersistentVolume(
        f"{name}-volume",
        metadata={"labels": metadata["labels"]},
        spec={
            "capacity": {"storage": args.volume.size},
            "access_modes": ["ReadOnlyMany"],
            "persistent_volume_reclaim_policy": "Retain",
            "storage_class_name": "",
            "host_path": {"path": args.source.path, "type": "Directory"},
        },
        opts=child,
    )
    return core.v1.PersistentVolumeClaim(
        f"{name}-claim",
        metadata=metadata,
        spec={
            "access_modes": ["ReadOnlyMany"],
            "resources": {"requests": {"storage": args.volume.size}},
            "storage_class_name": "",
            "volume_name": volume.metadata["name"],
        },
        opts=child,
    )
