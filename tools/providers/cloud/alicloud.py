"""Alibaba Cloud: the forms of its ids and of what it gives for each resource, as the SDK's texts have them."""

from typing import Any, Final

from tools.providers.cloud.alicloud_lookups import ANSWERS, CERTIFICATES, KEY, LOOKUPS
from tools.providers.cloud.alicloud_replaced import REPLACED
from tools.providers.cloud.alicloud_values import VALUES
from tools.providers.cloud.cloud import Cloud

_ISSUER: Final = "https://oidc-ack-{REGION}.oss-{REGION}.aliyuncs.com/{ID}"
_RRSA: Final = {
    "enabled": True,
    "ramOidcProviderName": "ack-rrsa-{ID}",
    "ramOidcProviderArn": "acs:ram::{ACCOUNT}:oidc-provider/ack-rrsa-{ID}",
    "rrsaOidcIssuerUrl": _ISSUER,
}
_CONNECTIONS: Final = [
    {
        "apiServerIntranet": "{KUBE_SERVER}",
        "apiServerInternet": "",
        "masterPublicIp": "",
        "serviceDomain": "*.{ID}.{REGION}.alicontainer.com",
    }
]

_IDENTIFIERS: Final = {
    "alicloud:cen/instance:Instance": "cen-{BASE:.18}",
    "alicloud:cen/transitRouter:TransitRouter": "{cenId}:tr-{BASE:.21}",
    "alicloud:cr/namespace:Namespace": "{name}",
    "alicloud:cr/registryEnterpriseInstance:RegistryEnterpriseInstance": "cri-{BASE:.16}",
    "alicloud:cr/scanRule:ScanRule": "{instanceId}:crscnr-{BASE:.12}",
    "alicloud:cr/vpcEndpointLinkedVpc:VpcEndpointLinkedVpc": "{instanceId}:{vpcId}:{vswitchId}:{moduleName}",
    "alicloud:cs/autoscalingConfig:AutoscalingConfig": "{clusterId}",
    "alicloud:cs/kubernetesAddon:KubernetesAddon": "{clusterId}:{name}",
    "alicloud:cs/kubernetesPermission:KubernetesPermission": "{uid}",
    "alicloud:cs/managedKubernetes:ManagedKubernetes": "c{HEX:.32}",
    "alicloud:cs/nodePool:NodePool": "{clusterId}:np{HEX:.32}",
    "alicloud:cs/registryEnterpriseNamespace:RegistryEnterpriseNamespace": "{instanceId}:{name}",
    "alicloud:cs/registryEnterpriseRepo:RegistryEnterpriseRepo": "{instanceId}:{namespace}:{name}",
    "alicloud:dns/alidnsDomain:AlidnsDomain": "{domainName}",
    "alicloud:dns/alidnsRecord:AlidnsRecord": "{DIGITS:.18}",
    "alicloud:ecs/eipAddress:EipAddress": "eip-{BASE:.21}",
    "alicloud:ecs/eipAssociation:EipAssociation": "{allocationId}:{instanceId}",
    "alicloud:ecs/securityGroup:SecurityGroup": "sg-{BASE:.20}",
    "alicloud:ecs/securityGroupRule:SecurityGroupRule": (
        "{securityGroupId}:{type}:{ipProtocol}:{portRange}:intranet:{cidrIp}:accept:1"
    ),
    "alicloud:kms/alias:Alias": "{aliasName}",
    "alicloud:kms/key:Key": KEY,
    "alicloud:log/project:Project": "{projectName}",
    "alicloud:log/store:Store": "{projectName}:{logstoreName}",
    "alicloud:nas/accessGroup:AccessGroup": "{accessGroupName}:{fileSystemType}",
    "alicloud:nas/accessRule:AccessRule": "{accessGroupName}:{DIGITS:.2}",
    "alicloud:nas/fileSystem:FileSystem": "{BASE:.10}",
    "alicloud:nas/mountTarget:MountTarget": "{fileSystemId}:{fileSystemId}-{BASE:.5}.{REGION}.nas.aliyuncs.com",
    "alicloud:oss/bucket:Bucket": "{bucket}",
    "alicloud:oss/bucketAcl:BucketAcl": "{bucket}",
    "alicloud:oss/bucketHttpsConfig:BucketHttpsConfig": "{bucket}",
    "alicloud:oss/bucketReplication:BucketReplication": "{bucket}:{HEX:.32}",
    "alicloud:oss/bucketPolicy:BucketPolicy": "{bucket}",
    "alicloud:oss/bucketPublicAccessBlock:BucketPublicAccessBlock": "{bucket}",
    "alicloud:ram/policy:Policy": "{policyName}",
    "alicloud:ram/role:Role": "{roleName}",
    "alicloud:ram/rolePolicyAttachment:RolePolicyAttachment": "role:{policyName}:{policyType}:{roleName}",
    "alicloud:slb/acl:Acl": "acl-{BASE:.20}",
    "alicloud:slb/aclEntryAttachment:AclEntryAttachment": "{aclId}:{entry}",
    "alicloud:vpc/flowLog:FlowLog": "fl-{BASE:.21}",
    "alicloud:vpc/natGateway:NatGateway": "ngw-{BASE:.21}",
    "alicloud:vpc/network:Network": "vpc-{BASE:.21}",
    "alicloud:vpc/peerConnection:PeerConnection": "pcc-{BASE:.18}",
    "alicloud:vpc/peerConnectionAccepter:PeerConnectionAccepter": "{instanceId}",
    "alicloud:vpc/routeEntry:RouteEntry": "{routeTableId}:{BASE:.12}:{destinationCidrblock}:{nexthopType}:{nexthopId}",
    "alicloud:vpc/routeTable:RouteTable": "vtb-{BASE:.21}",
    "alicloud:vpc/routeTableAttachment:RouteTableAttachment": "{routeTableId}:{vswitchId}",
    "alicloud:vpc/snatEntry:SnatEntry": "{snatTableId}:snat-{BASE:.20}",
    "alicloud:vpc/switch:Switch": "vsw-{BASE:.21}",
    "alicloud:vpn/connection:Connection": "vco-{BASE:.21}",
    "alicloud:vpn/customerGateway:CustomerGateway": "cgw-{BASE:.21}",
    "alicloud:vpn/gateway:Gateway": "vpn-{BASE:.21}",
    "alicloud:vpn/routeEntry:RouteEntry": "{vpnGatewayId}:{nextHop}:{routeDest}",
}

_OUTPUTS: Final[dict[str, dict[str, Any]]] = {
    "alicloud:cs/managedKubernetes:ManagedKubernetes": {
        "certificateAuthorities": CERTIFICATES,
        "connections": _CONNECTIONS,
        "rrsaMetadata": _RRSA,
        "securityGroupId": "sg-{BASE:.20}",
        "slbIntranet": "{KUBE_HOST}",
        "version": "1.34.1-aliyun.1",
        "vpcId": "vpc-{BASE:.21}",
        "workerRamRoleName": "KubernetesWorkerRole-{HEX:.12}",
    },
    "alicloud:cs/nodePool:NodePool": {"nodePoolId": "np{HEX:.32}", "scalingGroupId": "asg-{BASE:.20}"},
    "alicloud:ecs/eipAddress:EipAddress": {"ipAddress": "203.0.113.10"},
    "alicloud:kms/key:Key": {"arn": "acs:kms:{REGION}:{ACCOUNT}:key/{ID}"},
    "alicloud:nas/mountTarget:MountTarget": {
        "mountTargetDomain": "{fileSystemId}-{BASE:.5}.{REGION}.nas.aliyuncs.com",
    },
    "alicloud:oss/bucket:Bucket": {
        "extranetEndpoint": "oss-{REGION}.aliyuncs.com",
        "intranetEndpoint": "oss-{REGION}-internal.aliyuncs.com",
        "location": "oss-{REGION}",
        "owner": "{ACCOUNT}",
    },
    "alicloud:ram/role:Role": {"arn": "acs:ram::{ACCOUNT}:role/{roleName}", "roleId": "{DIGITS:.18}"},
    "alicloud:vpc/natGateway:NatGateway": {"snatTableIds": "stb-{BASE:.21}", "forwardTableIds": "ftb-{BASE:.21}"},
    "alicloud:vpc/network:Network": {"routeTableId": "vtb-{BASE:.21}", "routerId": "vrt-{BASE:.21}"},
    "alicloud:vpc/snatEntry:SnatEntry": {"snatEntryId": "snat-{BASE:.20}"},
    "alicloud:vpn/gateway:Gateway": {
        "internetIp": "203.0.113.21",
        "disasterRecoveryInternetIp": "203.0.113.22",
        "status": "active",
    },
}

CLOUD: Final = Cloud(
    account="1234567890123456",
    app_id="",
    zones=("-a", "-b", "-c"),
    identifiers=_IDENTIFIERS,
    outputs=_OUTPUTS,
    replaced=REPLACED,
    values=VALUES,
    named={"alicloud:oss/bucket:Bucket": "bucket"},
    answers=ANSWERS,
    lookups=LOOKUPS,
)
