"""The TKE cluster of a region, made and adopted."""

import json
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pytest
from pulumi.runtime.mocks import MockCallArgs

from components.cloud_args import ClusterArgs, ExistingClusterArgs, SystemPoolArgs
from components.tencentcloud.cluster import Cluster, services
from components.tencentcloud.existing_cluster import ExistingCluster
from tests.components.tencentcloud import cloud
from tests.harness.mocks import Recorder, plain

both = pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
OFFICE = IPv4Network("203.0.113.0/28")


def cluster_args(**more: Any) -> ClusterArgs:
    return ClusterArgs(
        **{
            "network": cloud.network_parts(),
            "security": cloud.security_parts(),
            "tags": cloud.TAGS,
            "version": "1.32",
            "service_cidr": IPv4Network("172.30.0.0/20"),
            "key": "key-1",
            "system": SystemPoolArgs(instance_type="SA5.LARGE16", min_size=3, max_size=6, disk_gib=120),
            **more,
        }
    )


def make(preview: bool = False, **more: Any) -> Recorder:
    def program(opts: pulumi.ResourceOptions) -> dict[str, Any]:
        parts = Cluster("tke", cluster_args(**more), opts).parts
        return {
            "kubeconfig": parts.kubeconfig,
            "address": parts.address,
            "issuer": parts.issuer,
            "provider": parts.issuer_id,
        }

    return cloud.run(program, preview=preview)


@both
@pytest.mark.parametrize("public", [(), (OFFICE,)], ids=["private", "public"])
def test_a_cluster_keeps_the_house_rules(preview: bool, public: tuple[IPv4Network, ...]) -> None:
    done = make(preview, public_access=public)
    cloud.assert_house_rules(done)
    assert done.exports["kubeconfig"].secret


def test_the_api_is_private_unless_ranges_are_named() -> None:
    done = make()
    endpoint = done.one("ClusterEndpoint").inputs
    assert (endpoint["clusterIntranet"], endpoint["clusterInternet"]) == (True, False)
    assert endpoint["clusterIntranetSubnetId"] == "subnet-nodes-1"
    assert "clusterInternetSecurityGroup" not in endpoint
    assert plain(done.exports["kubeconfig"].value) == cloud.KUBECONFIG
    assert done.exports["address"].value == "10.0.10.5"


def test_a_public_api_is_reached_only_from_the_ranges_named() -> None:
    done = make(public_access=(OFFICE,))
    assert done.one("ClusterEndpoint").inputs["clusterInternetSecurityGroup"] == "tke-api-id"
    rules = done.one("GroupRuleSet", "tke-api-rules").inputs
    assert [(rule["protocol"], rule["port"], rule["cidrBlock"]) for rule in rules["ingresses"]] == [
        ("TCP", "443", str(OFFICE))
    ]
    assert rules["egresses"] == []
    assert plain(done.exports["kubeconfig"].value) == f"public-{cloud.KUBECONFIG}"


def test_the_endpoint_and_the_add_ons_wait_for_nodes() -> None:
    done = make()
    for name in ("tke-endpoint", "tke-addon-networkpolicy", "tke-addon-cfs", "tke-system-logs"):
        assert "tke-system" in done.waits_for(name), name
    assert "tke-identity" in done.waits_for("tke-endpoint")
    assert "tke-secrets" in done.waits_for("tke-identity")


def test_secrets_are_encrypted_with_the_regions_key() -> None:
    config = make().one("EncryptionProtection").inputs["kmsConfiguration"]
    assert config == {"keyId": "key-1", "kmsRegion": "ap-singapore"}


def test_audit_and_events_are_kept_for_the_days_asked() -> None:
    done = make(audit_log_days=180)
    cluster = done.one("Cluster", "tke-tke").inputs
    kept = {"enabled": True, "logSetId": "tke-logs-set-id"}
    assert cluster["clusterAudit"] == {**kept, "topicId": "tke-logs-audit-id"}
    assert cluster["eventPersistence"] == {**kept, "topicId": "tke-logs-events-id"}
    assert {topic.inputs["period"] for topic in done.all("Topic")} == {180}
    collected = json.loads(done.one("LogConfig").inputs["logConfig"])["spec"]
    assert collected["clsDetail"]["topicId"] == "tke-logs-system-id"
    assert collected["inputDetail"]["containerStdout"]["namespace"] == "kube-system"


def test_pods_have_addresses_of_the_pod_subnets() -> None:
    cluster = make().one("Cluster", "tke-tke").inputs
    assert cluster["networkType"] == "VPC-CNI"
    assert cluster["eniSubnetIds"] == ["subnet-pods-1", "subnet-pods-2", "subnet-pods-3"]
    assert (cluster["serviceCidr"], cluster["clusterMaxServiceNum"]) == ("172.30.0.0/20", 4096)
    assert (cluster["clusterDeployType"], cluster["clusterVersion"]) == ("MANAGED_CLUSTER", "1.32.2")


def test_pods_get_identities_from_the_clusters_own_issuer() -> None:
    done = make()
    auth = done.one("AuthAttachment").inputs
    assert auth["useTkeDefault"] and auth["autoCreateOidcConfig"] and auth["autoInstallPodIdentityWebhookAddon"]
    assert auth["autoCreateClientIds"] == ["sts.cloud.tencent.com"]
    assert done.exports["issuer"].value == cloud.ISSUER
    assert done.exports["provider"].value == "tke-tke-id"


def test_system_nodes_are_private_encrypted_and_go_with_their_pool() -> None:
    pool = make().one("NodePool").inputs
    config = pool["autoScalingConfig"]
    assert pool["deleteKeepInstance"] is False
    assert (pool["minSize"], pool["maxSize"], pool["enableAutoScale"]) == (3, 6, True)
    assert config["publicIpAssigned"] is False
    assert [disk["encrypt"] for disk in config["dataDisks"]] == [True]
    assert config["orderlySecurityGroupIds"] == ["sg-nodes"]
    assert pool["nodeConfig"]["dataDisks"][0]["mountTarget"] == "/var/lib/containerd"
    assert len(pool["name"]) <= 25


@pytest.mark.parametrize("protect", [True, False])
def test_production_is_protected_from_deletion(protect: bool) -> None:
    done = make(protect=protect)
    assert done.one("Cluster", "tke-tke").inputs["deletionProtection"] is protect
    assert done.one("NodePool").inputs["deletionProtection"] is protect


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": "1.31"}, r"cluster\.version: 1\.31 is not a version of TKE.*use 1\.28, 1\.30, 1\.32, 1\.34"),
        ({"admins": ("100000000009",)}, r"cluster\.admins: 100000000009: TKE binds administrators in the cluster only"),
    ],
)
def test_what_tke_cannot_do_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(**change)


def test_the_number_of_services_is_what_tke_takes() -> None:
    assert [services(IPv4Network(cidr)) for cidr in ("10.0.0.0/28", "10.0.0.0/24", "10.0.0.0/12")] == [32, 256, 32768]


def world(**changes: Any) -> Any:
    found = {
        "clusterName": "old",
        "vpcId": "vpc-old",
        "kubeConfigIntranet": cloud.KUBECONFIG,
        "kubeConfig": "",
        "pgwEndpoint": "10.1.0.5",
        "clusterExternalEndpoint": "",
    }
    auth = {
        "serviceAccounts": [{"issuer": cloud.ISSUER, "useTkeDefault": True}],
        "oidcConfigs": [{"autoCreateOidcConfig": True}],
    }

    def answer(call: MockCallArgs) -> dict[str, Any]:
        if call.token.endswith(":getClusters"):
            assert "kubeConfigFilePrefix" not in call.args, "no kubeconfig is written to a file"
            there = call.args["clusterId"] == "cls-old"
            return {"lists": [found | {k: v for k, v in changes.items() if k in found}] if there else []}
        return auth | {k: v for k, v in changes.items() if k in auth}

    return answer


def adopt(id: str, preview: bool, **changes: Any) -> Recorder:
    def program(opts: pulumi.ResourceOptions) -> dict[str, Any]:
        parts = ExistingCluster("old", ExistingClusterArgs(id=id), "vpc-old", opts).parts
        return {
            "id": parts.id,
            "kubeconfig": parts.kubeconfig,
            "address": parts.address,
            "issuer": parts.issuer,
        }

    return cloud.run(program, preview=preview, calls=world(**changes))


@both
def test_an_existing_cluster_is_looked_up_and_nothing_is_made(preview: bool) -> None:
    done = adopt("cls-old", preview)
    assert not cloud.cloud(done)
    assert done.exports["kubeconfig"].secret
    assert {name: plain(export.value) for name, export in done.exports.items()} == {
        "id": "cls-old",
        "kubeconfig": cloud.KUBECONFIG,
        "address": "10.1.0.5",
        "issuer": cloud.ISSUER,
    }


@both
@pytest.mark.parametrize(
    ("id", "changes", "message"),
    [
        ("cls-gone", {}, r"cluster\.existing\.id: cls-gone is not in this account and region"),
        ("cls-old", {"vpcId": "vpc-else"}, r"cls-old is in vpc-else, not in vpc-old: name one of the VPC"),
        ("cls-old", {"kubeConfigIntranet": ""}, "cls-old has no endpoint open"),
        ("cls-old", {"oidcConfigs": []}, "cls-old gives pods no identity in CAM"),
    ],
)
def test_a_cluster_that_does_not_fit_is_refused(preview: bool, id: str, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(pulumi.RunError, match=message):
        adopt(id, preview, **changes)
