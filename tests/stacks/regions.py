"""Small, correct regions of each cloud, and what the loader says of changes to them."""

from typing import Any

import pytest
import yaml

from stacks.loader import RegionError, parse
from stacks.schema import RegionSpec

_AMOUNTS = {"requests": {"cpu": "1", "memory": "2Gi"}, "limits": {"cpu": "2", "memory": "4Gi"}}
_COMMON: dict[str, Any] = {
    "environment": "production",
    "namespace": "autoglm",
    "owner": {"name": "phones", "costCenter": "cc-1"},
    "images": {"etcd": "etcd:v3.6.4", "keeper": "keeper:0.1.0", "envoy": "envoy:v1.40.0", "serving": "serving:0.1.0"},
    "model": {
        "name": "autoglm-phone-9b",
        "maxModelLen": 25480,
        "source": {"type": "shared", "path": "/models/phone"},
        "volume": {"size": "1Gi"},
    },
    "serving": {
        "replicas": 2,
        "maxNumSeqs": 8,
        "drainSeconds": 600,
        "resources": _AMOUNTS,
        "gpu": {"pool": "cards"},
    },
    "etcd": {"members": 3, "volume": {"size": "2Gi"}, "resources": _AMOUNTS},
    "gateway": {
        "replicas": 1,
        "exposure": {"type": "LoadBalancer", "certificate": "cert-1"},
        "maxBodyBytes": 16777216,
        "maxStreamSeconds": 100,
        "resources": _AMOUNTS,
    },
    "quota": {"cpu": 100, "memory": "100Gi", "storage": "100Gi", "pods": 100},
}


def _cloud(region: str, account: str, zones: list[str], system: str, cards: str, **more: object) -> dict[str, Any]:
    return _COMMON | {
        "region": region,
        "accountId": account,
        "network": {"cidr": "10.20.0.0/16", "zones": zones},
        "cluster": {"version": "1.33", "serviceCidr": "172.20.0.0/16", "system": {"instanceType": system}},
        "gpuPools": {"cards": {"instanceType": cards, "minSize": 1, "maxSize": 4}},
        **more,
    }


REGIONS: dict[str, dict[str, Any]] = {
    "aws": _cloud("us-west-2", "210987654321", ["us-west-2a", "us-west-2b"], "m7i.xlarge", "g6e.xlarge"),
    "alicloud": _cloud(
        "cn-hangzhou",
        "1234567890123456",
        ["cn-hangzhou-i", "cn-hangzhou-j"],
        "ecs.g8i.xlarge",
        "ecs.gn7e-c16g1.4xlarge",
    ),
    "tencentcloud": _cloud(
        "ap-guangzhou",
        "100012345678",
        ["ap-guangzhou-3", "ap-guangzhou-4"],
        "SA5.2XLARGE32",
        "GT4.4XLARGE96",
        appId="1250000000",
    ),
    "private": _COMMON
    | {
        "cluster": {"kubeconfig": "kubeconfig"},
        "gpuPools": {
            "cards": {
                "nodes": ["gpu-1", "gpu-2"],
                "facts": {"accelerator": "L20", "gpus": 2, "gpuMemoryGib": 48, "vcpus": 64, "memoryGib": 256},
            }
        },
    },
}
REGIONS["private"].pop("owner")
REGIONS["private"]["gateway"] = _COMMON["gateway"] | {"exposure": {"type": "ClusterIP"}}
REGIONS["private"]["model"] = _COMMON["model"] | {"source": {"type": "folder", "path": "/srv/models/phone"}}

# In place of the network: one that exists.
EXISTING_VPC = {
    "vpc": "vpc-1",
    "cidr": "10.20.0.0/16",
    "zones": ["us-west-2a", "us-west-2b"],
    "subnets": {"nodes": ["subnet-1", "subnet-2"]},
}


def region(provider: str = "aws", over: dict[str, Any] | None = None) -> RegionSpec:
    """The region with `over` laid on it, as a stack's configuration is."""
    text = yaml.safe_dump({"provider": provider} | REGIONS[provider])
    return parse(text, source="stacks/here.yaml", overlay=over)


def refused(provider: str, over: dict[str, Any]) -> list[str]:
    """What the loader says, a line a problem."""
    with pytest.raises(RegionError) as error:
        region(provider, over)
    first, *problems = str(error.value).splitlines()
    assert first == f"stacks/here.yaml can't be used; nothing was made. {len(problems)} to correct:"
    return [problem.strip() for problem in problems]


def pool(**changes: object) -> dict[str, Any]:
    """An overlay that changes the one GPU pool."""
    return {"gpuPools": {"cards": changes}}
