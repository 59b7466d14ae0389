"""A project of Alibaba Cloud's log service (SLS) of the region's own."""

import pulumi
from pulumi_alicloud import log

from components.alicloud import account, names
from components.cloud_args import Tags
from components.tags import tags


def project(name: str, parent: pulumi.Resource, common: Tags, description: str) -> log.Project:
    """Its name is unique in the cloud's region, not in the account: it ends in the account's id."""
    owner = account.own(pulumi.InvokeOptions(parent=parent))
    return log.Project(
        name,
        project_name=owner.apply(lambda account: names.fitted(f"{name}-{account}", names.LOG_PROJECT)),
        description=description,
        tags=tags(common, name),
        opts=pulumi.ResourceOptions(parent=parent),
    )
