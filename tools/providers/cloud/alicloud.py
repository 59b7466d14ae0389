"""Alibaba Cloud: the forms of its ids and ARNs, and what its lookups answer. Forms: the examples of the SDK's texts."""

from typing import Any, Final

from tools.providers.cloud.alicloud_replaced import REPLACED
from tools.providers.cloud.alicloud_values import VALUES
from tools.providers.cloud.cloud import Cloud, Lookup

_ISSUER: Final = "https://oidc-ack-{REGION}.oss-{REGION}.aliyuncs.com/{ID}"
_RRSA: Final = {
    "enabled": True,
    "ramOidcProviderName": "ack-rrsa-{ID}",
    "ramOidcProviderArn": "acs:ram::{ACCOUNT}:oidc-provider/ack-rrsa-{ID}",
    "rrsaOidcIssuerUrl": _ISSUER,
}
_CERTIFICATES: Final = [
    {"clusterCert": "{KUBE_CA}", "clientCert": "{KUBE_CERTIFICATE}", "clientKey": "{KUBE_KEY}"},
]
_CONNECTIONS: Final = [
    {
        "apiServerIntranet": "{KUBE_SERVER}",
        "apiServerInternet": "",
        "masterPublicIp": "",
        "serviceDomain": "*.{ID}.{REGION}.alicontainer.com",
    }
]
_KEY: Final = "key-{HEX:.20}"

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
    "alicloud:kms/key:Key": _KEY,
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
        "certificateAuthorities": _CERTIFICATES,
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

_ACCOUNT: Final = {"id": "{ACCOUNT}", "accountId": "{ACCOUNT}", "arn": "acs:ram::{ACCOUNT}:root"}
_ANSWERS: Final[dict[str, dict[str, Any]]] = {
    "alicloud:index/getAccount:getAccount": {"id": "{ACCOUNT}"},
    "alicloud:index/getCallerIdentity:getCallerIdentity": {**_ACCOUNT, "identityType": "Account"},
    "alicloud:index/getRegions:getRegions": {
        "ids": ["{REGION}"],
        "regions": [{"id": "{REGION}", "regionId": "{REGION}", "localName": "{REGION}"}],
    },
    "alicloud:cs/getKubernetesVersion:getKubernetesVersion": {
        "metadatas": [{"version": f"1.{minor}.1-aliyun.1", "runtimes": []} for minor in range(31, 36)],
    },
    "alicloud:cs/getRegistryEnterpriseInstances:getRegistryEnterpriseInstances": {
        "ids": ["cri-{BASE:.16}"],
        "names": ["phone"],
        "instances": [{"id": "cri-{BASE:.16}", "name": "phone", "region": "{REGION}"}],
    },
    "alicloud:cs/getClusterCredential:getClusterCredential": {
        "id": "{clusterId}",
        "clusterName": "{clusterId}",
        "certificateAuthorities": _CERTIFICATES,
        "kubeConfig": "{KUBECONFIG}",
        "expiration": "2099-01-01T00:00:00Z",
    },
}

_IDS_NAMES: Final = {"ids": "id", "names": "name"}
_LOOKUPS: Final = {
    "alicloud:index/getZones:getZones": Lookup(
        section="zones",
        items="zones",
        answer={"id": "{id}", "localName": "{id}"},
        lists={"ids": "id"},
    ),
    "alicloud:vpc/getNetworks:getNetworks": Lookup(
        section="vpcs",
        ids="ids",
        by={"cidrBlock": "cidr", "vpcName": "name", "tags": "tags"},
        record={
            "id": "vpc-{BASE:.21}",
            "cidr": "10.0.0.0/8",
            "name": "{id}",
            "routeTable": "vtb-{BASE:.21}",
            "subnets": [],
        },
        items="vpcs",
        answer={
            "id": "{id}",
            "vpcId": "{id}",
            "vpcName": "{name}",
            "cidrBlock": "{cidr}",
            "routeTableId": "{routeTable}",
            "regionId": "{REGION}",
            "status": "Available",
            "vswitchIds": "{subnets}",
            "tags": "{tags}",
        },
        lists=_IDS_NAMES,
    ),
    "alicloud:vpc/getSwitches:getSwitches": Lookup(
        section="subnets",
        ids="ids",
        by={"cidrBlock": "cidr", "vpcId": "vpc", "zoneId": "zone", "vswitchName": "name", "tags": "tags"},
        record={
            "id": "vsw-{BASE:.21}",
            "cidr": "10.0.0.0/20",
            "vpc": "vpc-{BASE:.21}",
            "zone": "{REGION}-a",
            "name": "{id}",
            "routeTable": "vtb-{BASE:.21}",
        },
        items="vswitches",
        answer={
            "id": "{id}",
            "vswitchId": "{id}",
            "vswitchName": "{name}",
            "name": "{name}",
            "vpcId": "{vpc}",
            "cidrBlock": "{cidr}",
            "zoneId": "{zone}",
            "routeTableId": "{routeTable}",
            "availableIpAddressCount": 4000,
            "status": "Available",
            "tags": "{tags}",
        },
        lists=_IDS_NAMES,
    ),
    "alicloud:vpc/getRouteTables:getRouteTables": Lookup(
        section="routeTables",
        ids="ids",
        by={"vpcId": "vpc", "routeTableName": "name", "tags": "tags"},
        record={"id": "vtb-{BASE:.21}", "vpc": "vpc-{BASE:.21}", "name": "{id}", "subnets": []},
        items="tables",
        answer={
            "id": "{id}",
            "routeTableId": "{id}",
            "routeTableName": "{name}",
            "name": "{name}",
            "vpcId": "{vpc}",
            "routeTableType": "System",
            "vswitchIds": "{subnets}",
            "status": "Available",
        },
        lists=_IDS_NAMES,
    ),
    "alicloud:ecs/getSecurityGroups:getSecurityGroups": Lookup(
        section="securityGroups",
        ids="ids",
        by={"vpcId": "vpc", "tags": "tags"},
        record={"id": "sg-{BASE:.20}", "vpc": "vpc-{BASE:.21}", "name": "{id}"},
        items="groups",
        answer={"id": "{id}", "name": "{name}", "vpcId": "{vpc}"},
        lists=_IDS_NAMES,
    ),
    "alicloud:oss/getBuckets:getBuckets": Lookup(
        section="buckets",
        by={"nameRegex": "name"},
        items="buckets",
        record={"acl": "private", "place": "oss-{REGION}"},
        answer={"name": "{name}", "location": "{place}", "acl": "{acl}", "owner": "{ACCOUNT}"},
        lists={"names": "name"},
    ),
    "alicloud:kms/getKeys:getKeys": Lookup(
        section="keys",
        ids="ids",
        record={"id": _KEY, "arn": "acs:kms:{REGION}:{ACCOUNT}:key/{id}"},
        items="keys",
        answer={"id": "{id}", "keyId": "{id}", "arn": "{arn}", "status": "Enabled", "keyUsage": "ENCRYPT/DECRYPT"},
        lists={"ids": "id"},
    ),
    "alicloud:ram/getRoles:getRoles": Lookup(
        section="roles",
        ids="ids",
        by={"nameRegex": "name"},
        record={"id": "{name}", "name": "{id}", "arn": "acs:ram::{ACCOUNT}:role/{name}"},
        items="roles",
        answer={"id": "{id}", "name": "{name}", "arn": "acs:ram::{ACCOUNT}:role/{name}"},
        lists=_IDS_NAMES,
    ),
    "alicloud:dns/getAlidnsDomains:getAlidnsDomains": Lookup(
        section="dnsZones",
        ids="ids",
        by={"domainNameRegex": "name", "keyWord": "name"},
        record={"id": "{name}", "name": "{id}"},
        items="domains",
        answer={"id": "{id}", "domainId": "{id}", "domainName": "{name}"},
        lists=_IDS_NAMES,
    ),
}
_CLUSTER_RECORD: Final = {
    "id": "c{HEX:.32}",
    "name": "{id}",
    "vpc": "vpc-{BASE:.21}",
    "securityGroup": "sg-{BASE:.20}",
    "version": "1.34.1-aliyun.1",
}
_CLUSTER: Final = {"id": "{id}", "vpcId": "{vpc}", "securityGroupId": "{securityGroup}", "state": "running"}
_MANAGED: Final = Lookup(
    section="clusters",
    ids="ids",
    by={"nameRegex": "name"},
    record=_CLUSTER_RECORD,
    items="clusters",
    answer={
        **_CLUSTER,
        "name": "{name}",
        "connections": [{"apiServerIntranet": "{KUBE_SERVER}", "apiServerInternet": ""}],
        "rrsaConfig": {
            "enabled": True,
            "ramOidcProviderName": "ack-rrsa-{id}",
            "ramOidcProviderArn": "acs:ram::{ACCOUNT}:oidc-provider/ack-rrsa-{id}",
            "rrsaOidcIssuerUrl": "https://oidc-ack-{REGION}.oss-{REGION}.aliyuncs.com/{id}",
        },
    },
    lists=_IDS_NAMES,
)
_CLUSTERS: Final = Lookup(
    section="clusters",
    ids="ids",
    by={"nameRegex": "name", "clusterId": "id", "clusterName": "name"},
    record=_CLUSTER_RECORD,
    items="clusters",
    answer={**_CLUSTER, "clusterId": "{id}", "clusterName": "{name}", "currentVersion": "{version}"},
    lists=_IDS_NAMES,
)

CLOUD: Final = Cloud(
    account="1234567890123456",
    app_id="",
    zones=("-a", "-b", "-c"),
    identifiers=_IDENTIFIERS,
    outputs=_OUTPUTS,
    replaced=REPLACED,
    values=VALUES,
    named={"alicloud:oss/bucket:Bucket": "bucket"},
    answers=_ANSWERS,
    lookups={
        **_LOOKUPS,
        "alicloud:cs/getManagedKubernetesClusters:getManagedKubernetesClusters": _MANAGED,
        "alicloud:cs/getClusters:getClusters": _CLUSTERS,
    },
)
