"""The three cloud stand-ins under the real engine: plan, up, no change, update, replacement, refresh, destroy."""

from dataclasses import dataclass

import pytest
import yaml

from tests.harness.engine import PLUGINS, Project

CLOUDS = ("aws", "alicloud", "tencentcloud")


@dataclass(frozen=True)
class Trial:
    """One network and cluster; the program takes a VPC's range and a size."""

    program: str
    misspelt: tuple[str, str]  # in the program -> its path in the refusal
    existing: str  # the VPC of a subnet that is looked up


TRIALS = {
    "aws": Trial(
        """
import json
import pulumi_aws as aws
from pulumi_aws import ec2, eks, iam
provider = aws.Provider("cloud", region="us-west-2", allowed_account_ids=["111122223333"])
with_it = pulumi.ResourceOptions(provider=provider)
network = ec2.Vpc("network", cidr_block="{range}", tags={{"size": "{size}"}}, opts=with_it)
subnet = ec2.Subnet("subnet", vpc_id=network.id, cidr_block="{range}", availability_zone="us-west-2a", opts=with_it)
role = iam.Role("role", assume_role_policy=json.dumps({{}}), opts=with_it)
cluster = eks.Cluster("cluster", role_arn=role.arn, vpc_config={{"subnet_ids": [subnet.id]}}, opts=with_it)
pool = eks.NodeGroup("pool", cluster_name=cluster.name, node_role_arn=role.arn, subnet_ids=[subnet.id],
    scaling_config={{"min_size": 1, "max_size": {size}, "desired_size": 1}}, opts=with_it)
pulumi.export("network", network.id)
pulumi.export("server", cluster.endpoint)
""",
        ('"max_size"', "scalingConfig.max_szie"),
        'ec2.get_subnet_output(id="subnet-1", opts=pulumi.InvokeOptions(provider=provider)).vpc_id',
    ),
    "alicloud": Trial(
        """
import pulumi_alicloud as alicloud
from pulumi_alicloud import cs, vpc
provider = alicloud.Provider("cloud", region="cn-hangzhou", account_id="1111222233334444")
with_it = pulumi.ResourceOptions(provider=provider)
network = vpc.Network("network", vpc_name="n", cidr_block="{range}", tags={{"size": "{size}"}}, opts=with_it)
subnet = vpc.Switch("subnet", vpc_id=network.id, cidr_block="{range}", zone_id="cn-hangzhou-h", opts=with_it)
cluster = cs.ManagedKubernetes("cluster", vswitch_ids=[subnet.id], enable_rrsa=True, opts=with_it)
pool = cs.NodePool("pool", cluster_id=cluster.id, vswitch_ids=[subnet.id], instance_types=["ecs.gn7i-c8g1.2xlarge"],
    scaling_config={{"min_size": 1, "max_size": {size}}}, opts=with_it)
asked = pulumi.InvokeOptions(provider=provider)
given = cs.get_cluster_credential_output(cluster_id=cluster.id, opts=asked)
pulumi.export("network", network.id)
pulumi.export("server", given.kube_config.apply(lambda text: text[text.index("https"):].split("'")[0]))
""",
        ('"max_size"', "scalingConfig.max_szie"),
        'vpc.get_switches_output(ids=["vsw-1"], opts=asked).vswitches[0].vpc_id',
    ),
    "tencentcloud": Trial(
        """
import tencentcloud_iac_pulumi as tencentcloud
from tencentcloud_iac_pulumi import kubernetes, vpc
from tencentcloud_iac_pulumi import subnet as subnets
provider = tencentcloud.Provider("cloud", region="ap-singapore")
with_it = pulumi.ResourceOptions(provider=provider)
network = vpc.Instance("network", cidr_block="{range}", tags={{"size": "{size}"}}, opts=with_it)
subnet = subnets.Instance("subnet", vpc_id=network.id, cidr_block="{range}", availability_zone="ap-singapore-1",
    opts=with_it)
cluster = kubernetes.Cluster("cluster", vpc_id=network.id, network_type="VPC-CNI", eni_subnet_ids=[subnet.id],
    opts=with_it)
pool = kubernetes.NodePool("pool", cluster_id=cluster.id, vpc_id=network.id, subnet_ids=[subnet.id], min_size=0,
    max_size={size}, auto_scaling_config={{"instance_type": "GN7.2XLARGE32"}}, opts=with_it)
asked = pulumi.InvokeOptions(provider=provider)
pulumi.export("network", network.id)
pulumi.export("server", cluster.kube_config_intranet.apply(lambda text: text[text.index("https"):].split("'")[0]))
""",
        ('"instance_type"', "autoScalingConfig.max_szie"),
        'vpc.get_subnets_output(subnet_id="subnet-1", opts=asked).instance_lists[0].vpc_id',
    ),
}


@pytest.fixture(params=CLOUDS)
def cloud(request):
    return request.param


@pytest.fixture
def project(cloud, tmp_path):
    return Project(tmp_path / "project", plugins=(*PLUGINS, *CLOUDS))


def write(project, cloud, network="10.0.0.0/16", size=2, more=""):
    project.write(TRIALS[cloud].program.format(range=network, size=size) + more)


@pytest.mark.integration
def test_a_life(project, cloud):
    write(project, cloud)
    assert set(project.steps().values()) == {"create"}
    text = project.up().ok()
    assert f"{cloud} is a stand-in: what it makes is in the state alone" in text
    first = project.outputs()
    assert first["network"].startswith("vpc-")
    assert first["server"].startswith("https://")
    state = project.state()

    project.up("--expect-no-changes").ok()
    project.run("refresh", "--yes", "--skip-preview", "--expect-no-changes").ok()
    assert project.state().keys() == state.keys()

    write(project, cloud, size=3)
    steps = project.steps()
    assert {name for name, step in steps.items() if step == "update"} == {"network", "pool"}
    assert set(steps.values()) == {"same", "update"}
    project.up().ok()
    assert project.outputs() == first
    assert project.state()["pool"]["id"] == state["pool"]["id"]

    write(project, cloud, network="10.1.0.0/16", size=3)
    replaced = {name for name, step in project.steps().items() if "replace" in step}
    assert "subnet" in replaced
    project.up().ok()
    assert project.state()["subnet"]["id"] != state["subnet"]["id"]
    project.up("--expect-no-changes").ok()

    project.run("destroy", "--yes", "--skip-preview").ok()
    assert project.state() == {}


@pytest.mark.integration
def test_a_mistake_is_refused_in_the_preview_with_its_path(project, cloud):
    word, path = TRIALS[cloud].misspelt
    project.write(TRIALS[cloud].program.format(range="10.0.0.0/16", size=2).replace(word, '"max_szie"'))
    text = project.preview().failed()
    assert path in text
    assert "has no property 'max_szie'" in text


@pytest.mark.integration
def test_what_exists_is_the_world_s_and_what_it_took_away_is_made_again(project, cloud):
    lookup = TRIALS[cloud].existing
    world = project.folder / "world.yaml"
    project.environment["AUTOGLM_STANDIN_WORLD"] = str(world)
    subnets = [{"id": "subnet-1", "vpc": "vpc-7", "zone": "z"}, {"id": "vsw-1", "vpc": "vpc-7", "zone": "z"}]
    world.write_text(yaml.safe_dump({"subnets": subnets}))
    write(project, cloud, more=f'\npulumi.export("of", {lookup})\n')
    project.up().ok()
    assert project.outputs()["of"] == "vpc-7"

    world.write_text(yaml.safe_dump({"subnets": subnets, "gone": ["pool"], "changed": {"network": {"tags": {}}}}))
    text = project.run("refresh", "--yes", "--skip-preview").ok()
    assert "1 deleted" in text
    world.write_text(yaml.safe_dump({"subnets": subnets, "failures": {"pool": "no capacity left"}}))
    assert "no capacity left" in project.up().failed()
    world.write_text(yaml.safe_dump({"subnets": subnets}))
    project.up().ok()
    assert "pool" in project.state()
    assert project.state()["network"]["outputs"]["tags"] == {"size": "2"}
