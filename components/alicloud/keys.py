"""A key of KMS: made, or one that exists."""

import pulumi
from pulumi_alicloud import kms

from components.cloud_args import Tags
from components.tags import tags


def made(name: str, common: Tags, parent: pulumi.Resource) -> kms.Key:
    """A default key, which rotates once a year and no faster. An account without a KMS instance may have one such key
    a region; name the one it has as `storage.key` then. A deleted key can be saved for thirty days."""
    child = pulumi.ResourceOptions(parent=parent)
    key = kms.Key(
        name,
        description=f"{name}: buckets, disks and Secrets of the region",
        key_spec="Aliyun_AES_256",
        automatic_rotation="Enabled",
        rotation_interval="365d",
        pending_window_in_days=30,
        tags=tags(common, name),
        opts=child,
    )
    kms.Alias(f"{name}-alias", alias_name=f"alias/{name}", key_id=key.id, opts=child)
    return key


def existing(key: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """Its id, once it is found to be one that encrypts."""
    found = kms.get_keys_output(ids=[key], enable_details=True, opts=pulumi.InvokeOptions(parent=parent))
    return found.apply(lambda answer: usable(key, {item.id: item.status for item in answer.keys}))


def usable(key: str, states: dict[str, str]) -> str:
    if key not in states:
        raise pulumi.RunError(
            f"storage.key: {key}: the account has no such key in this region: correct the id or region"
        )
    if states[key] != "Enabled":
        raise pulumi.RunError(f"storage.key: {key}: it is {states[key]}, so nothing could be read: enable it")
    return key
