"""AWS: values that it takes, of inputs that the components give. From the texts of the SDK and its enums."""

from typing import Any, Final

_EFFECTS: Final = ("NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE")
_VOLUMES: Final = ("standard", "io1", "io2", "gp2", "gp3", "sc1", "st1")

VALUES: Final[dict[str, dict[str, tuple[Any, ...]]]] = {
    "aws:cloudwatch/logGroup:LogGroup": {
        "retentionInDays": (
            *(0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
            *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
        )
    },
    "aws:ec2/eip:Eip": {"domain": ("vpc",)},
    "aws:ec2/flowLog:FlowLog": {
        "trafficType": ("ACCEPT", "REJECT", "ALL"),
        "logDestinationType": ("cloud-watch-logs", "s3", "kinesis-data-firehose"),
        "maxAggregationInterval": (60, 600),
    },
    "aws:ec2/launchTemplate:LaunchTemplate": {
        "metadataOptions.httpTokens": ("optional", "required"),
        "metadataOptions.httpEndpoint": ("enabled", "disabled"),
        "blockDeviceMappings.ebs.volumeType": _VOLUMES,
    },
    "aws:ec2/natGateway:NatGateway": {"connectivityType": ("private", "public")},
    "aws:ec2/vpc:Vpc": {"instanceTenancy": ("default", "dedicated")},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {
        "vpcEndpointType": ("Gateway", "GatewayLoadBalancer", "Interface", "Resource", "ServiceNetwork")
    },
    "aws:ecr/repository:Repository": {
        "imageTagMutability": (*("MUTABLE", "IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"),),
        "encryptionConfigurations.encryptionType": ("AES256", "KMS"),
    },
    "aws:efs/fileSystem:FileSystem": {
        "performanceMode": ("generalPurpose", "maxIO"),
        "throughputMode": ("bursting", "provisioned", "elastic"),
    },
    "aws:eks/cluster:Cluster": {
        "accessConfig.authenticationMode": ("CONFIG_MAP", "API", "API_AND_CONFIG_MAP"),
        "enabledClusterLogTypes": ("api", "audit", "authenticator", "controllerManager", "scheduler"),
        "encryptionConfig.resources": ("secrets",),
        "upgradePolicy.supportType": ("EXTENDED", "STANDARD"),
    },
    "aws:eks/nodeGroup:NodeGroup": {
        "capacityType": ("ON_DEMAND", "SPOT", "CAPACITY_BLOCK"),
        "taints.effect": _EFFECTS,
    },
    "aws:kms/key:Key": {"keyUsage": ("ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC")},
    "aws:route53/healthCheck:HealthCheck": {
        "requestInterval": (10, 30),
        "type": (
            *("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP", "CALCULATED", "CLOUDWATCH_METRIC"),
            "RECOVERY_CONTROL",
        ),
    },
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": {
        "rule.objectOwnership": ("BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced")
    },
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
        "rules.applyServerSideEncryptionByDefault.sseAlgorithm": ("AES256", "aws:kms", "aws:kms:dsse")
    },
    "aws:s3/bucketVersioning:BucketVersioning": {
        "versioningConfiguration.status": ("Enabled", "Suspended", "Disabled")
    },
}
