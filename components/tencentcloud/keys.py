"""Keys of KMS: the region's own, or one that exists."""

from collections.abc import Sequence
from typing import Any

import pulumi
from tencentcloud_iac_pulumi import kms

from components.cloud_args import Tags
from components.tags import tags
from components.tencentcloud.names import ALIAS, fitted

_WAIT_DAYS = 30  # the longest: what a deleted key encrypted is lost


def make(name: str, common: Tags, parent: pulumi.Resource) -> pulumi.Output[str]:
    """Returns the id of a key that KMS turns over every year. Disks, buckets and Secrets use it."""
    return kms.Key(
        name,
        alias=fitted(name, ALIAS),
        description="Encrypts the region's bucket, disks and Kubernetes Secrets",
        key_usage="ENCRYPT_DECRYPT",
        is_enabled=True,
        key_rotation_enabled=True,
        pending_delete_window_in_days=_WAIT_DAYS,
        tags=tags(common, name),
        opts=pulumi.ResourceOptions(parent=parent),
    ).id


def existing(id: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """The id, once the key is found and can be used."""
    found = kms.get_keys_output(opts=pulumi.InvokeOutputOptions(parent=parent))
    return found.apply(lambda answer: _usable(id, answer.key_lists or []))


def _usable(id: str, keys: Sequence[Any]) -> str:
    states = {key.key_id: key.key_state for key in keys}
    if id not in states:
        raise pulumi.RunError(f"storage.key: {id} is not in this account and region: correct the id")
    if states[id] != "Enabled":
        raise pulumi.RunError(f"storage.key: {id} is {states[id]}, and can encrypt nothing: enable it, or use another")
    return id
