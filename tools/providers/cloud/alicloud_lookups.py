"""Alibaba Cloud: what its functions answer and how its lookups find."""

from typing import Any, Final

from tools.providers.cloud.cloud import Lookup

CERTIFICATES: Final = [
    {"clusterCert": "{KUBE_CA}", "clientCert": "{KUBE_CERTIFICATE}", "clientKey": "{KUBE_KEY}"},
]
KEY: Final = "key-{HEX:.20}"

_ACCOUNT: Final = {"id": "{ACCOUNT}", "accountId": "{ACCOUNT}", "arn": "acs:ram::{ACCOUNT}:root"}
ANSWERS: Final[dict[str, dict[str, Any]]] = {
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
        "certificateAuthorities": CERTIFICATES,
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
        record={"id": KEY, "arn": "acs:kms:{REGION}:{ACCOUNT}:key/{id}"},
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

LOOKUPS: Final = {
    **_LOOKUPS,
    "alicloud:cs/getManagedKubernetesClusters:getManagedKubernetesClusters": _MANAGED,
    "alicloud:cs/getClusters:getClusters": _CLUSTERS,
}
