"""Tencent Cloud: inputs that only a new resource can have; the SDK's texts do not say.

From the `ForceNew` marks of terraform-provider-tencentcloud (website/docs/r, read 2026-11 for the cluster, both
kinds of node pool, bucket, file system, subnet, NAT gateway and VPN connection), which the SDK is made from; of the
other resources, from its schemas.
"""

from typing import Final


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


REPLACED: Final[dict[str, frozenset[str]]] = {
    "tencentcloud:Cam/policy:Policy": _set("name"),
    "tencentcloud:Cam/role:Role": _set("name"),
    "tencentcloud:Cam/rolePolicyAttachment:RolePolicyAttachment": _set("policyId roleId"),
    "tencentcloud:Cam/rolePolicyAttachmentByName:RolePolicyAttachmentByName": _set("policyName roleName"),
    "tencentcloud:Cam/roleSso:RoleSso": _set("name"),
    "tencentcloud:Cfs/accessRule:AccessRule": _set("accessGroupId"),
    "tencentcloud:Cfs/fileSystem:FileSystem": _set(
        "availabilityZone ccnId cidrBlock mountIp netInterface protocol storageType subnetId vpcId"
    ),
    "tencentcloud:Cls/index:Index": _set("topicId"),
    "tencentcloud:Cls/topic:Topic": _set("logsetId partitionCount storageType"),
    "tencentcloud:Cos/bucket:Bucket": _set("bucket cdcId chdfsOfs multiAz"),
    "tencentcloud:Cos/bucketPolicy:BucketPolicy": _set("bucket"),
    "tencentcloud:Dnspod/record:Record": _set("domain"),
    "tencentcloud:Eip/instance:Instance": _set("anycastZone cdcId internetServiceProvider type"),
    "tencentcloud:Kms/key:Key": _set("hsmClusterId keyUsage"),
    "tencentcloud:Kubernetes/addon:Addon": _set("addonName clusterId"),
    "tencentcloud:Kubernetes/authAttachment:AuthAttachment": _set("clusterId"),
    "tencentcloud:Kubernetes/cluster:Cluster": _set(
        "basePodNum clusterCidr clusterDeployType clusterExtraArgs clusterIpvs clusterMaxPodNum "
        "clusterMaxServiceNum clusterOsType clusterSubnetId containerRuntime dockerGraphPath extraArgs "
        "globeDesiredPodNum ignoreClusterCidrConflict ignoreServiceCidrConflict isDualStack isNonStaticIpMode "
        "labels masterConfigs mountTarget networkType nodeNameType preStartUserScript serviceCidr unschedulable "
        "vpcId workerConfigs"
    ),
    "tencentcloud:Kubernetes/clusterEndpoint:ClusterEndpoint": _set("clusterId"),
    "tencentcloud:Kubernetes/encryptionProtection:EncryptionProtection": _set("clusterId kmsConfiguration"),
    "tencentcloud:Kubernetes/logConfig:LogConfig": _set("clusterId clusterType logConfigName logsetId"),
    "tencentcloud:Kubernetes/nativeNodePool:NativeNodePool": _set(
        "clusterId native.instanceChargePrepaid native.instanceChargeType native.instanceTypes "
        "native.internetAccessible native.machineType native.runtimeRootDir native.systemDisk"
    ),
    "tencentcloud:Kubernetes/nodePool:NodePool": _set(
        "autoScalingConfig.camRoleName autoScalingConfig.cdcId autoScalingConfig.dataDisks.snapshotId "
        "autoScalingConfig.enhancedMonitorService autoScalingConfig.instanceType autoScalingConfig.keyIds "
        "autoScalingConfig.password autoUpdateInstanceTags clusterId nodeConfig.dataDisks nodeConfig.desiredPodNum "
        "nodeConfig.dockerGraphPath nodeConfig.extraArgs nodeConfig.gpuArgs nodeConfig.isSchedule "
        "nodeConfig.mountTarget retryPolicy scalingMode subnetIds unschedulable vpcId"
    ),
    "tencentcloud:Nat/gateway:Gateway": _set("natProductVersion subnetId vpcId zone"),
    "tencentcloud:Route/table:Table": _set("vpcId"),
    "tencentcloud:Route/tableEntry:TableEntry": _set("destinationCidrBlock nextHub nextType routeTableId"),
    "tencentcloud:Security/group:Group": _set("projectId"),
    "tencentcloud:Security/groupRuleSet:GroupRuleSet": _set("securityGroupId"),
    "tencentcloud:Subnet/instance:Instance": _set("availabilityZone cdcId cidrBlock vpcId"),
    "tencentcloud:Tcr/instance:Instance": _set("name"),
    "tencentcloud:Tcr/namespace:Namespace": _set("instanceId name"),
    "tencentcloud:Tcr/repository:Repository": _set("instanceId name namespaceName"),
    "tencentcloud:Tcr/vpcAttachment:VpcAttachment": _set("instanceId subnetId vpcId"),
    "tencentcloud:Vpc/instance:Instance": _set("cidrBlock"),
    "tencentcloud:Vpc/peerConnectAcceptOperation:PeerConnectAcceptOperation": _set("peeringConnectionId"),
    "tencentcloud:Vpc/peerConnectManager:PeerConnectManager": _set(
        "destinationRegion destinationUin destinationVpcId sourceVpcId"
    ),
    "tencentcloud:Vpn/connection:Connection": _set("customerGatewayId vpcId vpnGatewayId"),
    "tencentcloud:Vpn/customerGateway:CustomerGateway": _set("publicIpAddress"),
    "tencentcloud:Vpn/gateway:Gateway": _set("cdcId type vpcId zone"),
    "tencentcloud:Vpn/gatewayRoute:GatewayRoute": _set(
        "destinationCidrBlock instanceId instanceType priority vpnGatewayId"
    ),
}
