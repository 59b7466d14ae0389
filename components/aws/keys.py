"""The region's KMS key: disks, Secrets, objects, files and images are encrypted with it."""

from typing import Any

import pulumi
from pulumi_aws import kms

from components import refusal
from components.aws import partition, policy
from components.cloud_args import Tags
from components.tags import tags

# All that a key can do, named one by one: the account's own policies decide who may do what.
_MANAGE = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:CreateGrant",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RetireGrant",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
USE = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)


def make(name: str, region: str, account: str, common: Tags, parent: pulumi.Resource) -> kms.Key:
    child = pulumi.ResourceOptions(parent=parent)
    key = kms.Key(
        name,
        description=f"{name}: disks, Secrets, objects, files and images of the region",
        enable_key_rotation=True,
        deletion_window_in_days=30,
        policy=key_policy(region, account),
        tags=tags(common, name),
        opts=child,
    )
    kms.Alias(f"{name}-alias", name=f"alias/{name}", target_key_id=key.key_id, opts=child)
    return key


def key_policy(region: str, account: str) -> str:
    """For the account, and for the Auto Scaling service, which starts nodes with encrypted disks.

    That service's role may not exist before an account's first group, and KMS refuses a policy that names an unknown
    principal. A condition may name it. https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html
    """
    arn = f"arn:{partition.of(region).name}:iam::{account}"
    scaling = f"{arn}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    is_scaling: dict[str, Any] = {
        "StringEquals": {"kms:CallerAccount": account},
        "ArnEquals": {"aws:PrincipalArn": scaling},
    }
    for_aws = is_scaling | {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    anyone = {"AWS": "*"}
    return policy.document(
        {**policy.allow(sorted({*_MANAGE, *USE}), "*"), "Sid": "Account", "Principal": {"AWS": f"{arn}:root"}},
        {**policy.allow(USE, "*", is_scaling), "Sid": "NodeDisks", "Principal": anyone},
        {**policy.allow(["kms:CreateGrant"], "*", for_aws), "Sid": "NodeDisksGrants", "Principal": anyone},
    )


def refuse(asked: str, *, state: str, usage: str) -> None:
    """Raises ValueError for an existing key that encrypts nothing."""
    if (state, usage) != ("Enabled", "ENCRYPT_DECRYPT"):
        raise ValueError(
            f"storage.key: {asked} is a key in the state {state} for {usage}: name an enabled one for ENCRYPT_DECRYPT, "
            "or leave it out to have one made"
        )


def existing(asked: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """The ARN of a key that exists. Its own policy must let Auto Scaling use it, as `key_policy` does."""
    found = kms.get_key_output(key_id=asked, opts=pulumi.InvokeOptions(parent=parent))

    def check(key: Any) -> str:  # noqa: ANN401  the SDK's result class has untyped attributes
        with refusal.ends_the_run():
            refuse(asked, state=key.key_state, usage=key.key_usage)
        return str(key.arn)

    return found.apply(check)
