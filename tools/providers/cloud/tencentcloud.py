"""Tencent Cloud: the forms of its ids, and what its lookups answer. Forms: the examples of the SDK's texts."""

from typing import Any, Final

from tools.providers.cloud.cloud import Cloud, Lookup
from tools.providers.cloud.tencentcloud_replaced import REPLACED
from tools.providers.cloud.tencentcloud_values import VALUES

_UUID: Final = "{HEX:.8}-1234-11ee-8123-{BASE:.12}"
_ACCESS: Final = {
    "certificationAuthority": "{KUBE_CA}",
    "clusterExternalEndpoint": "",
    "domain": "{KUBE_HOST}",
    "kubeConfig": "{KUBECONFIG}",
    "kubeConfigIntranet": "{KUBECONFIG}",
    "pgwEndpoint": "{KUBE_SERVER}",
    "userName": "admin",
    "password": "{BASE:.32}",
}

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
    "tencentcloud:Cls/logset:Logset": _UUID,
    "tencentcloud:Cls/topic:Topic": _UUID,
    "tencentcloud:Cos/bucket:Bucket": "{bucket}",
    "tencentcloud:Cos/bucketPolicy:BucketPolicy": "{bucket}",
    "tencentcloud:Dnspod/domainInstance:DomainInstance": "{domain}",
    "tencentcloud:Dnspod/record:Record": "{domain}#{DIGITS:.10}",
    "tencentcloud:Eip/instance:Instance": "eip-{BASE:.8}",
    "tencentcloud:Kms/key:Key": _UUID,
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
    "tencentcloud:Kubernetes/cluster:Cluster": {**_ACCESS, "clusterVersion": "1.34.1"},
    "tencentcloud:Kubernetes/clusterEndpoint:ClusterEndpoint": {**_ACCESS, "clusterDeployType": "MANAGED_CLUSTER"},
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

_ANSWERS: Final[dict[str, dict[str, Any]]] = {
    "tencentcloud:User/getInfo:getInfo": {
        "id": "{ACCOUNT}",
        "appId": "{APP_ID}",
        "uin": "{ACCOUNT}",
        "ownerUin": "{ACCOUNT}",
        "name": "stand-in",
    },
    "tencentcloud:Availability/getRegions:getRegions": {
        "regions": [{"name": "{REGION}", "description": "{REGION}", "state": "AVAILABLE"}],
    },
}

_SUBNET_RECORD: Final = {
    "id": "subnet-{BASE:.8}",
    "cidr": "10.0.0.0/20",
    "vpc": "vpc-{BASE:.8}",
    "zone": "{REGION}-1",
    "name": "{id}",
    "routeTable": "rtb-{BASE:.8}",
}
_CLUSTER_RECORD: Final = {"id": "cls-{BASE:.8}", "name": "{id}", "vpc": "vpc-{BASE:.8}", "version": "1.34.1"}
_ZONE: Final = Lookup(section="zones", items="zones", answer={"id": "{id}", "name": "{id}", "state": "AVAILABLE"})

_LOOKUPS: Final = {
    "tencentcloud:Availability/getZonesByProduct:getZonesByProduct": _ZONE,
    "tencentcloud:Vpc/getInstances:getInstances": Lookup(
        section="vpcs",
        by={"vpcId": "id", "cidrBlock": "cidr", "name": "name", "tags": "tags"},
        record={"id": "vpc-{BASE:.8}", "cidr": "10.0.0.0/16", "name": "{id}", "subnets": []},
        items="instanceLists",
        answer={"vpcId": "{id}", "cidrBlock": "{cidr}", "name": "{name}", "subnetIds": "{subnets}", "tags": "{tags}"},
    ),
    "tencentcloud:Vpc/getSubnets:getSubnets": Lookup(
        section="subnets",
        by={
            "subnetId": "id",
            "vpcId": "vpc",
            "cidrBlock": "cidr",
            "availabilityZone": "zone",
            "name": "name",
            "tags": "tags",
        },
        record=_SUBNET_RECORD,
        items="instanceLists",
        answer={
            "subnetId": "{id}",
            "vpcId": "{vpc}",
            "cidrBlock": "{cidr}",
            "availabilityZone": "{zone}",
            "name": "{name}",
            "routeTableId": "{routeTable}",
            "availableIpCount": 4000,
            "tags": "{tags}",
        },
    ),
    "tencentcloud:Vpc/getRouteTables:getRouteTables": Lookup(
        section="routeTables",
        by={"routeTableId": "id", "vpcId": "vpc", "name": "name", "tags": "tags"},
        record={"id": "rtb-{BASE:.8}", "vpc": "vpc-{BASE:.8}", "name": "{id}", "subnets": []},
        items="instanceLists",
        answer={"routeTableId": "{id}", "vpcId": "{vpc}", "name": "{name}", "subnetIds": "{subnets}"},
    ),
    "tencentcloud:Kubernetes/getClusters:getClusters": Lookup(
        section="clusters",
        by={"clusterId": "id", "clusterName": "name"},
        record=_CLUSTER_RECORD,
        items="lists",
        answer={
            **_ACCESS,
            "clusterId": "{id}",
            "clusterName": "{name}",
            "vpcId": "{vpc}",
            "clusterVersion": "{version}",
            "clusterDeployType": "MANAGED_CLUSTER",
            "networkType": "VPC-CNI",
        },
    ),
    "tencentcloud:Kubernetes/getClusterAuthenticationOptions:getClusterAuthenticationOptions": Lookup(
        section="clusters",
        by={"clusterId": "id"},
        record={"id": "cls-{BASE:.8}", "issuer": "https://{REGION}-oidc.tke.tencentcs.com/id/{HEX:.32}"},
        answer={
            "id": "{id}",
            "latestOperationState": "Success",
            "oidcConfigs": [
                {
                    "autoCreateOidcConfig": True,
                    "autoCreateClientIds": ["pod-identity-tke"],
                    "autoInstallPodIdentityWebhookAddon": True,
                }
            ],
            "serviceAccounts": [{"issuer": "{issuer}", "jwksUri": "{issuer}/openid/v1/jwks", "useTkeDefault": True}],
        },
    ),
    "tencentcloud:Cam/getRoleDetail:getRoleDetail": Lookup(
        section="roles",
        by={"roleName": "name", "roleId": "id"},
        record={"id": "46{DIGITS:.17}", "name": "{id}"},
        items="roleInfos",
        answer={"roleId": "{id}", "roleName": "{name}", "policyDocument": "{{}}"},
    ),
    "tencentcloud:Cos/getBuckets:getBuckets": Lookup(
        section="buckets",
        by={"bucketPrefix": "name"},
        items="bucketLists",
        answer={"bucket": "{name}", "cosBucketUrl": "{name}.cos.{REGION}.myqcloud.com"},
    ),
    "tencentcloud:Kms/getKeys:getKeys": Lookup(
        section="keys",
        by={"searchKeyAlias": "name"},
        record={"id": _UUID, "name": "{id}"},
        items="keyLists",
        answer={"keyId": "{id}", "alias": "{name}", "keyState": "Enabled", "keyUsage": "ENCRYPT_DECRYPT"},
    ),
    "tencentcloud:Cam/getRoles:getRoles": Lookup(
        section="roles",
        by={"roleId": "id", "name": "name"},
        record={"id": "46{DIGITS:.17}", "name": "{id}"},
        items="roleLists",
        answer={"roleId": "{id}", "name": "{name}", "document": "{{}}"},
    ),
    "tencentcloud:Dnspod/getDomainList:getDomainList": Lookup(
        section="dnsZones",
        by={"keyword": "name"},
        record={"name": "example.com"},
        items="domainLists",
        answer={"name": "{name}", "status": "ENABLE", "domainId": 1000001},
    ),
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
    answers=_ANSWERS,
    lookups=_LOOKUPS,
)
