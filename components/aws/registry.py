"""A private registry for the region's images."""

import json

import pulumi
from pulumi_aws import ecr

from components.cloud_args import RegistryArgs
from components.tags import tags

_UNTAGGED_DAYS = 14


class Registry(pulumi.ComponentResource):
    """One repository an image, `{url}/{image}`: a tag once pushed stays what it is, and is scanned."""

    url: pulumi.Output[str]

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:Registry", name, None, opts)
        made = {image: self._repository(name, image, args) for image in args.repositories}
        first = args.repositories[0]
        self.url = made[first].repository_url.apply(lambda url: url.removesuffix(f"/{first}"))
        self.register_outputs({"url": self.url})

    def _repository(self, name: str, image: str, args: RegistryArgs) -> ecr.Repository:
        child = pulumi.ResourceOptions(parent=self)
        repository = ecr.Repository(
            f"{name}-{image}",
            name=f"{name}/{image}",
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": args.key}],
            force_delete=False,
            tags=tags(args.tags, f"{name}/{image}"),
            opts=child,
        )
        ecr.LifecyclePolicy(
            f"{name}-{image}-untagged", repository=repository.name, policy=untagged_expire(), opts=child
        )
        return repository


def untagged_expire() -> str:
    """Layers of failed pushes; what has a tag is kept."""
    selection = {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": _UNTAGGED_DAYS,
    }
    rule = {
        "rulePriority": 1,
        "description": "Images without a tag",
        "selection": selection,
        "action": {"type": "expire"},
    }
    return json.dumps({"rules": [rule]})
