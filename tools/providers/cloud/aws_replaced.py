"""AWS: inputs that only a new resource can have, beside those whose text in the SDK says so.

From the schemas of terraform-provider-aws 6 (`ForceNew`, `RequiresReplace`), which pulumi-aws 7 is made from.
"""

from typing import Final


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_BUCKET: Final = frozenset(("bucket", "expectedBucketOwner"))

REPLACED: Final[dict[str, frozenset[str]]] = {
    "aws:autoscaling/tag:Tag": _set("autoscalingGroupName tag.key"),
    "aws:cloudwatch/logGroup:LogGroup": _set("logGroupClass name namePrefix"),
    "aws:ec2/customerGateway:CustomerGateway": _set("bgpAsn certificateArn deviceName ipAddress type"),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": _set("vpcId"),
    "aws:ec2/eip:Eip": _set("address customerOwnedIpv4Pool domain networkBorderGroup publicIpv4Pool"),
    "aws:ec2/flowLog:FlowLog": _set(
        "eniId iamRoleArn logDestination logDestinationType logFormat maxAggregationInterval subnetId trafficType "
        "transitGatewayId vpcId"
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": _set("name namePrefix"),
    "aws:ec2/natGateway:NatGateway": _set("allocationId availabilityMode connectivityType privateIp subnetId vpcId"),
    "aws:ec2/route:Route": _set("destinationCidrBlock destinationIpv6CidrBlock destinationPrefixListId routeTableId"),
    "aws:ec2/routeTable:RouteTable": _set("vpcId"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _set("gatewayId subnetId"),
    "aws:ec2/securityGroup:SecurityGroup": _set("description name namePrefix vpcId"),
    "aws:ec2/subnet:Subnet": _set(
        "availabilityZone availabilityZoneId cidrBlock ipv4IpamPoolId ipv6Native outpostArn vpcId"
    ),
    "aws:ec2/vpc:Vpc": _set("cidrBlock ipv4IpamPoolId ipv4NetmaskLength"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _set(
        "resourceConfigurationArn serviceName serviceNetworkArn serviceRegion vpcEndpointType vpcId"
    ),
    "aws:ec2/vpcPeeringConnection:VpcPeeringConnection": _set("peerOwnerId peerRegion peerVpcId vpcId"),
    "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter": _set("vpcPeeringConnectionId"),
    "aws:ec2/vpnConnection:VpnConnection": _set(
        "enableAcceleration outsideIpAddressType staticRoutesOnly transportTransitGatewayAttachmentId "
        "tunnelInsideIpVersion type"
    ),
    "aws:ec2/vpnConnectionRoute:VpnConnectionRoute": _set("destinationCidrBlock vpnConnectionId"),
    "aws:ec2/vpnGateway:VpnGateway": _set("amazonSideAsn availabilityZone"),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": _set("policy repository"),
    "aws:ecr/repository:Repository": _set("encryptionConfigurations name"),
    "aws:efs/accessPoint:AccessPoint": _set("fileSystemId posixUser rootDirectory"),
    "aws:efs/fileSystem:FileSystem": _set("availabilityZoneName creationToken encrypted kmsKeyId performanceMode"),
    "aws:efs/fileSystemPolicy:FileSystemPolicy": _set("fileSystemId"),
    "aws:efs/mountTarget:MountTarget": _set("fileSystemId ipAddress ipAddressType ipv6Address subnetId"),
    "aws:eks/accessEntry:AccessEntry": _set("clusterName principalArn type"),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": _set("accessScope clusterName policyArn principalArn"),
    "aws:eks/addon:Addon": _set("addonName clusterName"),
    "aws:eks/cluster:Cluster": _set(
        "accessConfig.bootstrapClusterCreatorAdminPermissions bootstrapSelfManagedAddons encryptionConfig.provider "
        "encryptionConfig.resources kubernetesNetworkConfig.ipFamily kubernetesNetworkConfig.serviceIpv4Cidr name "
        "outpostConfig roleArn"
    ),
    "aws:eks/nodeGroup:NodeGroup": _set(
        "amiType capacityType clusterName diskSize instanceTypes launchTemplate.id launchTemplate.name "
        "nodeGroupName nodeGroupNamePrefix nodeRoleArn remoteAccess subnetIds"
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": _set("clusterName namespace serviceAccount"),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": _set("url"),
    "aws:iam/role:Role": _set("name namePrefix path"),
    "aws:iam/rolePolicy:RolePolicy": _set("name namePrefix role"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _set("policyArn role"),
    "aws:kms/alias:Alias": _set("name namePrefix"),
    "aws:kms/key:Key": _set("customKeyStoreId customerMasterKeySpec keyUsage multiRegion xksKeyId"),
    "aws:route53/healthCheck:HealthCheck": _set("measureLatency referenceName requestInterval routingControlArn type"),
    "aws:route53/record:Record": _set("name setIdentifier type zoneId"),
    "aws:route53/zone:Zone": _set("delegationSetId name"),
    "aws:s3/bucket:Bucket": _set("bucket bucketNamespace bucketPrefix objectLockEnabled"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _BUCKET,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _set("bucket"),
    "aws:s3/bucketPolicy:BucketPolicy": _set("bucket"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _set("bucket"),
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": _set("bucket"),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _BUCKET,
    "aws:s3/bucketVersioning:BucketVersioning": _BUCKET,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _set("securityGroupId"),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _set("securityGroupId"),
}
