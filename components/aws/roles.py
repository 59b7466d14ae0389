"""Roles of IAM."""

import pulumi
from pulumi_aws import iam

from components.aws import names
from components.cloud_args import Tags
from components.tags import tags

_LONGEST_NAME = 64


def make(name: str, description: str, trust: pulumi.Input[str], common: Tags, opts: pulumi.ResourceOptions) -> iam.Role:
    """A role without rights; whoever makes it gives it some. `trust`: who may assume it."""
    return iam.Role(
        name,
        name=names.bounded(name, _LONGEST_NAME),
        description=description,
        assume_role_policy=trust,
        tags=tags(common, name),
        opts=opts,
    )
