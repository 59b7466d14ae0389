"""The provider of a region's account on Alibaba Cloud."""

from typing import TYPE_CHECKING

import pulumi
import pulumi_alicloud as alicloud

if TYPE_CHECKING:
    from stacks.schema import AlicloudRegion


def make(name: str, spec: "AlicloudRegion", parent: pulumi.Resource) -> alicloud.Provider:
    """Credentials come from the environment alone (ALIBABA_CLOUD_ACCESS_KEY_ID and _SECRET, or a profile): the SDK does
    not mark its provider's `secret_key` as a secret, so one given here would lie open in the state.
    """
    return alicloud.Provider(
        name, region=spec.region, account_id=spec.account_id, opts=pulumi.ResourceOptions(parent=parent)
    )
