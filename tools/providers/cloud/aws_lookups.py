"""AWS: what its functions answer and how its lookups find."""

from typing import Any, Final

from tools.providers.cloud.aws_forms import ARN, CLUSTER, ROLE, arn
from tools.providers.cloud.cloud import Lookup

ANSWERS: Final[dict[str, dict[str, Any]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": {
        "id": "{ACCOUNT}",
        "accountId": "{ACCOUNT}",
        "arn": arn("iam", "user/stand-in", regional=False),
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

LOOKUPS: Final = {
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
            "arn": arn("ec2", "vpc/{id}"),
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
            "arn": arn("ec2", "subnet/{id}"),
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
        answer={"id": "{id}", "name": "{name}", "vpcId": "{vpc}", "arn": arn("ec2", "security-group/{id}")},
    ),
    "aws:eks/getCluster:getCluster": Lookup(
        section="clusters",
        by={"name": "name"},
        record={"version": "1.34", "vpc": "vpc-{HEX:.17}", "securityGroup": "sg-{HEX:.17}", "subnets": []},
        answer={
            **CLUSTER,
            "id": "{name}",
            "certificateAuthorities": [{"data": "{KUBE_CA}"}],
            "version": "{version}",
            "roleArn": arn("iam", "role/{name}", regional=False),
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
            "arn": f"{ARN}:s3:::{{name}}",
            "bucketDomainName": "{name}.s3.{DNS}",
            "bucketRegion": "{REGION}",
            "bucketRegionalDomainName": "{name}.s3.{REGION}.{DNS}",
            "region": "{REGION}",
        },
    ),
    "aws:kms/getKey:getKey": Lookup(
        section="keys",
        by={"keyId": "id"},
        record={"arn": arn("kms", "key/{id}")},
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
        answer={"id": "{id}", "zoneId": "{id}", "name": "{name}", "arn": f"{ARN}:route53:::hostedzone/{{id}}"},
    ),
    "aws:iam/getRole:getRole": Lookup(
        section="roles",
        by={"name": "name"},
        answer={"id": "{name}", "name": "{name}", "arn": ROLE, "assumeRolePolicy": "{{}}"},
    ),
    "aws:acm/getCertificate:getCertificate": Lookup(
        section="certificates",
        by={"domain": "name"},
        record={"arn": arn("acm", "certificate/{HEX:.32}")},
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
        answer={"id": "{name}", "value": "{value}", "arn": arn("ssm", "parameter{name}"), "type": "String"},
    ),
    "aws:ec2/getAmi:getAmi": Lookup(
        section="images",
        record={"id": "ami-{HEX:.17}"},
        answer={"id": "{id}", "imageId": "{id}", "arn": arn("ec2", "image/{id}")},
    ),
}
