"""Pools of nodes: sizes, machine types, zones, spot, native pools, drivers, names, marks (F4)."""

from typing import Any

import pytest

from tests.stacks.regions import pool, refused


@pytest.mark.parametrize(
    ("provider", "over", "problem"),
    [
        ("aws", pool(minSize=5), "gpuPools.cards.minSize = 5: it is more than maxSize 4: lower it, or raise maxSize"),
        (
            "aws",
            {"cluster": {"system": {"minSize": 9}}},
            "cluster.system.minSize = 9: it is more than maxSize 4: lower it, or raise maxSize",
        ),
        (
            "aws",
            pool(spot={"onDemandBase": 2}),
            "gpuPools.cards.spot.onDemandBase = 2: so many nodes are always on, but minSize is 1: lower "
            "it, or set minSize to 2",
        ),
        (
            "aws",
            {"cluster": {"system": {"instanceType": "m7i.xlrge"}}},
            "cluster.system.instanceType = m7i.xlrge: the table of machine types does not have it: use "
            "one of m7i.xlarge, m7i.2xlarge, m7i.large",
        ),
        (
            "aws",
            {"cluster": {"system": {"instanceType": "g6e.xlarge"}}},
            "cluster.system.instanceType = g6e.xlarge: it has 1 L40S, which system pods would leave idle: "
            "use one of m6i.xlarge, m6i.2xlarge, m6i.large",
        ),
        (
            "aws",
            pool(instanceType="g6e.xlagre"),
            "gpuPools.cards.instanceType = g6e.xlagre: the table of machine types does not have it: use "
            "one of g6e.xlarge, g6e.8xlarge, g6e.4xlarge, or declare its facts",
        ),
        (
            "tencentcloud",
            pool(instanceType="zz"),
            "gpuPools.cards.instanceType = zz: the table of machine types does not have it: use one of "
            "PNV6.8XLARGE320, PNV6.4XLARGE160, PNV6.32XLARGE1280, or declare its facts",
        ),
        (
            "aws",
            pool(instanceType="m7i.xlarge"),
            "gpuPools.cards.instanceType = m7i.xlarge: it has no accelerator: use one of g6.xlarge, "
            "g5.xlarge, p5.4xlarge",
        ),
        (
            "alicloud",
            {
                "region": "eu-central-1",
                "network": {"zones": ["eu-central-1a", "eu-central-1b"]},
                **pool(instanceType="ecs.gn7i-c16g1.4xlarge"),
                "model": {"maxModelLen": 8192},
            },
            "cluster.system.instanceType = ecs.g8i.xlarge: eu-central-1 does not offer it: use one of "
            "ecs.g7.xlarge, ecs.g7.2xlarge",
        ),
        (
            "tencentcloud",
            {"region": "na-ashburn", "network": {"zones": ["na-ashburn-1", "na-ashburn-2"]}},
            "gpuPools.cards.instanceType = GT4.4XLARGE96: na-ashburn does not offer it: use one of "
            "GN7.10XLARGE160, GN7.5XLARGE80, GN7.2XLARGE32",
        ),
        (
            "aws",
            pool(zones=["us-west-2c"]),
            "gpuPools.cards.zones[0] = us-west-2c: the network has no subnet there: take some of "
            "us-west-2a, us-west-2b",
        ),
        (
            "tencentcloud",
            {"network": {"zones": ["ap-guangzhou-3", "ap-guangzhou-7"]}},
            "gpuPools.cards.zones: GT4.4XLARGE96 is not offered in ap-guangzhou-7: set it to [ap-guangzhou-3]",
        ),
        (
            "tencentcloud",
            {
                **pool(instanceType="PNV5b.8XLARGE96", spot={}),
            },
            "gpuPools.cards.spot: the cloud does not sell PNV5b.8XLARGE96 as spot: leave it out, or use another type",
        ),
        (
            "tencentcloud",
            pool(native=True, spot={}),
            "gpuPools.cards.spot: Tencent Cloud's native pools have no spot: leave out spot, or native "
            "and with it qgpu",
        ),
        (
            "tencentcloud",
            pool(native=True, instanceType="PNV5b.8XLARGE96"),
            "gpuPools.cards.native = True: Tencent Cloud makes no native nodes of PNV5b.8XLARGE96: leave "
            "it out, or use another type",
        ),
        (
            "tencentcloud",
            pool(native=True, driver="570.86"),
            "gpuPools.cards.driver = 570.86: a native pool's driver is the cloud's choice: leave it out, "
            "or leave out native",
        ),
        (
            "alicloud",
            pool(driver="525.60.13"),
            "gpuPools.cards.driver = 525.60.13: the model server needs driver 535.104 or newer: raise it, "
            "or leave it out for the cloud's own",
        ),
        (
            "aws",
            {
                "gpuPools": {
                    "cards": {"spot": {"onDemandBase": 1}},
                    "cards-spot": {"instanceType": "g6e.xlarge", "minSize": 0, "maxSize": 1},
                }
            },
            "gpuPools.cards-spot: the pool cards makes a group of nodes of that name, too: rename one of them",
        ),
        (
            "private",
            {
                "gpuPools": {
                    "more": {
                        "nodes": ["gpu-3", "gpu-2"],
                        "facts": {"accelerator": "L20", "gpus": 2, "gpuMemoryGib": 48, "vcpus": 64, "memoryGib": 256},
                    }
                }
            },
            "gpuPools.more.nodes[1] = gpu-2: the pool cards names it already: name a node in one pool, once",
        ),
        (
            "aws",
            pool(labels={"autoglm.io/pool": "x"}),
            "gpuPools.cards.labels.autoglm.io/pool = x: autoglm.io/ and nvidia.com/ are set by the "
            "program and by GPU software: rename it",
        ),
        (
            "aws",
            pool(labels={"te am": "x"}),
            "gpuPools.cards.labels.te am = x: its key is not one of Kubernetes: use letters, digits, - _ "
            ". as in example.com/team",
        ),
        (
            "private",
            pool(taints={"team": "a b"}),
            "gpuPools.cards.taints.team = a b: it is not a value of Kubernetes: use at most 63 letters, digits, - _ .",
        ),
    ],
)
def test_refused(provider: str, over: dict[str, Any], problem: str) -> None:
    assert refused(provider, over) == [problem]
