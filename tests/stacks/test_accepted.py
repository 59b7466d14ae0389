"""What the rules leave alone: right answers that look like wrong ones (F1, F4)."""

from typing import Any

import pytest

from tests.stacks.regions import EXISTING_VPC, pool, region

FACTS = {"accelerator": "Ascend910B", "gpus": 8, "gpuMemoryGib": 64, "vcpus": 192, "memoryGib": 1536}
DNS = {"zone": "example.com", "host": "autoglm", "ttlSeconds": 60}


@pytest.mark.parametrize(
    ("provider", "over"),
    [
        pytest.param("aws", {"network": {"existing": EXISTING_VPC}}, id="a network that exists, without pod subnets"),
        pytest.param(
            "aws",
            {"network": {"existing": {**EXISTING_VPC, "cidr": "100.64.0.0/16"}}},
            id="what exists has whatever range it has",
        ),
        pytest.param(
            "alicloud",
            {"cluster": {"existing": {"id": "c123", "serviceCidr": "172.21.0.0/20"}}},
            id="a cluster that exists",
        ),
        pytest.param(
            "aws",
            {"network": {"peers": ["10.21.0.0/16"]}, "cluster": {"serviceCidr": "10.19.0.0/16"}},
            id="neighbouring ranges",
        ),
        pytest.param(
            "aws",
            {"environment": "development", "etcd": {"members": 1}, "network": {"zones": ["us-west-2a"]}},
            id="one of everything in development",
        ),
        pytest.param("aws", {"network": {"nat": "single"}, "environment": "development"}, id="one NAT in development"),
        pytest.param("aws", pool(minSize=4), id="min is max"),
        pytest.param("aws", pool(minSize=1, spot={"onDemandBase": 1}), id="a base of on-demand nodes"),
        pytest.param(
            "alicloud", pool(instanceType="ecs.new.8xlarge", facts=FACTS), id="an unknown type with its facts"
        ),
        pytest.param("tencentcloud", pool(native=True, sharing={"type": "qgpu"}), id="qGPU on native nodes"),
        pytest.param(
            "aws",
            {"serving": {"gpu": {"tensorParallelSize": 2}}, **pool(instanceType="g4dn.12xlarge")},
            id="a model split over cards that are too small for the whole",
        ),
        pytest.param(
            "aws",
            {
                "serving": {"gpu": {"vllm": {"weightQuantization": "fp8_per_tensor"}}},
                **pool(instanceType="g4dn.xlarge"),
            },
            id="a card that is too small for the whole, and large enough for packed weights",
        ),
        pytest.param(
            "aws",
            pool(instanceType="p4de.24xlarge", sharing={"type": "mig", "profile": "3g.40gb"}),
            id="a slice that is large enough",
        ),
        pytest.param(
            "aws",
            {"model": {"name": "ours", "source": {"type": "tiny"}}, **pool(instanceType="g4dn.xlarge")},
            id="a tiny model fits anything",
        ),
        pytest.param(
            "aws",
            {"model": {"name": "ours", "facts": {"weights": "8Gi", "kvBytesPerToken": 40960}}},
            id="an unknown model with its facts",
        ),
        pytest.param("tencentcloud", {"gateway": {"exposure": {"type": "ClusterIP"}}}, id="inside the cluster only"),
        pytest.param("aws", {"cluster": {"publicAccess": ["198.51.100.0/24"]}}, id="a public API for one office"),
        pytest.param(
            "aws",
            {
                "storage": {"replicaRegion": "us-east-1"},
                "recovery": {"standby": "aws-us-east-1", "rtoSeconds": 90, "rpoSeconds": 60},
                "dns": DNS,
            },
            id="just enough time",
        ),
        pytest.param(
            "aws",
            {"storage": {"bucket": "ours"}, "recovery": {"standby": "dev", "rtoSeconds": 300, "rpoSeconds": 60}},
            id="a bucket that exists may be copied by others",
        ),
        pytest.param("private", {"gateway": {"exposure": {"type": "NodePort", "port": 30080}}}, id="a port of a rack"),
        pytest.param("aws", {"images": {"serving": "serving:stable-1@sha256:" + "0" * 64}}, id="a digest holds a tag"),
        pytest.param("aws", {"images": {"serving": "serving:maintenance-2024.1"}}, id="main is a word, not a syllable"),
    ],
)
def test_accepted(provider: str, over: dict[str, Any]) -> None:
    region(provider, over)


def test_forms_are_changed_whole_by_the_overlay() -> None:
    """A network that exists in place of a new one, and back: no key of the other form stays."""
    adopted = region("aws", {"network": {"existing": EXISTING_VPC}})
    assert adopted.network.existing.vpc == "vpc-1"
    changed = region("aws", {"network": {"podsPerZone": 500}})
    assert (changed.network.pods_per_zone, str(changed.network.cidr)) == (500, "10.20.0.0/16")
