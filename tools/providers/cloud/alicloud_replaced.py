"""Alibaba Cloud: inputs that only a new resource can have; the SDK's texts do not say.

From the `ForceNew` marks of terraform-provider-alicloud (website/docs/r, read 2026-11 for the cluster, key, file
system, switch and gateway), which pulumi-alicloud is made from; of the other resources, from its schemas.
"""

from typing import Final


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_NAME: Final = frozenset(("bucket",))

REPLACED: Final[dict[str, frozenset[str]]] = {
    "alicloud:cr/scanRule:ScanRule": _set("instanceId"),
    "alicloud:cr/vpcEndpointLinkedVpc:VpcEndpointLinkedVpc": _set(
        "enableCreateDnsRecordInPvzt instanceId moduleName vpcId vswitchId"
    ),
    "alicloud:cs/autoscalingConfig:AutoscalingConfig": _set("clusterId"),
    "alicloud:cs/kubernetesAddon:KubernetesAddon": _set("clusterId name"),
    "alicloud:cs/kubernetesPermission:KubernetesPermission": _set("uid"),
    "alicloud:cs/managedKubernetes:ManagedKubernetes": _set(
        "apiAudiences autoMode clusterDomain ipStack isEnterpriseSecurityGroup nodeCidrMask podCidr profile "
        "proxyMode serviceAccountIssuer serviceCidr"
    ),
    "alicloud:cs/nodePool:NodePool": _set(
        "autoMode cisEnabled clusterId deploymentSetId efloNodeGroup installCloudMonitor instanceMetadataOptions "
        "nodeNameMode ramRoleName securityGroupId securityGroupIds socEnabled teeConfig type"
    ),
    "alicloud:cs/registryEnterpriseNamespace:RegistryEnterpriseNamespace": _set("instanceId name"),
    "alicloud:cs/registryEnterpriseRepo:RegistryEnterpriseRepo": _set("instanceId name namespace"),
    "alicloud:dns/alidnsDomain:AlidnsDomain": _set("domainName"),
    "alicloud:dns/alidnsRecord:AlidnsRecord": _set("domainName"),
    "alicloud:ecs/eipAddress:EipAddress": _set("activityId internetChargeType isp netmode publicIpAddressPoolId zone"),
    "alicloud:ecs/eipAssociation:EipAssociation": _set("allocationId instanceId instanceType privateIpAddress vpcId"),
    "alicloud:ecs/securityGroup:SecurityGroup": _set("securityGroupType vpcId"),
    "alicloud:ecs/securityGroupRule:SecurityGroupRule": _set(
        "cidrIp ipProtocol ipv6CidrIp nicType policy portRange prefixListId priority securityGroupId "
        "sourceGroupOwnerAccount sourceSecurityGroupId type"
    ),
    "alicloud:kms/alias:Alias": _set("aliasName"),
    "alicloud:kms/key:Key": _set("dkmsInstanceId keySpec keyUsage origin protectionLevel"),
    "alicloud:log/project:Project": _set("name projectName"),
    "alicloud:log/store:Store": _set("encryptConf logstoreName name project projectName telemetryType"),
    "alicloud:nas/accessGroup:AccessGroup": _set("accessGroupName accessGroupType fileSystemType"),
    "alicloud:nas/accessRule:AccessRule": _set("accessGroupName fileSystemType"),
    "alicloud:nas/fileSystem:FileSystem": _set(
        "encryptType fileSystemType kmsKeyId protocolType redundancyType redundancyVswitchIds snapshotId "
        "storageType vpcId vswitchId zoneId"
    ),
    "alicloud:nas/mountTarget:MountTarget": _set("fileSystemId networkType securityGroupId vpcId vswitchId"),
    "alicloud:oss/bucket:Bucket": _set("bucket redundancyType storageClass"),
    "alicloud:oss/bucketAcl:BucketAcl": _NAME,
    "alicloud:oss/bucketHttpsConfig:BucketHttpsConfig": _NAME,
    "alicloud:oss/bucketPolicy:BucketPolicy": _NAME,
    "alicloud:oss/bucketPublicAccessBlock:BucketPublicAccessBlock": _NAME,
    "alicloud:oss/bucketReplication:BucketReplication": _set(
        "action bucket destination encryptionConfiguration historicalObjectReplication prefixSet "
        "sourceSelectionCriteria syncRole"
    ),
    "alicloud:ram/policy:Policy": _set("policyName"),
    "alicloud:ram/role:Role": _set("roleName"),
    "alicloud:ram/rolePolicyAttachment:RolePolicyAttachment": _set("policyName policyType roleName"),
    "alicloud:slb/acl:Acl": _set("ipVersion"),
    "alicloud:slb/aclEntryAttachment:AclEntryAttachment": _set("aclId comment entry"),
    "alicloud:vpc/flowLog:FlowLog": _set("logStoreName projectName resourceId resourceType trafficType"),
    "alicloud:vpc/natGateway:NatGateway": _set("availabilityMode networkType vpcId vswitchId"),
    "alicloud:vpc/network:Network": _set("isDefault"),
    "alicloud:vpc/peerConnection:PeerConnection": _set("acceptingAliUid acceptingRegionId acceptingVpcId vpcId"),
    "alicloud:vpc/peerConnectionAccepter:PeerConnectionAccepter": _set("instanceId"),
    "alicloud:vpc/routeEntry:RouteEntry": _set("destinationCidrblock nexthopId nexthopType routeTableId"),
    "alicloud:vpc/routeTable:RouteTable": _set("associateType vpcId"),
    "alicloud:vpc/routeTableAttachment:RouteTableAttachment": _set("routeTableId vswitchId"),
    "alicloud:vpc/snatEntry:SnatEntry": _set("snatTableId sourceCidr sourceVswitchId"),
    "alicloud:vpc/switch:Switch": _set("availabilityZone cidrBlock vpcId zoneId"),
    "alicloud:vpn/connection:Connection": _set("customerGatewayId vpnGatewayId"),
    "alicloud:vpn/customerGateway:CustomerGateway": _set("asn ipAddress"),
    "alicloud:vpn/gateway:Gateway": _set("disasterRecoveryVswitchId networkType vpcId vpnType vswitchId"),
    "alicloud:vpn/routeEntry:RouteEntry": _set("nextHop routeDest vpnGatewayId"),
}
