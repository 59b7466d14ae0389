"""ACK Pro as we make it."""

import json
from dataclasses import replace
from ipaddress import IPv4Network

import pulumi
import pytest

from components.alicloud.cluster import Cluster, internet, newest, permission
from components.cloud_args import ClusterArgs, SystemPoolArgs
from tests.components.alicloud import cloud
from tests.harness import mocks
from tests.harness.mocks import Recorder

ARGS = ClusterArgs(
    network=cloud.NETWORK,
    security=cloud.SECURITY,
    tags=cloud.TAGS,
    version="1.34",
    service_cidr=IPv4Network("172.20.0.0/16"),
    key="key-1",
    system=SystemPoolArgs(instance_type="ecs.g7.xlarge", min_size=2, max_size=4),
    admins=("200000000000000001", "role/300000000000000001"),
    audit_log_days=180,
)


def made(args: ClusterArgs, *, preview: bool = False) -> Recorder:
    def build(opts: pulumi.ResourceOptions) -> dict[str, object]:
        parts = Cluster("here-cluster", args, opts).parts
        return {
            "kubeconfig": parts.kubeconfig,
            "address": parts.address,
            "issuer": parts.issuer,
            "issuerId": parts.issuer_id,
        }

    return cloud.run(build, preview=preview)


@pytest.fixture(scope="module", params=[True, False], ids=["preview", "update"])
def cluster(request: pytest.FixtureRequest) -> Recorder:
    return made(ARGS, preview=request.param)


def test_the_api_server_is_private_and_secrets_are_under_our_key(cluster: Recorder) -> None:
    ack = cluster.one("ManagedKubernetes").inputs
    assert ack["slbInternetEnabled"] is False
    assert ack["disableEncryption"] is False
    assert ack["encryptionProviderKey"] == "key-1"
    assert ack["deletionProtection"] is True
    assert ack["newNatGateway"] is False


def test_what_counts_at_creation_only_is_shown_as_such(cluster: Recorder) -> None:
    """A plan must not call a public cluster private, nor promise add-ons that ACK would ignore."""
    assert cluster.replacing["here-cluster-ack"] == ["slbInternetEnabled"]
    assert cluster.ignored["here-cluster-ack"] == ["addons"]


def test_it_is_of_the_newest_patch_of_the_version_asked_for(cluster: Recorder) -> None:
    ack = cluster.one("ManagedKubernetes").inputs
    assert (ack["clusterSpec"], ack["version"]) == ("ack.pro.small", "1.34.3-aliyun.1")


def test_pods_get_addresses_of_their_own_vswitches_and_network_policies_hold(cluster: Recorder) -> None:
    ack = cluster.one("ManagedKubernetes").inputs
    assert ack["vswitchIds"] == list(cloud.NETWORK.node_subnets)
    assert ack["podVswitchIds"] == list(cloud.NETWORK.pod_subnets)
    terway = next(addon for addon in ack["addons"] if addon["name"] == "terway-eniip")
    assert json.loads(terway["config"])["NetworkPolicy"] == "true"


def test_no_ingress_makes_a_public_balancer_of_its_own(cluster: Recorder) -> None:
    addons = {addon["name"]: addon for addon in cluster.one("ManagedKubernetes").inputs["addons"]}
    assert addons["nginx-ingress-controller"]["disabled"] is True


def test_audit_and_control_plane_logs_are_kept_as_long_as_asked(cluster: Recorder) -> None:
    ack = cluster.one("ManagedKubernetes").inputs
    project = cluster.one("Project").inputs["projectName"]
    assert ack["auditLogConfig"] == {"enabled": True, "slsProjectName": project}
    assert ack["controlPlaneLogProject"] == project
    assert ack["controlPlaneLogTtl"] == "180"
    assert {"apiserver", "scheduler", "controlplane-events"} <= set(ack["controlPlaneLogComponents"])


def test_system_nodes_are_encrypted_hardened_and_repaired(cluster: Recorder) -> None:
    pool = cluster.one("NodePool").inputs
    assert (pool["systemDiskEncrypted"], pool["systemDiskKmsKey"]) == (True, "key-1")
    assert pool["instanceMetadataOptions"] == {"httpTokens": "required"}
    assert pool["management"]["autoRepair"] is True
    assert pool["securityGroupIds"] == ["sg-1"]
    assert (pool["scalingConfig"]["minSize"], pool["scalingConfig"]["maxSize"]) == (2, 4)
    assert "desiredSize" not in pool
    assert cluster.ignored["here-cluster-system"] == ["desiredSize"]


def test_addons_wait_for_nodes(cluster: Recorder) -> None:
    addons = cluster.all("KubernetesAddon")
    assert {addon.inputs["name"] for addon in addons} >= {"ack-pod-identity-webhook", "ack-node-problem-detector"}
    for addon in addons:
        assert "here-cluster-system" in cluster.waits_for(addon.name)


def test_administrators_administer_this_cluster_only(cluster: Recorder) -> None:
    given = {item.inputs["uid"]: item.inputs["permissions"] for item in cluster.all("KubernetesPermission")}
    assert [given[uid][0]["isRamRole"] for uid in ("200000000000000001", "300000000000000001")] == [False, True]
    for permissions in given.values():
        assert [(one["roleType"], one["roleName"]) for one in permissions] == [("cluster", "admin")]


def test_the_kubeconfig_is_secret_and_names_the_private_endpoint() -> None:
    cluster = made(ARGS)
    assert cluster.exports["kubeconfig"].secret
    config = json.loads(cluster.exports["kubeconfig"].value)
    assert config["clusters"][0]["cluster"]["server"] == "https://10.0.8.2:6443"
    assert config["users"][0]["user"] == {"client-certificate-data": "Y2VydA==", "client-key-data": "a2V5"}
    assert cluster.exports["address"].value == "10.0.8.2"
    assert not cluster.exports["address"].secret
    for item in cluster.resources:
        assert "a2V5" not in json.dumps(mocks.plain(item.inputs)), item.name


def test_workloads_can_be_bound_to_its_issuer() -> None:
    exports = made(ARGS).exports
    assert exports["issuer"].value.startswith("https://oidc-ack-")
    assert exports["issuerId"].value == f"acs:ram::{cloud.ACCOUNT}:oidc-provider/ack-rrsa-c1"


def test_a_public_api_is_public_for_everyone_or_refused() -> None:
    everyone = made(replace(ARGS, public_access=(IPv4Network("0.0.0.0/0"),)))
    assert everyone.one("ManagedKubernetes").inputs["slbInternetEnabled"] is True
    assert everyone.exports["address"].value == "47.9.9.9"
    with pytest.raises(ValueError, match=r"cluster\.publicAccess: 203\.0\.113\.0/24: ACK's SDK can't limit"):
        internet((IPv4Network("203.0.113.0/24"),))


def test_a_pool_of_one_size_says_it() -> None:
    pool = made(replace(ARGS, system=SystemPoolArgs(instance_type="ecs.g7.xlarge", min_size=3, max_size=3)))
    assert pool.ignored["here-cluster-system"] == []
    assert pool.one("NodePool").inputs["desiredSize"] == "3"
    assert "scalingConfig" not in pool.one("NodePool").inputs


def test_versions_order_by_number_and_an_absent_one_is_refused() -> None:
    assert newest("1.32", ["1.32.9-aliyun.1", "1.32.10-aliyun.1", "1.33.1-aliyun.1"]) == "1.32.10-aliyun.1"
    with pytest.raises(pulumi.RunError) as refused:
        newest("1.20", ["1.32.9-aliyun.1", "1.33.1-aliyun.1"])
    assert str(refused.value) == "cluster.version: 1.20: ACK offers 1.32, 1.33: name one of these"


def test_a_long_name_stays_within_what_ack_takes() -> None:
    def build(opts: pulumi.ResourceOptions) -> dict[str, object]:
        Cluster("alicloud-" + "far" * 20 + "-cluster", ARGS, opts)
        return {}

    cluster = cloud.run(build)
    assert len(cluster.one("ManagedKubernetes").inputs["name"]) <= 63
    assert len(cluster.one("NodePool").inputs["nodePoolName"]) <= 63
    assert len(cluster.one("Project").inputs["projectName"]) <= 63


def test_an_administrator_is_a_number() -> None:
    with pytest.raises(ValueError, match=r"cluster\.admins: alice: ACK knows administrators by number"):
        permission("alice")
