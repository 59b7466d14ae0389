"""Tencent Cloud: the forms of its ids and of what it gives for each resource, as the SDK's texts have them."""

from typing import Any, Final

from tools.providers.cloud.cloud import Cloud
from tools.providers.cloud.tencentcloud_lookups import ACCESS, ANSWERS, LOOKUPS, UUID
from tools.providers.cloud.tencentcloud_replaced import REPLACED
from tools.providers.cloud.tencentcloud_values import VALUES

_IDENTIFIERS: Final = {
    "tencentcloud:Cam/policy:Policy": "{DIGITS:.9}",
    "tencentcloud:Cam/role:Role": "46{DIGITS:.17}",
    "tencentcloud:Cam/roleSso:RoleSso": "{name}",
    "tencentcloud:Cam/rolePolicyAttachment:RolePolicyAttachment": "{roleId}#{policyId}",
    "tencentcloud:Cam/rolePolicyAttachmentByName:RolePolicyAttachmentByName": "{roleName}#{policyName}",
    "tencentcloud:Ccn/attachmentV2:AttachmentV2": "{ccnId}#{instanceType}#{instanceRegion}#{instanceId}",
    "tencentcloud:Ccn/instance:Instance": "ccn-{BASE:.8}",
    "tencentcloud:Cfs/accessGroup:AccessGroup": "pgroup-{BASE:.8}",
    "tencentcloud:Cfs/accessRule:AccessRule": "rule-{BASE:.8}",
    "tencentcloud:Cfs/fileSystem:FileSystem": "cfs-{BASE:.8}",
    "tencentcloud:Clb/instance:Instance": "lb-{BASE:.8}",
    "tencentcloud:Cls/index:Index": "{topicId}",
    "tencentcloud:Cls/logset:Logset": UUID,
    "tencentcloud:Cls/topic:Topic": UUID,
    "tencentcloud:Cos/bucket:Bucket": "{bucket}",
    "tencentcloud:Cos/bucketPolicy:BucketPolicy": "{bucket}",
    "tencentcloud:Dnspod/domainInstance:DomainInstance": "{domain}",
    "tencentcloud:Dnspod/record:Record": "{domain}#{DIGITS:.10}",
    "tencentcloud:Eip/instance:Instance": "eip-{BASE:.8}",
    "tencentcloud:Kms/key:Key": UUID,
    "tencentcloud:Kubernetes/addon:Addon": "{clusterId}#{addonName}",
    "tencentcloud:Kubernetes/authAttachment:AuthAttachment": "{clusterId}",
    "tencentcloud:Kubernetes/cluster:Cluster": "cls-{BASE:.8}",
    "tencentcloud:Kubernetes/clusterEndpoint:ClusterEndpoint": "{clusterId}",
    "tencentcloud:Kubernetes/encryptionProtection:EncryptionProtection": "{clusterId}",
    "tencentcloud:Kubernetes/logConfig:LogConfig": "{clusterId}#{logConfigName}",
    "tencentcloud:Kubernetes/nativeNodePool:NativeNodePool": "{clusterId}#np-{BASE:.8}",
    "tencentcloud:Kubernetes/nodePool:NodePool": "{clusterId}#np-{BASE:.8}",
    "tencentcloud:Nat/gateway:Gateway": "nat-{BASE:.8}",
    "tencentcloud:Route/table:Table": "rtb-{BASE:.8}",
    "tencentcloud:Route/tableEntry:TableEntry": "{DIGITS:.6}.{routeTableId}",
    "tencentcloud:Route/tableAssociation:TableAssociation": "{subnetId}",
    "tencentcloud:Security/group:Group": "sg-{BASE:.8}",
    "tencentcloud:Security/groupRuleSet:GroupRuleSet": "{securityGroupId}",
    "tencentcloud:Subnet/instance:Instance": "subnet-{BASE:.8}",
    "tencentcloud:Tcr/immutableTagRule:ImmutableTagRule": "{registryId}#{namespaceName}#{DIGITS:.4}",
    "tencentcloud:Tcr/instance:Instance": "tcr-{BASE:.8}",
    "tencentcloud:Tcr/namespace:Namespace": "{instanceId}#{name}",
    "tencentcloud:Tcr/repository:Repository": "{instanceId}#{namespaceName}#{name}",
    "tencentcloud:Tcr/serviceAccount:ServiceAccount": "{registryId}#{name}",
    "tencentcloud:Tcr/vpcAttachment:VpcAttachment": "{instanceId}#{vpcId}#{subnetId}",
    "tencentcloud:Vpc/flowLog:FlowLog": "fl-{BASE:.8}",
    "tencentcloud:Vpc/instance:Instance": "vpc-{BASE:.8}",
    "tencentcloud:Vpc/peerConnectAcceptOperation:PeerConnectAcceptOperation": "{peeringConnectionId}",
    "tencentcloud:Vpc/peerConnectManager:PeerConnectManager": "pcx-{BASE:.8}",
    "tencentcloud:Vpn/connection:Connection": "vpnx-{BASE:.8}",
    "tencentcloud:Vpn/customerGateway:CustomerGateway": "cgw-{BASE:.8}",
    "tencentcloud:Vpn/gateway:Gateway": "vpngw-{BASE:.8}",
    "tencentcloud:Vpn/gatewayRoute:GatewayRoute": "{vpnGatewayId}#rt-{BASE:.8}",
}

_OUTPUTS: Final[dict[str, dict[str, Any]]] = {
    "tencentcloud:Cam/role:Role": {"roleArn": "qcs::cam::uin/{ACCOUNT}:roleName/{name}"},
    "tencentcloud:Cfs/fileSystem:FileSystem": {"fsId": "{BASE:.8}", "mountIp": "10.0.0.20"},
    "tencentcloud:Clb/instance:Instance": {"domain": "{ID}.{REGION}.tencentclb.com", "clbVips": ["10.0.0.30"]},
    "tencentcloud:Cos/bucket:Bucket": {"cosBucketUrl": "{bucket}.cos.{REGION}.myqcloud.com"},
    "tencentcloud:Eip/instance:Instance": {"publicIp": "203.0.113.10"},
    "tencentcloud:Kubernetes/authAttachment:AuthAttachment": {
        "tkeDefaultIssuer": "https://{REGION}-oidc.tke.tencentcs.com/id/{HEX:.32}",
        "tkeDefaultJwksUri": "https://{REGION}-oidc.tke.tencentcs.com/id/{HEX:.32}/openid/v1/jwks",
    },
    "tencentcloud:Kubernetes/cluster:Cluster": {**ACCESS, "clusterVersion": "1.34.1"},
    "tencentcloud:Kubernetes/clusterEndpoint:ClusterEndpoint": {**ACCESS, "clusterDeployType": "MANAGED_CLUSTER"},
    "tencentcloud:Kubernetes/nodePool:NodePool": {
        "autoScalingGroupId": "asg-{BASE:.8}",
        "launchConfigId": "asc-{BASE:.8}",
        "status": "normal",
    },
    "tencentcloud:Nat/gateway:Gateway": {"createdTime": "2026-01-01 00:00:00"},
    "tencentcloud:Subnet/instance:Instance": {"availableIpCount": 4000, "routeTableId": "rtb-{BASE:.8}"},
    "tencentcloud:Tcr/instance:Instance": {
        "publicDomain": "{name}.tencentcloudcr.com",
        "internalEndPoint": "10.0.0.40",
        "status": "Running",
    },
    "tencentcloud:Vpc/instance:Instance": {"defaultRouteTableId": "rtb-{BASE:.8}"},
    "tencentcloud:Vpn/gateway:Gateway": {"publicIpAddress": "203.0.113.21", "state": "AVAILABLE"},
}

CLOUD: Final = Cloud(
    account="100000000001",
    app_id="1250000000",
    zones=("-1", "-2", "-3"),
    identifiers=_IDENTIFIERS,
    outputs=_OUTPUTS,
    replaced=REPLACED,
    values=VALUES,
    named={},
    answers=ANSWERS,
    lookups=LOOKUPS,
)
