"""Tencent Cloud: values that it takes, of inputs that the components give. From the texts of the SDK."""

from typing import Any, Final

_EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_DISKS: Final = (
    *("LOCAL_BASIC", "LOCAL_SSD", "CLOUD_BASIC", "CLOUD_PREMIUM", "CLOUD_SSD", "CLOUD_HSSD", "CLOUD_TSSD"),
    *("CLOUD_BSSD", "LOCAL_NVME"),
)

VALUES: Final[dict[str, dict[str, tuple[Any, ...]]]] = {
    "tencentcloud:Cfs/accessRule:AccessRule": {
        "rwPermission": ("RO", "RW"),
        "userPermission": ("all_squash", "no_all_squash", "root_squash", "no_root_squash"),
    },
    "tencentcloud:Cfs/fileSystem:FileSystem": {"protocol": ("NFS", "CIFS", "TURBO")},
    "tencentcloud:Cos/bucket:Bucket": {
        "acl": ("private", "public-read", "public-read-write"),
        "encryptionAlgorithm": ("AES256", "KMS", "SM4"),
    },
    "tencentcloud:Kubernetes/cluster:Cluster": {
        "clusterDeployType": ("MANAGED_CLUSTER", "INDEPENDENT_CLUSTER"),
        "containerRuntime": ("docker", "containerd"),
        "networkType": ("GR", "VPC-CNI", "CiliumOverlay"),
        "vpcCniType": ("tke-route-eni", "tke-direct-eni"),
    },
    "tencentcloud:Kubernetes/nativeNodePool:NativeNodePool": {
        "type": ("Native",),
        "native.instanceChargeType": ("PREPAID", "POSTPAID_BY_HOUR"),
        "native.scaling.createPolicy": ("ZoneEquality", "ZonePriority"),
        "native.dataDisks.encrypt": ("ENCRYPT",),
        "native.systemDisk.diskType": ("CLOUD_PREMIUM", "CLOUD_SSD", "CLOUD_BSSD", "CLOUD_HSSD"),
        "taints.effect": _EFFECTS,
    },
    "tencentcloud:Kubernetes/nodePool:NodePool": {
        "autoScalingConfig.instanceChargeType": ("PREPAID", "POSTPAID_BY_HOUR", "SPOTPAID", "CDCPAID"),
        "autoScalingConfig.spotInstanceType": ("one-time",),
        "autoScalingConfig.systemDiskType": _DISKS,
        "autoScalingConfig.dataDisks.diskType": _DISKS,
        "multiZoneSubnetPolicy": ("PRIORITY", "EQUALITY"),
        "retryPolicy": ("IMMEDIATE_RETRY", "INCREMENTAL_INTERVALS"),
        "taints.effect": _EFFECTS,
    },
    "tencentcloud:Route/tableEntry:TableEntry": {
        "nextType": (
            *("CVM", "VPN", "DIRECTCONNECT", "PEERCONNECTION", "HAVIP", "NAT", "NORMAL_CVM", "EIP"),
            *("LOCAL_GATEWAY", "INTRANAT", "USER_CCN"),
        )
    },
    "tencentcloud:Security/groupRuleSet:GroupRuleSet": {
        "egresses.action": ("ACCEPT", "DROP"),
        "ingresses.action": ("ACCEPT", "DROP"),
    },
    "tencentcloud:Vpc/flowLog:FlowLog": {"trafficType": ("ACCEPT", "REJECT", "ALL")},
}
