"""AWS: the forms of its ids and ARNs, and what its lookups answer.

Forms: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html and the examples of the SDK's own texts.
"""

from typing import Any, Final

from tools.providers.cloud.aws_replaced import REPLACED
from tools.providers.cloud.aws_values import VALUES
from tools.providers.cloud.cloud import Cloud, Lookup

_ARN: Final = "arn:{PARTITION}"


def _arn(service: str, path: str, *, regional: bool = True) -> str:
    return f"{_ARN}:{service}:{'{REGION}' if regional else ''}:{'{ACCOUNT}'}:{path}"


def _ec2(kind: str) -> str:
    return _arn("ec2", f"{kind}/{{ID}}")


_ROLE: Final = _arn("iam", "role/{name}", regional=False)
_OIDC: Final = "https://oidc.eks.{REGION}.{DNS}/id/{HEX:.32}"
_CLUSTER: Final = {
    "arn": _arn("eks", "cluster/{name}"),
    "endpoint": "{KUBE_SERVER}",
    "identities": [{"oidcs": [{"issuer": _OIDC}]}],
    "status": "ACTIVE",
    "platformVersion": "eks.1",
}
_FILE_SYSTEM: Final = "fs-{HEX:.17}"

_IDENTIFIERS: Final = {
    "aws:autoscaling/tag:Tag": "{autoscalingGroupName},{HEX:.8}",
    "aws:cloudwatch/logGroup:LogGroup": "{name}",
    "aws:ec2/customerGateway:CustomerGateway": "cgw-{HEX:.17}",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "sg-{HEX:.17}",
    "aws:ec2/eip:Eip": "eipalloc-{HEX:.17}",
    "aws:ec2/flowLog:FlowLog": "fl-{HEX:.17}",
    "aws:ec2/internetGateway:InternetGateway": "igw-{HEX:.17}",
    "aws:ec2/launchTemplate:LaunchTemplate": "lt-{HEX:.17}",
    "aws:ec2/natGateway:NatGateway": "nat-{HEX:.17}",
    "aws:ec2/route:Route": "r-{routeTableId}{DIGITS:.10}",
    "aws:ec2/routeTable:RouteTable": "rtb-{HEX:.17}",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "rtbassoc-{HEX:.17}",
    "aws:ec2/securityGroup:SecurityGroup": "sg-{HEX:.17}",
    "aws:ec2/subnet:Subnet": "subnet-{HEX:.17}",
    "aws:ec2/vpc:Vpc": "vpc-{HEX:.17}",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "vpce-{HEX:.17}",
    "aws:ec2/vpcPeeringConnection:VpcPeeringConnection": "pcx-{HEX:.17}",
    "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter": "{vpcPeeringConnectionId}",
    "aws:ec2/vpnConnection:VpnConnection": "vpn-{HEX:.17}",
    "aws:ec2/vpnConnectionRoute:VpnConnectionRoute": "{destinationCidrBlock}:{vpnConnectionId}",
    "aws:ec2/vpnGateway:VpnGateway": "vgw-{HEX:.17}",
    "aws:ec2transitgateway/transitGateway:TransitGateway": "tgw-{HEX:.17}",
    "aws:ec2transitgateway/vpcAttachment:VpcAttachment": "tgw-attach-{HEX:.17}",
    "aws:ecr/repository:Repository": "{name}",
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": "{repository}",
    "aws:efs/accessPoint:AccessPoint": "fsap-{HEX:.17}",
    "aws:efs/fileSystem:FileSystem": _FILE_SYSTEM,
    "aws:efs/fileSystemPolicy:FileSystemPolicy": "{fileSystemId}",
    "aws:efs/mountTarget:MountTarget": "fsmt-{HEX:.17}",
    "aws:eks/accessEntry:AccessEntry": "{clusterName}:{principalArn}",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": "{clusterName}#{principalArn}#{policyArn}",
    "aws:eks/addon:Addon": "{clusterName}:{addonName}",
    "aws:eks/cluster:Cluster": "{name}",
    "aws:eks/nodeGroup:NodeGroup": "{clusterName}:{nodeGroupName}",
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": "a-{BASE:.17}",
    "aws:iam/instanceProfile:InstanceProfile": "{name}",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": _arn("iam", "oidc-provider/{HEX:.32}", regional=False),
    "aws:iam/policy:Policy": _arn("iam", "policy/{name}", regional=False),
    "aws:iam/role:Role": "{name}",
    "aws:iam/rolePolicy:RolePolicy": "{role}:{name}",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "{role}-{HEX:.26}",
    "aws:kms/alias:Alias": "{name}",
    "aws:kms/key:Key": "{HEX:.8}-1234-4123-8123-{BASE:.12}",
    "aws:route53/healthCheck:HealthCheck": "{HEX:.8}-1234-4123-8123-{BASE:.12}",
    "aws:route53/record:Record": "{zoneId}_{name}_{type}",
    "aws:route53/zone:Zone": "Z{BASE:.20}",
    "aws:s3/bucket:Bucket": "{bucket}",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "{bucket}",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "{bucket}",
    "aws:s3/bucketPolicy:BucketPolicy": "{bucket}",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "{bucket}",
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": "{bucket}",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "{bucket}",
    "aws:s3/bucketVersioning:BucketVersioning": "{bucket}",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "sgr-{HEX:.17}",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "sgr-{HEX:.17}",
}

_OUTPUTS: Final[dict[str, dict[str, Any]]] = {
    "aws:cloudwatch/logGroup:LogGroup": {"arn": _arn("logs", "log-group:{name}")},
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": {"arn": _ec2("security-group")},
    "aws:ec2/eip:Eip": {"allocationId": "{ID}", "arn": _ec2("elastic-ip"), "publicIp": "203.0.113.10"},
    "aws:ec2/flowLog:FlowLog": {"arn": _ec2("vpc-flow-log")},
    "aws:ec2/internetGateway:InternetGateway": {"arn": _ec2("internet-gateway"), "ownerId": "{ACCOUNT}"},
    "aws:ec2/launchTemplate:LaunchTemplate": {"arn": _ec2("launch-template"), "latestVersion": 1, "defaultVersion": 1},
    "aws:ec2/natGateway:NatGateway": {"publicIp": "203.0.113.10", "privateIp": "10.0.0.10"},
    "aws:ec2/routeTable:RouteTable": {"arn": _ec2("route-table"), "ownerId": "{ACCOUNT}"},
    "aws:ec2/securityGroup:SecurityGroup": {"arn": _ec2("security-group"), "ownerId": "{ACCOUNT}"},
    "aws:ec2/subnet:Subnet": {"arn": _ec2("subnet"), "availabilityZoneId": "usw2-az1", "ownerId": "{ACCOUNT}"},
    "aws:ec2/vpc:Vpc": {
        "arn": _ec2("vpc"),
        "ownerId": "{ACCOUNT}",
        "enableDnsSupport": True,
        "instanceTenancy": "default",
        "mainRouteTableId": "rtb-{HEX:.17}",
        "defaultRouteTableId": "rtb-{HEX:.17}",
        "defaultSecurityGroupId": "sg-{HEX:.17}",
        "defaultNetworkAclId": "acl-{HEX:.17}",
    },
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"arn": _ec2("vpc-endpoint"), "state": "available"},
    "aws:ec2/vpcPeeringConnection:VpcPeeringConnection": {"acceptStatus": "pending-acceptance"},
    "aws:ec2/vpnConnection:VpnConnection": {
        "arn": _ec2("vpn-connection"),
        "tunnel1Address": "203.0.113.21",
        "tunnel2Address": "203.0.113.22",
        "tunnel1PresharedKey": "{BASE:.32}",
        "tunnel2PresharedKey": "{HEX:.32}",
    },
    "aws:ec2transitgateway/transitGateway:TransitGateway": {
        "arn": _ec2("transit-gateway"),
        "associationDefaultRouteTableId": "tgw-rtb-{HEX:.17}",
    },
    "aws:ecr/repository:Repository": {
        "arn": _arn("ecr", "repository/{name}"),
        "registryId": "{ACCOUNT}",
        "repositoryUrl": "{ACCOUNT}.dkr.ecr.{REGION}.{DNS}/{name}",
    },
    "aws:efs/accessPoint:AccessPoint": {"arn": _arn("elasticfilesystem", "access-point/{ID}")},
    "aws:efs/fileSystem:FileSystem": {
        "arn": _arn("elasticfilesystem", "file-system/{ID}"),
        "dnsName": "{ID}.efs.{REGION}.{DNS}",
    },
    "aws:eks/accessEntry:AccessEntry": {"accessEntryArn": _arn("eks", "access-entry/{clusterName}/{HEX:.12}")},
    "aws:eks/addon:Addon": {"arn": _arn("eks", "addon/{clusterName}/{addonName}/{HEX:.12}"), "addonVersion": "v1.0.0"},
    "aws:eks/cluster:Cluster": {
        **_CLUSTER,
        "certificateAuthority": {"data": "{KUBE_CA}"},
        "vpcConfig": {"clusterSecurityGroupId": "sg-{HEX:.17}", "vpcId": "vpc-{HEX:.17}"},
    },
    "aws:eks/nodeGroup:NodeGroup": {
        "arn": _arn("eks", "nodegroup/{clusterName}/{nodeGroupName}/{HEX:.12}"),
        "status": "ACTIVE",
        "resources": [{"autoscalingGroups": [{"name": "eks-{nodeGroupName}-{HEX:.12}"}]}],
    },
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": {
        "associationArn": _arn("eks", "podidentityassociation/{clusterName}/{ID}"),
        "associationId": "{ID}",
    },
    "aws:iam/instanceProfile:InstanceProfile": {"arn": _arn("iam", "instance-profile/{name}", regional=False)},
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": {"arn": "{ID}"},
    "aws:iam/policy:Policy": {"arn": "{ID}", "policyId": "ANPA{HEX:.16}"},
    "aws:iam/role:Role": {"arn": _ROLE, "uniqueId": "AROA{HEX:.16}"},
    "aws:kms/alias:Alias": {"arn": _arn("kms", "{name}"), "targetKeyArn": _arn("kms", "key/{targetKeyId}")},
    "aws:kms/key:Key": {"arn": _arn("kms", "key/{ID}"), "keyId": "{ID}"},
    "aws:route53/healthCheck:HealthCheck": {"arn": f"{_ARN}:route53:::healthcheck/{{ID}}"},
    "aws:route53/record:Record": {"fqdn": "{name}"},
    "aws:route53/zone:Zone": {
        "arn": f"{_ARN}:route53:::hostedzone/{{ID}}",
        "zoneId": "{ID}",
        "nameServers": ["ns-1.awsdns-00.com", "ns-2.awsdns-00.net"],
    },
    "aws:s3/bucket:Bucket": {
        "arn": f"{_ARN}:s3:::{{bucket}}",
        "bucketDomainName": "{bucket}.s3.{DNS}",
        "bucketRegionalDomainName": "{bucket}.s3.{REGION}.{DNS}",
    },
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {"securityGroupRuleId": "{ID}"},
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {"securityGroupRuleId": "{ID}"},
}

_ANSWERS: Final[dict[str, dict[str, Any]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": {
        "id": "{ACCOUNT}",
        "accountId": "{ACCOUNT}",
        "arn": _arn("iam", "user/stand-in", regional=False),
        "userId": "AIDA{HEX:.16}",
    },
    "aws:index/getPartition:getPartition": {
        "id": "{PARTITION}",
        "partition": "{PARTITION}",
        "dnsSuffix": "{DNS}",
        "reverseDnsPrefix": "com.amazonaws",
    },
    "aws:index/getRegion:getRegion": {
        "id": "{REGION}",
        "name": "{REGION}",
        "region": "{REGION}",
        "endpoint": "ec2.{REGION}.{DNS}",
    },
    "aws:index/getAvailabilityZones:getAvailabilityZones": {
        "id": "{REGION}",
        "names": "{ZONES}",
        "zoneIds": "{ZONES}",
        "groupNames": ["{REGION}"],
    },
    "aws:eks/getClusterAuth:getClusterAuth": {"token": "k8s-aws-v1.{BASE}"},
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": {"userName": "AWS", "password": "{BASE}"},
}

_VPC_RECORD: Final = {"cidr": "10.0.0.0/16", "routeTable": "rtb-{HEX:.17}", "id": "vpc-{HEX:.17}"}
_SUBNET_RECORD: Final = {"cidr": "10.0.0.0/20", "vpc": "vpc-{HEX:.17}", "zone": "{REGION}a", "id": "subnet-{HEX:.17}"}
_SUBNET_FILTERS: Final = {
    "vpc-id": "vpc",
    "subnet-id": "id",
    "cidr-block": "cidr",
    "cidr": "cidr",
    "availability-zone": "zone",
}

_LOOKUPS: Final = {
    "aws:ec2/getVpc:getVpc": Lookup(
        section="vpcs",
        by={"id": "id", "cidrBlock": "cidr", "tags": "tags"},
        filters={"vpc-id": "id", "cidr": "cidr", "cidr-block": "cidr"},
        record=_VPC_RECORD,
        answer={
            "id": "{id}",
            "cidrBlock": "{cidr}",
            "cidrBlockAssociations": [
                {"associationId": "vpc-cidr-assoc-{HEX:.17}", "cidrBlock": "{cidr}", "state": "associated"}
            ],
            "arn": _arn("ec2", "vpc/{id}"),
            "mainRouteTableId": "{routeTable}",
            "ownerId": "{ACCOUNT}",
            "state": "available",
            "enableDnsSupport": True,
            "enableDnsHostnames": True,
            "tags": "{tags}",
        },
    ),
    "aws:ec2/getSubnet:getSubnet": Lookup(
        section="subnets",
        by={"id": "id", "vpcId": "vpc", "cidrBlock": "cidr", "availabilityZone": "zone", "tags": "tags"},
        filters=_SUBNET_FILTERS,
        record=_SUBNET_RECORD,
        answer={
            "id": "{id}",
            "vpcId": "{vpc}",
            "cidrBlock": "{cidr}",
            "availabilityZone": "{zone}",
            "arn": _arn("ec2", "subnet/{id}"),
            "availableIpAddressCount": 4000,
            "ownerId": "{ACCOUNT}",
            "state": "available",
            "tags": "{tags}",
        },
    ),
    "aws:ec2/getSubnets:getSubnets": Lookup(
        section="subnets",
        by={"tags": "tags"},
        filters=_SUBNET_FILTERS,
        record=_SUBNET_RECORD,
        items="ids",
        lists={"ids": "id"},
    ),
    "aws:ec2/getRouteTable:getRouteTable": Lookup(
        section="routeTables",
        by={"subnetId": "subnet", "vpcId": "vpc", "routeTableId": "id"},
        record={"id": "rtb-{HEX:.17}", "vpc": "vpc-{HEX:.17}"},
        answer={"id": "{id}", "routeTableId": "{id}", "vpcId": "{vpc}"},
    ),
    "aws:ec2/getRouteTables:getRouteTables": Lookup(
        section="routeTables",
        by={"vpcId": "vpc", "tags": "tags"},
        filters={"association.subnet-id": "subnet", "vpc-id": "vpc"},
        record={"id": "rtb-{HEX:.17}"},
        items="ids",
        lists={"ids": "id"},
    ),
    "aws:ec2/getSecurityGroup:getSecurityGroup": Lookup(
        section="securityGroups",
        by={"id": "id", "name": "name", "vpcId": "vpc", "tags": "tags"},
        record={"id": "sg-{HEX:.17}", "vpc": "vpc-{HEX:.17}"},
        answer={"id": "{id}", "name": "{name}", "vpcId": "{vpc}", "arn": _arn("ec2", "security-group/{id}")},
    ),
    "aws:eks/getCluster:getCluster": Lookup(
        section="clusters",
        by={"name": "name"},
        record={"version": "1.34", "vpc": "vpc-{HEX:.17}", "securityGroup": "sg-{HEX:.17}", "subnets": []},
        answer={
            **_CLUSTER,
            "id": "{name}",
            "certificateAuthorities": [{"data": "{KUBE_CA}"}],
            "version": "{version}",
            "roleArn": _arn("iam", "role/{name}", regional=False),
            "vpcConfig": {
                "vpcId": "{vpc}",
                "clusterSecurityGroupId": "{securityGroup}",
                "securityGroupIds": [],
                "subnetIds": "{subnets}",
                "endpointPrivateAccess": True,
                "endpointPublicAccess": False,
                "publicAccessCidrs": [],
            },
        },
    ),
    "aws:s3/getBucket:getBucket": Lookup(
        section="buckets",
        by={"bucket": "name"},
        answer={
            "id": "{name}",
            "arn": f"{_ARN}:s3:::{{name}}",
            "bucketDomainName": "{name}.s3.{DNS}",
            "bucketRegion": "{REGION}",
            "bucketRegionalDomainName": "{name}.s3.{REGION}.{DNS}",
            "region": "{REGION}",
        },
    ),
    "aws:kms/getKey:getKey": Lookup(
        section="keys",
        by={"keyId": "id"},
        record={"arn": _arn("kms", "key/{id}")},
        answer={
            "id": "{id}",
            "arn": "{arn}",
            "awsAccountId": "{ACCOUNT}",
            "enabled": True,
            "keyState": "Enabled",
            "keyUsage": "ENCRYPT_DECRYPT",
        },
    ),
    "aws:route53/getZone:getZone": Lookup(
        section="dnsZones",
        by={"zoneId": "id", "name": "name"},
        record={"id": "Z{BASE:.20}", "name": "example.com"},
        answer={"id": "{id}", "zoneId": "{id}", "name": "{name}", "arn": f"{_ARN}:route53:::hostedzone/{{id}}"},
    ),
    "aws:iam/getRole:getRole": Lookup(
        section="roles",
        by={"name": "name"},
        answer={"id": "{name}", "name": "{name}", "arn": _ROLE, "assumeRolePolicy": "{{}}"},
    ),
    "aws:acm/getCertificate:getCertificate": Lookup(
        section="certificates",
        by={"domain": "name"},
        record={"arn": _arn("acm", "certificate/{HEX:.32}")},
        answer={"id": "{arn}", "arn": "{arn}", "domain": "{name}", "status": "ISSUED"},
    ),
    "aws:eks/getAddonVersion:getAddonVersion": Lookup(
        section="versions",
        by={"addonName": "name"},
        record={"version": "v1.0.0-eksbuild.1"},
        answer={"id": "{name}", "version": "{version}"},
    ),
    "aws:ssm/getParameter:getParameter": Lookup(
        section="parameters",
        by={"name": "name"},
        record={"value": "ami-{HEX:.17}"},
        answer={"id": "{name}", "value": "{value}", "arn": _arn("ssm", "parameter{name}"), "type": "String"},
    ),
    "aws:ec2/getAmi:getAmi": Lookup(
        section="images",
        record={"id": "ami-{HEX:.17}"},
        answer={"id": "{id}", "imageId": "{id}", "arn": _arn("ec2", "image/{id}")},
    ),
}

CLOUD: Final = Cloud(
    account="123456789012",
    app_id="",
    zones=("a", "b", "c"),
    identifiers=_IDENTIFIERS,
    outputs=_OUTPUTS,
    replaced=REPLACED,
    values=VALUES,
    named={"aws:s3/bucket:Bucket": "bucket", "aws:eks/nodeGroup:NodeGroup": "nodeGroupName"},
    answers=_ANSWERS,
    lookups=_LOOKUPS,
)
