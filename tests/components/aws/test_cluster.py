import json
from ipaddress import IPv4Network

import pytest

from components.aws import addons, kubeconfig, parts
from components.aws.cluster import Cluster
from components.aws.existing_cluster import ExistingCluster
from components.cloud_args import ClusterArgs, ExistingClusterArgs, SystemPoolArgs
from components.types import ClusterParts
from tests.components.aws import cloud
from tests.harness.mocks import Recorder

ADMIN = f"arn:aws:iam::{cloud.ACCOUNT}:role/team/admin"


def args(**more: object) -> ClusterArgs:
    return ClusterArgs(
        **{
            "network": cloud.network_parts(),
            "security": cloud.security_parts(),
            "tags": cloud.TAGS,
            "version": "1.33",
            "service_cidr": IPv4Network("172.20.0.0/16"),
            "key": cloud.KEY,
            "system": SystemPoolArgs(instance_type="m7g.large"),
            "admins": (ADMIN,),
            **more,
        }
    )


def made(preview: bool = False, **more: object) -> Recorder:
    def program(opts):
        found = Cluster("west", args(**more), opts).parts
        return {"kubeconfig": found.kubeconfig, "address": found.address, "issuer": found.issuer_id}

    return cloud.run(program, preview=preview)


@pytest.fixture(scope="module")
def done() -> Recorder:
    return made()


@pytest.mark.parametrize("preview", [True, False])
def test_a_cluster_keeps_the_house_rules_and_its_kubeconfig_secret(preview: bool) -> None:
    done = made(preview)
    cloud.assert_house_rules(done)
    assert done.exports["kubeconfig"].secret


def test_the_api_has_a_private_address_only(done: Recorder) -> None:
    network = done.one("Cluster", "west-eks").inputs["vpcConfig"]
    assert (network["endpointPrivateAccess"], network["endpointPublicAccess"]) == (True, False)
    assert "publicAccessCidrs" not in network


def test_a_public_address_is_for_the_ranges_asked() -> None:
    network = made(public_access=(IPv4Network("198.51.100.0/24"),)).one("Cluster", "west-eks").inputs["vpcConfig"]
    assert (network["endpointPublicAccess"], network["publicAccessCidrs"]) == (True, ["198.51.100.0/24"])


def test_secrets_are_encrypted_and_every_call_is_recorded(done: Recorder) -> None:
    cluster = done.one("Cluster", "west-eks").inputs
    assert cluster["encryptionConfig"] == {"provider": {"keyArn": cloud.KEY}, "resources": ["secrets"]}
    assert cluster["enabledClusterLogTypes"] == ["api", "audit", "authenticator", "controllerManager", "scheduler"]
    logs = done.one("LogGroup").inputs
    assert (logs["name"], logs["retentionInDays"]) == ("/aws/eks/west/cluster", 90)
    assert cluster["name"] == "west"
    assert "west-logs" in done.waits_for("west-eks")


@pytest.mark.parametrize("protect", [True, False])
def test_a_protected_cluster_is_not_deleted_by_mistake(protect: bool) -> None:
    assert made(protect=protect).one("Cluster", "west-eks").inputs["deletionProtection"] is protect


def test_admins_have_access_entries(done: Recorder) -> None:
    assert done.one("Cluster", "west-eks").inputs["accessConfig"]["authenticationMode"] == "API"
    entry = done.one("AccessEntry").inputs
    rights = done.one("AccessPolicyAssociation").inputs
    assert entry["principalArn"] == rights["principalArn"] == ADMIN
    assert rights["policyArn"] == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    assert done.one("AccessEntry").name == "west-admin-role-team-admin"


def test_nodes_come_after_what_makes_them_ready_and_before_what_runs_on_them(done: Recorder) -> None:
    before = done.waits_for("west-system")
    assert {"west-vpc-cni", "west-kube-proxy", "west-eks-pod-identity-agent"} <= before
    for name in ("coredns", "aws-ebs-csi-driver", "aws-efs-csi-driver", "eks-node-monitoring-agent"):
        assert f"west-{name}" not in before
        assert "west-system" in done.waits_for(f"west-{name}")


def test_network_policies_are_enforced_and_pods_have_their_own_subnets(done: Recorder) -> None:
    values = json.loads(done.one("Addon", "west-vpc-cni").inputs["configurationValues"])
    assert values["enableNetworkPolicy"] == "true"
    assert values["eniConfig"]["subnets"]["us-west-2b"] == {"id": "subnet-pods-b", "securityGroups": ["sg-nodes"]}
    assert values["env"]["AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"] == "true"


def test_without_pod_subnets_pods_live_in_the_nodes() -> None:
    values = json.loads(addons.cni_configuration(cloud.ZONES, [], "sg-nodes"))
    assert "eniConfig" not in values and "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG" not in values["env"]
    assert values["enableNetworkPolicy"] == "true"


def test_addons_get_their_rights_by_pod_identity(done: Recorder) -> None:
    by_account = {
        given["serviceAccount"]: item.name
        for item in done.all("Addon")
        for given in item.inputs.get("podIdentityAssociations", [])
    }
    assert by_account == {"aws-node": "west-vpc-cni", "ebs-csi-controller-sa": "west-aws-ebs-csi-driver"}
    trust = json.loads(done.one("Role", "west-vpc-cni-role").inputs["assumeRolePolicy"])["Statement"][0]
    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert trust["Condition"]["StringEquals"]["aws:RequestTag/kubernetes-service-account"] == "aws-node"
    # Nodes themselves may not touch network interfaces.
    attached = [item.inputs["policyArn"] for item in done.all("RolePolicyAttachment") if "system" in item.name]
    assert not [arn for arn in attached if "CNI" in arn]


def test_the_system_nodes_match_their_processor_and_leave_scaling_to_the_autoscaler(done: Recorder) -> None:
    group = done.one("NodeGroup").inputs
    assert group["amiType"] == "AL2023_ARM_64_STANDARD"
    assert group["scalingConfig"] == {"minSize": 2, "maxSize": 4, "desiredSize": 2}


def test_the_control_plane_and_nodes_reach_each_other_on_two_ports_only(done: Recorder) -> None:
    rules = {
        (rule.inputs["securityGroupId"], rule.inputs["referencedSecurityGroupId"], rule.inputs["fromPort"])
        for rule in done.all("SecurityGroupIngressRule")
    }
    assert rules == {("sg-control-plane", "sg-nodes", 443), ("sg-nodes", "sg-control-plane", 10250)}


def test_in_china_rights_come_through_the_oidc_issuer() -> None:
    zones = ("cn-north-1a", "cn-north-1b", "cn-north-1d")

    def program(opts):
        return {"id": Cluster("north", args(network=cloud.network_parts(zones=zones)), opts).parts.issuer_id}

    done = cloud.run(program, preview=False, region="cn-north-1")
    assert not [item for item in done.all("Addon") if item.inputs["addonName"] == "eks-pod-identity-agent"]
    cni = done.one("Addon", "north-vpc-cni").inputs
    assert "podIdentityAssociations" not in cni and cni["serviceAccountRoleArn"]
    trust = json.loads(done.one("Role", "north-vpc-cni-role").inputs["assumeRolePolicy"])["Statement"][0]
    assert trust["Action"] == ["sts:AssumeRoleWithWebIdentity"]
    assert done.exports["id"].value.endswith(":north-issuer")
    arns = [
        item.inputs["policyArn"] for item in [*done.all("RolePolicyAttachment"), *done.all("AccessPolicyAssociation")]
    ]
    assert arns and all(arn.startswith("arn:aws-cn:") for arn in arns)
    node = json.loads(done.one("Role", "north-system-role").inputs["assumeRolePolicy"])["Statement"][0]
    assert node["Principal"]["Service"] == "ec2.amazonaws.com.cn"


def test_a_kubeconfig_holds_no_credentials() -> None:
    arn = "arn:aws-cn:eks:cn-north-1:123456789012:cluster/north"
    made = json.loads(kubeconfig.kubeconfig(arn, "https://x.eks.amazonaws.com.cn", "Q0E="))
    user = made["users"][0]["user"]
    assert set(user) == {"exec"}
    assert user["exec"]["args"][:2] == ["--region", "cn-north-1"]
    assert made["clusters"][0]["cluster"]["server"] == "https://x.eks.amazonaws.com.cn"


def answer(call) -> dict[str, object]:
    assert call.token.endswith(":getCluster") and call.args["name"] == "shared"
    return {
        "arn": f"arn:aws:eks:us-west-2:{cloud.ACCOUNT}:cluster/shared",
        "name": "shared",
        "endpoint": "https://abc.eks.amazonaws.com",
        "certificateAuthorities": [{"data": "Q0E="}],
        "identities": [{"oidcs": [{"issuer": cloud.ISSUER}]}],
        "vpcConfig": {"clusterSecurityGroupId": "sg-theirs", "vpcId": "vpc-1"},
        "version": "1.32",
    }


@pytest.mark.parametrize("preview", [True, False])
def test_an_existing_cluster_is_looked_up_and_left_alone(preview: bool) -> None:
    def program(opts):
        found = ExistingCluster("west", ExistingClusterArgs(id="shared"), opts).parts
        return {
            "kubeconfig": found.kubeconfig,
            "address": found.address,
            "groups": list(found.node_groups),
            "issuer": found.issuer_id,
        }

    done = cloud.run(program, preview=preview, calls=answer)
    assert cloud.cloud(done) == []
    assert done.exports["kubeconfig"].secret
    assert done.exports["address"].value == "abc.eks.amazonaws.com"
    assert done.exports["groups"].value == ["sg-theirs"]
    assert done.exports["issuer"].value == cloud.cluster_parts().issuer_id


def test_a_cluster_of_another_network_is_refused() -> None:
    def program(opts):
        return {"name": ExistingCluster("west", ExistingClusterArgs(id="shared"), opts).inside("vpc-2").name}

    with pytest.raises(Exception, match=r"cluster.existing.id: shared is in vpc-1, not in vpc-2: name a cluster of"):
        cloud.run(program, preview=False, calls=answer)


def test_a_cluster_of_another_cloud_is_refused() -> None:
    def program(opts):
        common = {key: getattr(cloud.cluster_parts(), key) for key in ClusterParts.__dataclass_fields__}
        with pytest.raises(TypeError, match="ClusterParts is no cluster of components/aws"):
            parts.eks(ClusterParts(**common))
        return {}

    cloud.run(program, preview=False)
