"""The AWS provider of a region: explicit, and guarded against the wrong account."""

from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

if TYPE_CHECKING:
    from stacks.schema import AwsRegion


def make(name: str, spec: "AwsRegion", parent: pulumi.Resource) -> aws.Provider:
    return for_region(name, spec.region, spec.account_id, parent)


def for_region(name: str, region: str, account: str, parent: pulumi.Resource) -> aws.Provider:
    """Credentials come from the environment, never from a file of this repository; for another account than `account`
    the provider refuses to start. The region's name decides the partition (China's are `cn-…`)."""
    return aws.Provider(name, region=region, allowed_account_ids=[account], opts=pulumi.ResourceOptions(parent=parent))
