import base64
from typing import Any

import pytest

from components import pools
from components.aws import checks, images
from components.aws.gpu_pool import GpuPool, refuse
from components.cloud_args import GpuPoolArgs
from components.platform.tuning import Row
from stacks.schema import AwsRegion
from tests.components.aws import cloud
from tests.harness.mocks import Recorder
from tests.stacks.regions import region

SETUP = (Row(kind="exact", target="net/ipv4/tcp_congestion_control", value="bbr"),)


def made(preview: bool = False, name: str = "west-pool-chat", **more: object) -> Recorder:
    def program(opts):
        args = GpuPoolArgs(
            **{
                "cluster": cloud.cluster_parts(),
                "network": cloud.network_parts(),
                "security": cloud.security_parts(),
                "tags": cloud.TAGS,
                "key": cloud.KEY,
                "instance_type": "g6e.2xlarge",
                "min_size": 1,
                "max_size": 8,
                "labels": pools.labels("chat", "l40s", spot=False),
                "taints": pools.taints(),
                "zones": cloud.ZONES,
                **more,
            }
        )
        return {"pool": GpuPool(name, args, opts).pool.urn}

    return cloud.run(program, preview=preview)


@pytest.fixture(scope="module")
def done() -> Recorder:
    return made()


@pytest.mark.parametrize("preview", [True, False])
def test_a_pool_keeps_the_house_rules(preview: bool) -> None:
    cloud.assert_house_rules(made(preview))


def test_its_nodes_have_a_driver_labels_and_taints(done: Recorder) -> None:
    group = done.one("NodeGroup").inputs
    assert group["amiType"] == "AL2023_x86_64_NVIDIA"
    assert group["labels"][pools.POOL] == "chat"
    assert group["taints"] == [{"key": pools.TAINT, "value": "present", "effect": "NO_SCHEDULE"}]
    assert group["capacityType"] == "ON_DEMAND"
    assert group["nodeRepairConfig"] == {"enabled": True}
    assert group["version"] == "1.33"


def test_the_autoscaler_owns_the_size(done: Recorder) -> None:
    assert done.ignored["west-pool-chat-nodes"] == ["scalingConfig.desiredSize"]
    assert done.one("NodeGroup").inputs["scalingConfig"] == {"minSize": 1, "maxSize": 8, "desiredSize": 1}


def test_pods_cannot_reach_the_metadata_service(done: Recorder) -> None:
    options = done.one("LaunchTemplate").inputs["metadataOptions"]
    assert (options["httpTokens"], options["httpPutResponseHopLimit"]) == ("required", 1)


@pytest.mark.parametrize("image", [None, "BOTTLEROCKET_x86_64_NVIDIA"])
def test_every_disk_is_encrypted_with_the_regions_key(image: str | None) -> None:
    disks = made(image=image).one("LaunchTemplate").inputs["blockDeviceMappings"]
    assert len(disks) == (2 if image else 1)
    for disk in disks:
        assert (disk["ebs"]["encrypted"], disk["ebs"]["kmsKeyId"], disk["ebs"]["volumeType"]) == (
            "true",
            cloud.KEY,
            "gp3",
        )
    sizes = [disk["ebs"].get("volumeSize") for disk in disks]
    assert sizes == ([200, None] if image else [200])


def test_what_a_node_is_made_of_is_tagged_like_the_rest(done: Recorder) -> None:
    specs = done.one("LaunchTemplate").inputs["tagSpecifications"]
    assert {spec["resourceType"] for spec in specs} == {"instance", "volume", "network-interface"}
    assert all(spec["tags"]["cost-center"] == "42" for spec in specs)


def test_the_autoscaler_knows_a_node_before_there_is_one(done: Recorder) -> None:
    told = {item.inputs["tag"]["key"]: item.inputs["tag"]["value"] for item in done.all("Tag")}
    assert told["k8s.io/cluster-autoscaler/node-template/label/autoglm.io/pool"] == "chat"
    assert told["k8s.io/cluster-autoscaler/node-template/taint/nvidia.com/gpu"] == "present:NoSchedule"
    assert {item.inputs["autoscalingGroupName"] for item in done.all("Tag")} == {"eks-west-pool-chat-nodes"}


def test_a_pool_of_some_zones_has_their_subnets_only() -> None:
    done = made(zones=("us-west-2c", "us-west-2a"))
    assert done.one("NodeGroup").inputs["subnetIds"] == ["subnet-nodes-c", "subnet-nodes-a"]


def test_a_pool_with_a_long_name_fits_aws() -> None:
    done = made(name="aws-us-west-2-pool-" + "x" * 40)
    assert len(done.one("NodeGroup").inputs["nodeGroupName"]) <= 63
    assert len(done.one("Role").inputs["name"]) <= 64
    assert "name" not in made().one("Role").inputs


def test_spot_is_spot() -> None:
    assert made(spot=True).one("NodeGroup").inputs["capacityType"] == "SPOT"


def test_nodes_of_an_existing_cluster_join_its_group_too() -> None:
    template = made(cluster=cloud.cluster_parts(node_groups=("sg-theirs",))).one("LaunchTemplate").inputs
    assert template["vpcSecurityGroupIds"] == ["sg-nodes", "sg-theirs"]


def test_a_node_group_waits_for_its_rights(done: Recorder) -> None:
    assert {"west-pool-chat-nodes-join", "west-pool-chat-nodes-pull"} <= done.waits_for("west-pool-chat-nodes")


@pytest.mark.parametrize(
    ("instance_type", "image"),
    [
        ("g5.xlarge", "AL2023_x86_64_NVIDIA"),
        ("g6e.48xlarge", "AL2023_x86_64_NVIDIA"),
        ("p5en.48xlarge", "AL2023_x86_64_NVIDIA"),
        ("g4dn.xlarge", "AL2023_x86_64_NVIDIA"),
        ("g5g.xlarge", "AL2023_ARM_64_NVIDIA"),
        ("p6e-gb200.36xlarge", "AL2023_ARM_64_NVIDIA"),
        ("p6-b200.48xlarge", "AL2023_x86_64_NVIDIA"),
        ("inf2.xlarge", "AL2023_x86_64_NEURON"),
        ("trn1.32xlarge", "AL2023_x86_64_NEURON"),
    ],
)
def test_an_instance_type_runs_the_image_of_its_processor_and_accelerator(instance_type: str, image: str) -> None:
    assert images.for_gpu(instance_type).type == image


@pytest.mark.parametrize(
    ("instance_type", "architecture"),
    [("m7g.large", "ARM_64"), ("c7gn.xlarge", "ARM_64"), ("t4g.medium", "ARM_64"), ("m6i.large", "x86_64")],
)
def test_system_nodes_run_the_image_of_their_processor(instance_type: str, architecture: str) -> None:
    assert images.for_cpu(instance_type).type == f"AL2023_{architecture}_STANDARD"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"driver": "570.86"}, r"gpuPools\.a\.driver: 570\.86: .*leave it out"),
        ({"max_price": 1.5}, r"gpuPools\.a\.spot\.maxUsdPerHour: 1\.5: .*leave it out"),
        (
            {"image": "BOTTLEROCKET_x86_64_NVIDIA", "sharing": "timeSlicing"},
            r"gpuPools\.a\.sharing\.type: timeSlicing: Bottlerocket's own .*leave it out",
        ),
        ({"image": "ami-0abc"}, r"gpuPools\.a\.image: ami-0abc is no GPU image .*use one of AL2023_x86_64_NVIDIA"),
    ],
)
def test_what_node_groups_cannot_do_is_refused(asked: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        refuse(
            "gpuPools.a", **{"instance_type": "g5.xlarge", "image": None, "driver": None, "max_price": None, **asked}
        )


def test_nodes_start_with_the_region_s_settings(done: Recorder) -> None:
    """EKS's own user data, which joins nodes to the cluster, goes beside it."""
    template = made(setup=SETUP).one("LaunchTemplate").inputs
    message = base64.b64decode(template["userData"]).decode()
    assert "text/x-shellscript" in message and "exact net/ipv4/tcp_congestion_control bbr" in message
    assert "userData" not in done.one("LaunchTemplate").inputs
    bottlerocket = made(setup=SETUP, image="BOTTLEROCKET_x86_64_NVIDIA").one("LaunchTemplate").inputs
    assert base64.b64decode(bottlerocket["userData"]).decode().startswith("[settings.kernel.sysctl]\n")


def test_the_autoscaler_knows_of_slices_while_there_is_no_node() -> None:
    tags = [item.inputs["tag"] for item in made(offers={"nvidia.com/mig-3g.40gb": 16}).all("Tag")]
    key = "k8s.io/cluster-autoscaler/node-template/resources/nvidia.com/mig-3g.40gb"
    assert {"key": key, "value": "16", "propagateAtLaunch": False} in tags


def test_nodes_of_amazon_linux_have_no_device_plugin_those_of_bottlerocket_do() -> None:
    more: dict[str, Any] = {"instanceType": "g6e.xlarge", "minSize": 0, "maxSize": 1}
    spec = region("aws", {"gpuPools": {"more": more | {"image": "BOTTLEROCKET_x86_64_NVIDIA"}}})
    assert isinstance(spec, AwsRegion)
    assert checks.without_plugin(spec) == {"cards"}
