"""Tencent Cloud: what its functions answer and how its lookups find."""

from typing import Any, Final

from tools.providers.cloud.cloud import Lookup

UUID: Final = "{HEX:.8}-1234-11ee-8123-{BASE:.12}"
ACCESS: Final = {
    "certificationAuthority": "{KUBE_CA}",
    "clusterExternalEndpoint": "",
    "domain": "{KUBE_HOST}",
    "kubeConfig": "{KUBECONFIG}",
    "kubeConfigIntranet": "{KUBECONFIG}",
    "pgwEndpoint": "{KUBE_SERVER}",
    "userName": "admin",
    "password": "{BASE:.32}",
}

ANSWERS: Final[dict[str, dict[str, Any]]] = {
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

LOOKUPS: Final = {
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
            **ACCESS,
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
        record={"id": UUID, "name": "{id}"},
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
