"""GPU nodes of ACK."""

import base64
from dataclasses import replace

import pulumi
import pytest

from components import pools
from components.alicloud.gpu_pool import GpuPool, labels
from components.cloud_args import GpuPoolArgs
from components.platform.tuning import Row
from tests.components.alicloud import cloud
from tests.harness.mocks import Recorder


def pool_args() -> GpuPoolArgs:
    return GpuPoolArgs(
        cluster=cloud.cluster_parts(),
        network=cloud.NETWORK,
        security=cloud.SECURITY,
        tags=cloud.TAGS,
        key="key-1",
        instance_type="ecs.gn7i-c8g1.2xlarge",
        min_size=0,
        max_size=4,
        labels=pools.labels("a10", "a10", spot=False),
        taints=pools.taints(),
        zones=cloud.ZONES[:2],
        driver="550.144.03",
    )


def made(*, preview: bool = False, **changes: object) -> Recorder:
    def build(opts: pulumi.ResourceOptions) -> dict[str, object]:
        return {"id": GpuPool("here-pool-a10", replace(pool_args(), **changes), opts).pool.id}  # type: ignore[arg-type]

    return cloud.run(build, preview=preview)


@pytest.mark.parametrize("preview", [True, False])
def test_nodes_are_marked_encrypted_hardened_and_repaired(preview: bool) -> None:
    pool = made(preview=preview).one("NodePool").inputs
    marks = {label["key"]: label["value"] for label in pool["labels"]}
    assert marks == {**pools.labels("a10", "a10", spot=False), "ack.aliyun.com/nvidia-driver-version": "550.144.03"}
    assert pool["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]
    assert (pool["systemDiskEncrypted"], pool["systemDiskKmsKey"], pool["systemDiskSize"]) == (True, "key-1", 200)
    assert pool["instanceMetadataOptions"] == {"httpTokens": "required"}
    assert pool["management"]["autoRepair"] is True
    assert pool["imageType"] == "AliyunLinux3"
    assert pool["vswitchIds"] == ["vsw-n0", "vsw-n1"]
    assert pool["securityGroupIds"] == ["sg-1"]
    assert pool["updateNodes"] is True  # nodes that are there get changed labels, too


def test_the_autoscaler_owns_the_size() -> None:
    recorder = made()
    pool = recorder.one("NodePool").inputs
    assert recorder.ignored["here-pool-a10-nodes"] == ["desiredSize"]
    assert pool["scalingConfig"] == {"enable": True, "minSize": 0, "maxSize": 4, "type": "gpu"}
    assert "desiredSize" not in pool


def test_an_on_demand_base_has_one_size() -> None:
    recorder = made(min_size=2, max_size=2)
    pool = recorder.one("NodePool").inputs
    assert recorder.ignored["here-pool-a10-nodes"] == []  # no autoscaler owns it: a change in the file counts
    assert pool["desiredSize"] == "2"
    assert "scalingConfig" not in pool


@pytest.mark.parametrize("preview", [True, False])
def test_spot_falls_back_to_on_demand(preview: bool) -> None:
    pool = made(spot=True, preview=preview).one("NodePool").inputs
    assert pool["spotStrategy"] == "SpotAsPriceGo"
    assert (pool["multiAzPolicy"], pool["compensateWithOnDemand"]) == ("COST_OPTIMIZED", True)
    assert pool["spotInstanceRemedy"] is True
    assert pool["scalingConfig"]["type"] == "spot"


def test_without_spot_zones_share_the_load() -> None:
    pool = made().one("NodePool").inputs
    assert (pool["spotStrategy"], pool["multiAzPolicy"]) == ("NoSpot", "BALANCE")
    assert "spotPriceLimits" not in pool


def test_a_limit_on_the_price_is_in_the_accounts_currency() -> None:
    abroad = replace(cloud.NETWORK, zones=tuple(zone.replace("cn-hangzhou", "ap-southeast-1") for zone in cloud.ZONES))
    pool = made(spot=True, max_price=0.75, network=abroad, zones=abroad.zones).one("NodePool").inputs
    assert pool["spotStrategy"] == "SpotWithPriceLimit"
    assert pool["spotPriceLimits"] == [{"instanceType": "ecs.gn7i-c8g1.2xlarge", "priceLimit": "0.75"}]
    with pytest.raises(ValueError, match=r"spot\.maxUsdPerHour: 0\.75: accounts of mainland China are billed in CNY"):
        made(spot=True, max_price=0.75)


def test_shared_cards_are_set_up_by_label() -> None:
    def build(opts: pulumi.ResourceOptions) -> dict[str, object]:
        assert labels(replace(pool_args(), sharing="cgpu"))["ack.node.gpu.schedule"] == "cgpu"
        for mode in ("mig", "timeSlicing"):  # NVIDIA's device plugin gives out these, not ACK's
            assert labels(replace(pool_args(), sharing=mode))["ack.node.gpu.schedule"] == "disabled"
        assert "ack.node.gpu.schedule" not in labels(pool_args())
        return {}

    cloud.run(build)
    assert made(sharing="cgpu").one("NodePool").inputs["scalingConfig"]["type"] == "gpushare"


def test_nodes_run_the_region_s_settings_once_ack_is_done() -> None:
    pool = made(setup=(Row(kind="least", target="net/core/somaxconn", value="65535"),)).one("NodePool").inputs
    assert "least net/core/somaxconn 65535" in base64.b64decode(pool["userData"]).decode()
    assert "userData" not in made().one("NodePool").inputs


def test_an_image_of_ones_own_is_custom() -> None:
    pool = made(image="m-bp1abcdef").one("NodePool").inputs
    assert (pool["imageType"], pool["imageId"]) == ("Custom", "m-bp1abcdef")
    assert made(image="ContainerOS").one("NodePool").inputs["imageType"] == "ContainerOS"


def test_a_zone_that_the_network_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"zones: cn-hangzhou-z: the network has cn-hangzhou-h"):
        made(zones=("cn-hangzhou-z",))
