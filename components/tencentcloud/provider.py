"""The provider of a region's account on Tencent Cloud: explicit, and guarded against the wrong account."""

from typing import TYPE_CHECKING

import pulumi
import tencentcloud_iac_pulumi as tencentcloud

if TYPE_CHECKING:
    from stacks.schema import TencentcloudRegion


def make(name: str, spec: "TencentcloudRegion", parent: pulumi.Resource) -> tencentcloud.Provider:
    return for_region(name, spec.region, spec.account_id, parent)


def for_region(name: str, region: str, account: str, parent: pulumi.Resource) -> tencentcloud.Provider:
    """Credentials come from the environment alone (TENCENTCLOUD_SECRET_ID and _KEY); for another account than `account`
    (its owner's UIN) the provider refuses to start."""
    return tencentcloud.Provider(
        name, region=region, allowed_account_ids=[account], opts=pulumi.ResourceOptions(parent=parent)
    )
