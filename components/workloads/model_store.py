"""A model folder on a volume, verified before anything loads it."""

from dataclasses import dataclass
from pathlib import PurePosixPath

import pulumi
from pulumi_kubernetes import batch

from components import naming
from components.types import Resources, StoredModel, Volume, WorkloadIdentity
from components.workloads import model_claim, pod
from components.workloads.job import LOOKS_AGAIN
from components.workloads.model_source import MADE_HERE, ModelFolder, ModelSource, PhoneModel, SharedFolder, TinyModel

_MOUNT = "/models"
_VOLUME = Volume(size="1Gi")
_RESOURCES = Resources(cpu_request="250m", cpu_limit="2", memory_request="512Mi", memory_limit="2Gi")
_JOB_SECONDS = 1800  # a 20 GB folder is read and hashed at 11 MB/s or more


@dataclass(frozen=True, kw_only=True)
class ModelStoreArgs:
    """`image`: the serving image, which makes and verifies models. `volume`: what a made model is kept on. `version`:
    where versions lie beside each other, each in a folder of the same volume."""

    namespace: pulumi.Input[str]
    image: str
    model: str
    source: ModelSource
    version: str | None = None
    volume: Volume = _VOLUME
    resources: Resources = _RESOURCES
    identity: WorkloadIdentity | None = None


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

        source, mount_path, path, arguments = _folder(args)
        claim = model_claim.make(name, source, args.volume, metadata, child)
        self.model = StoredModel(claim=claim.metadata["name"], mount_path=mount_path, path=path)

        batch.v1.Job(
            f"{name}-job",
            metadata={**metadata, "annotations": LOOKS_AGAIN},
            spec={
                "backoff_limit": 1,
                "active_deadline_seconds": _JOB_SECONDS,
                "template": pod.template(
                    pod.labels(labels, args.identity),
                    {
                        "service_account_name": pod.account(name, metadata, child, args.identity),
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
                                            "read_only": not isinstance(args.source, MADE_HERE),
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


def _folder(args: ModelStoreArgs) -> tuple[ModelSource, str, str, list[str]]:
    """What is mounted, where, the model's path in it, and what the Job does there. Versions share one mount, so that a
    new one changes no pod: a folder's parent then is what is mounted."""
    made = f"{_MOUNT}/{args.model}"
    match args.source:
        case TinyModel(seed=seed):
            path = f"{made}/{args.version}" if args.version else f"{made}-tiny-{seed}"
            return args.source, _MOUNT, path, ["tiny-model", path, f"--seed={seed}"]
        case PhoneModel():
            path = f"{made}/{args.version}" if args.version else f"{made}-tinyphone"
            return args.source, _MOUNT, path, ["tinyphone", path]
        case ModelFolder(path=folder) if args.version:
            parent, name = str(PurePosixPath(folder).parent), PurePosixPath(folder).name
            return ModelFolder(path=parent), _MOUNT, f"{_MOUNT}/{name}", ["verify", f"{_MOUNT}/{name}"]
        case ModelFolder():
            return args.source, made, made, ["verify", made]
        case SharedFolder(path=folder):
            return args.source, _MOUNT, f"{_MOUNT}{folder}", ["verify", f"{_MOUNT}{folder}"]
