"""A model folder on a volume, verified before anything loads it."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import batch

from components import naming
from components.types import Resources, StoredModel, Volume, WorkloadIdentity
from components.workloads import model_claim, pod
from components.workloads.model_source import MADE_HERE, ModelFolder, ModelSource, PhoneModel, SharedFolder, TinyModel

_MOUNT = "/models"
_VOLUME = Volume(size="1Gi")
_RESOURCES = Resources(cpu_request="250m", cpu_limit="2", memory_request="512Mi", memory_limit="2Gi")
_LOOKS_AGAIN = {"pulumi.com/replaceUnready": "true"}  # a Job that failed is made anew by the next update
_JOB_SECONDS = 1800  # a 20 GB folder is read and hashed at 11 MB/s or more


@dataclass(frozen=True, kw_only=True)
class ModelStoreArgs:
    """`image`: the serving image, which makes and verifies models. `volume`: what a made model is kept on."""

    namespace: pulumi.Input[str]
    image: str
    model: str
    source: ModelSource
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

        claim = model_claim.make(name, args.source, args.volume, metadata, child)
        match args.source:
            case TinyModel(seed=seed):
                mount_path, path = _MOUNT, f"{_MOUNT}/{args.model}-tiny-{seed}"
                arguments = ["tiny-model", path, f"--seed={seed}"]
            case PhoneModel():
                mount_path, path = _MOUNT, f"{_MOUNT}/{args.model}-tinyphone"
                arguments = ["tinyphone", path]
            case ModelFolder():
                mount_path = path = f"{_MOUNT}/{args.model}"
                arguments = ["verify", path]
            case SharedFolder(path=folder):
                mount_path, path = _MOUNT, f"{_MOUNT}{folder}"
                arguments = ["verify", path]
        self.model = StoredModel(claim=claim.metadata["name"], mount_path=mount_path, path=path)

        batch.v1.Job(
            f"{name}-job",
            metadata={**metadata, "annotations": _LOOKS_AGAIN},
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
