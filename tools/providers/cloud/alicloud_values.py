"""Alibaba Cloud: values that it takes, of inputs that the components give. From the texts of the SDK."""

from typing import Any, Final

_ACCESS: Final = ("private", "public-read", "public-read-write")

VALUES: Final[dict[str, dict[str, tuple[Any, ...]]]] = {
    "alicloud:cs/nodePool:NodePool": {
        "dataDisks.encrypted": ("true", "false"),
        "instanceChargeType": ("PostPaid", "PrePaid"),
        "instanceMetadataOptions.httpTokens": ("optional", "required"),
        "multiAzPolicy": ("PRIORITY", "COST_OPTIMIZED", "BALANCE"),
        "scalingConfig.type": ("cpu", "gpu", "gpushare", "spot"),
        "scalingPolicy": ("release", "recycle"),
        "spotStrategy": ("NoSpot", "SpotWithPriceLimit", "SpotAsPriceGo"),
        "taints.effect": ("NoSchedule", "NoExecute", "PreferNoSchedule"),
    },
    "alicloud:ecs/securityGroupRule:SecurityGroupRule": {
        "ipProtocol": ("tcp", "udp", "icmp", "icmpv6", "gre", "all"),
        "nicType": ("internet", "intranet"),
        "policy": ("accept", "drop"),
        "type": ("ingress", "egress"),
    },
    "alicloud:kms/key:Key": {
        "automaticRotation": ("Enabled", "Disabled"),
        "keyUsage": ("ENCRYPT/DECRYPT", "SIGN/VERIFY"),
        "protectionLevel": ("SOFTWARE", "HSM"),
        "status": ("Enabled", "Disabled", "PendingDeletion"),
    },
    "alicloud:nas/fileSystem:FileSystem": {
        "encryptType": (0, 1, 2),
        "fileSystemType": ("standard", "extreme", "cpfs", "cpfsse"),
        "protocolType": ("NFS", "SMB", "cpfs"),
    },
    "alicloud:oss/bucket:Bucket": {
        "acl": _ACCESS,
        "redundancyType": ("LRS", "ZRS"),
        "serverSideEncryptionRule.sseAlgorithm": ("AES256", "KMS"),
        "versioning.status": ("Enabled", "Suspended"),
    },
    "alicloud:oss/bucketAcl:BucketAcl": {"acl": _ACCESS},
    "alicloud:ram/rolePolicyAttachment:RolePolicyAttachment": {"policyType": ("Custom", "System")},
    "alicloud:vpc/flowLog:FlowLog": {
        "resourceType": ("NetworkInterface", "VSwitch", "VPC"),
        "trafficType": ("All", "Allow", "Drop"),
    },
    "alicloud:vpc/natGateway:NatGateway": {
        "natType": ("Enhanced",),
        "networkType": ("internet", "intranet"),
        "paymentType": ("PayAsYouGo",),
    },
}
