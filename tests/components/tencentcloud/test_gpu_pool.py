"""GPU nodes of a region on Tencent Cloud."""

import base64
from typing import Any

import pulumi
import pytest

from components import pools
from components.cloud_args import GpuPoolArgs
from components.platform.tuning import Row
from components.tencentcloud.gpu_pool import GpuPool
from tests.components.tencentcloud import cloud
from tests.harness.mocks import Recorder

both = pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
NAME = "tencentcloud-ap-singapore-pool-serving"
NATIVE: dict[str, Any] = {"native": True, "sharing": "qgpu"}
SPOT: dict[str, Any] = {"spot": True, "max_price": 1.25}


def pool_args(**more: Any) -> GpuPoolArgs:
    return GpuPoolArgs(
        **{
            "cluster": cloud.cluster_parts(),
            "network": cloud.network_parts(),
            "security": cloud.security_parts(),
            "tags": cloud.TAGS,
            "key": "key-1",
            "instance_type": "PNV4.7XLARGE116",
            "min_size": 0,
            "max_size": 4,
            "labels": pools.labels("serving", "a10", spot=False),
            "taints": pools.taints(),
            "zones": cloud.ZONES[1:],
            **more,
        }
    )


def make(preview: bool = False, **more: Any) -> Recorder:
    def program(opts: pulumi.ResourceOptions) -> dict[str, Any]:
        return {"id": GpuPool(NAME, pool_args(**more), opts).pool.id}

    return cloud.run(program, preview=preview)


@both
@pytest.mark.parametrize("kind", [{}, NATIVE, SPOT], ids=["standard", "native", "spot"])
def test_a_pool_keeps_the_house_rules(preview: bool, kind: dict[str, Any]) -> None:
    cloud.assert_house_rules(make(preview, **kind))


@pytest.mark.parametrize("kind", [{}, NATIVE], ids=["standard", "native"])
def test_nodes_are_marked_for_what_they_are(kind: dict[str, Any]) -> None:
    inputs = cloud.cloud(make(**kind))[0].inputs
    labels = inputs["labels"]
    found = labels if isinstance(labels, dict) else {item["name"]: item["value"] for item in labels}
    assert found[pools.POOL] == "serving" and found[pools.ACCELERATOR] == "a10"
    assert inputs["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]
    assert len(inputs["name"]) <= 25


def test_a_standard_pool_goes_with_its_machines_and_scales_by_itself() -> None:
    inputs = make().one("NodePool").inputs
    assert inputs["deleteKeepInstance"] is False
    assert (inputs["minSize"], inputs["maxSize"], inputs["enableAutoScale"]) == (0, 4, True)
    assert "desiredCapacity" not in inputs
    assert inputs["subnetIds"] == ["subnet-nodes-2", "subnet-nodes-3"]
    config = inputs["autoScalingConfig"]
    assert config["instanceChargeType"] == "POSTPAID_BY_HOUR"
    assert config["publicIpAssigned"] is False
    assert config["dataDisks"][0] | {"diskSize": 0} == {
        "diskType": "CLOUD_BSSD",
        "diskSize": 0,
        "encrypt": True,
        "deleteWithInstance": True,
    }


def test_spot_names_both_its_kind_and_its_highest_price() -> None:
    config = make(**SPOT).one("NodePool").inputs["autoScalingConfig"]
    assert (config["instanceChargeType"], config["spotInstanceType"], config["spotMaxPrice"]) == (
        "SPOTPAID",
        "one-time",
        "1.2500",
    )


def test_the_driver_and_mig_are_as_asked() -> None:
    assert "gpuArgs" not in make().one("NodePool").inputs["nodeConfig"]
    asked = make(driver="570.148.08", sharing="mig").one("NodePool").inputs["nodeConfig"]["gpuArgs"]
    assert asked == {
        "driver": {"version": "570.148.08", "name": "NVIDIA-Linux-x86_64-570.148.08.run"},
        "migEnable": True,
    }
    assert make(sharing="mig").one("NodePool").inputs["nodeConfig"]["gpuArgs"] == {"migEnable": True}


def test_an_own_image_replaces_the_public_one() -> None:
    assert make(image="img-9qrfy1xt").one("NodePool").inputs["nodeOs"] == "img-9qrfy1xt"


def test_a_native_pool_shares_cards_and_encrypts_with_the_regions_key() -> None:
    inputs = make(**NATIVE).one("NativeNodePool").inputs
    native = inputs["native"]
    assert {"name": "qgpu-device-enable", "value": "enable"} in inputs["labels"]
    assert native["scaling"] == {"minReplicas": 0, "maxReplicas": 4, "createPolicy": "ZoneEquality"}
    assert native["enableAutoscaling"] and native["autoRepair"]
    assert (native["dataDisks"][0]["encrypt"], native["dataDisks"][0]["kmsKeyId"]) == ("ENCRYPT", "key-1")
    assert native["subnetIds"] == ["subnet-nodes-2", "subnet-nodes-3"]
    assert "internetAccessible" not in native
    assert "replicas" not in native


def test_a_native_pool_without_sharing_has_no_qgpu() -> None:
    labels = make(native=True).one("NativeNodePool").inputs["labels"]
    assert "qgpu-device-enable" not in {label["name"] for label in labels}


@pytest.mark.parametrize("sharing", ["mig", "timeSlicing"])
def test_tke_s_device_plugin_leaves_what_nvidia_s_gives_out(sharing: str) -> None:
    assert make(sharing=sharing).one("NodePool").inputs["labels"]["nvidia-device-enable"] == "disable"
    assert "nvidia-device-enable" not in make().one("NodePool").inputs["labels"]


def test_nodes_run_the_region_s_settings_once_tke_is_done() -> None:
    setup = (Row(kind="least", target="net/core/somaxconn", value="65535"),)
    standard = make(setup=setup).one("NodePool").inputs["nodeConfig"]["userData"]
    native = make(setup=setup, **NATIVE).one("NativeNodePool").inputs["native"]["lifecycle"]["postInit"]
    for text in (standard, native):
        assert "least net/core/somaxconn 65535" in base64.b64decode(text).decode()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({**SPOT, "native": True}, "spot: a native node pool has no spot nodes"),
        ({"spot": True}, "spot.maxUsdPerHour: none given, and no spot node is sold without"),
        ({"sharing": "qgpu"}, "sharing: qgpu needs a native node pool"),
        ({"native": True, "sharing": "mig"}, "sharing: mig needs a standard node pool"),
        ({"native": True, "image": "img-1"}, "image: img-1: a native node pool takes no own image"),
        ({"native": True, "driver": "570.148.08"}, "driver: 570.148.08: TKE chooses a native pool's driver"),
    ],
)
def test_what_the_cloud_has_no_way_to_do_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{NAME}.{message}"):
        make(**change)
