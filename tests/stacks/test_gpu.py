"""The model and its cards: the split, their memory, enough of them (F4, S2)."""

from typing import Any

import pytest

from tests.stacks.regions import pool, refused


@pytest.mark.parametrize(
    ("provider", "over", "problem"),
    [
        (
            "aws",
            {"serving": {"gpu": {"pool": "card"}}},
            "serving.gpu.pool = card: the file has no such pool: did you mean cards?",
        ),
        (
            "aws",
            {"serving": {"gpu": {"pool": "zz"}}},
            "serving.gpu.pool = zz: the file has no such pool: name one of cards",
        ),
        (
            "aws",
            {"serving": {"gpu": {"tensorParallelSize": 2}}},
            "serving.gpu.tensorParallelSize = 2: g6e.xlarge has 1 GPU, and a server's are on one node: "
            "set it to 1, or use a larger type",
        ),
        (
            "aws",
            {"serving": {"gpu": {"tensorParallelSize": 3}}, **pool(instanceType="g6e.12xlarge")},
            "serving.gpu.tensorParallelSize = 3: 1 of the 4 GPUs of g6e.12xlarge would stand idle: use one of 1, 2, 4",
        ),
        (
            "aws",
            {
                "serving": {"gpu": {"tensorParallelSize": 2}},
                **pool(instanceType="g6e.12xlarge", sharing={"type": "timeSlicing", "replicas": 2}),
            },
            "serving.gpu.tensorParallelSize = 2: the pool's cards are shared (timeSlicing), a split model "
            "needs whole ones: set it to 1",
        ),
        (
            "aws",
            pool(instanceType="g4dn.xlarge"),
            "serving.gpu.pool = cards: each T4 has 14.4 GiB for the model, but autoglm-phone-9b needs "
            "20.2 GiB there for 25480 tokens: use whole cards of g6e.xlarge, or lower model.maxModelLen",
        ),
        (
            "aws",
            pool(instanceType="g4dn.12xlarge"),
            "serving.gpu.pool = cards: each T4 has 14.4 GiB for the model, but autoglm-phone-9b needs "
            "20.2 GiB there for 25480 tokens: set tensorParallelSize to 2, or lower model.maxModelLen",
        ),
        (
            "aws",
            pool(sharing={"type": "timeSlicing", "replicas": 4}),
            "serving.gpu.pool = cards: each L40S, shared by 4, has 10.1 GiB for the model, but "
            "autoglm-phone-9b needs 20.2 GiB there for 25480 tokens: use whole cards of g6e.xlarge, or "
            "lower model.maxModelLen",
        ),
        (
            "aws",
            pool(instanceType="p4de.24xlarge", sharing={"type": "mig", "profile": "1g.10gb"}),
            "serving.gpu.pool = cards: a slice 1g.10gb of A100-80 has 9.0 GiB for the model, but "
            "autoglm-phone-9b needs 20.2 GiB there for 25480 tokens: use whole cards of g6e.xlarge, or "
            "lower model.maxModelLen",
        ),
        (
            "aws",
            {"model": {"facts": {"weights": "60Gi", "kvBytesPerToken": 80000}}},
            "serving.gpu.pool = cards: each L40S has 40.5 GiB for the model, but autoglm-phone-9b needs "
            "61.9 GiB there for 25480 tokens: use whole cards of p5.4xlarge, or lower model.maxModelLen",
        ),
        (
            "aws",
            {"model": {"name": "my-model"}},
            "model.name = my-model: its memory is not known, so nobody can say whether it fits L40S: use "
            "one of autoglm-phone-9b, autoglm-phone-9b-multilingual, or declare model.facts",
        ),
        (
            "aws",
            {"serving": {"replicas": 9}},
            "serving.replicas = 9: the pool cards holds at most 4 servers (1 a node): lower it, or raise "
            "the pool to 9 nodes",
        ),
        (
            "aws",
            {"serving": {"replicas": 1}, **pool(maxSize=1)},
            "serving.replicas = 1: its pool holds no second server, so an update would leave the region without one "
            "until the new one has loaded: let the pool have room for two",
        ),
        (
            "aws",
            {"serving": {"gpu": {"tensorParallelSize": 2}}, **pool(instanceType="p3.8xlarge")},
            "serving.gpu.pool = cards: V100-16 has compute capability 7.0, and vLLM's packages need 7.5: use a pool of "
            "newer cards",
        ),
        (
            "private",
            {"serving": {"replicas": 5}},
            "serving.replicas = 5: the pool cards holds at most 4 servers (2 a node): lower it, or raise "
            "the pool to 3 nodes",
        ),
        (
            "private",
            {
                "model": {"facts": {"weights": "60Gi", "kvBytesPerToken": 40960}},
                "serving": {"gpu": {"tensorParallelSize": 1}},
            },
            "serving.gpu.pool = cards: each L20 has 43.2 GiB for the model, but autoglm-phone-9b needs 61.0 GiB there "
            "for 25480 tokens: set tensorParallelSize to 2, or lower model.maxModelLen",
        ),
        (
            "private",
            {"model": {"facts": {"weights": "90Gi", "kvBytesPerToken": 40960}}},
            "serving.gpu.pool = cards: each L20 has 43.2 GiB for the model, but autoglm-phone-9b needs 91.0 GiB there "
            "for 25480 tokens: use larger cards, or lower model.maxModelLen",
        ),
        (
            "alicloud",
            pool(instanceType="ecs.gn7i-c8g1.2xlarge", sharing={"type": "cgpu", "memoryGib": 8}),
            "serving.gpu.pool = cards: a part of 8 GiB of A10 has 7.2 GiB for the model, but autoglm-phone-9b needs "
            "20.2 GiB there for 25480 tokens: use larger cards, or lower model.maxModelLen",
        ),
        (
            "aws",
            {
                "serving": {"gpu": {"tensorParallelSize": 2, "vllm": {"dtype": "bfloat16", "kvCacheDtype": "fp8"}}},
                **pool(instanceType="g4dn.12xlarge"),
            },
            [
                "serving.gpu.vllm.dtype = bfloat16: T4 has compute capability 7.5, and it needs 8.0: use auto or "
                "float16",
                "serving.gpu.vllm.kvCacheDtype = fp8: T4 has compute capability 7.5, and it needs 8.0: use auto",
            ],
        ),
        (
            "private",
            {
                "serving": {"gpu": {"tensorParallelSize": 4}},
                "gpuPools": {"cards": {"facts": {"gpus": 8, "island": 2, "interconnect": "nvlink"}}},
            },
            "serving.gpu.tensorParallelSize = 4: NVLink joins 2 cards of cards, the rest of a server would be beyond "
            "it: use 1 or 2",
        ),
        (
            "aws",
            {"serving": {"gpu": {"pool": None}}, **pool(instanceType="g4dn.xlarge")},
            "serving.gpu.pool: no pool can hold the model (cards: a server gets 14.4 GiB of each T4, and needs 20.2): "
            "add a larger one, or lower model.maxModelLen",
        ),
        (
            "aws",
            {
                "serving": {"gpu": {"pool": None, "interconnect": "nvlink", "vllm": {"dtype": "bfloat16"}}},
                "gpuPools": {
                    "cards": {"instanceType": "p3.8xlarge"},
                    "turing": {"instanceType": "g4dn.12xlarge", "minSize": 1, "maxSize": 1},
                    "kept": {"instanceType": "g6e.xlarge", "minSize": 1, "maxSize": 1, "taints": {"team": "a"}},
                },
            },
            "serving.gpu.pool: no pool can hold the model (cards: vLLM's packages do not run on V100-16; turing: T4 "
            "can't compute dtype bfloat16; kept: its taints keep it for others): add a larger one, or lower "
            "model.maxModelLen",
        ),
        (
            "aws",
            {"serving": {"gpu": {"pool": None, "interconnect": "nvlink"}}, **pool(instanceType="g4dn.12xlarge")},
            "serving.gpu.pool: no pool can hold the model (cards: a server gets 14.4 GiB of each T4, and needs 20.2, "
            "as NVLink does not join its cards): add a larger one, or lower model.maxModelLen",
        ),
        (
            "aws",
            {"serving": {"gpu": {"pool": None, "tensorParallelSize": 8}}},
            "serving.gpu.pool: no pool can hold the model (cards: a server of 8 cards can't be on g6e.xlarge): add a "
            "larger one, or lower model.maxModelLen",
        ),
        (
            "aws",
            {
                "serving": {"gpu": {"tensorParallelSize": 2, "interconnect": "nvlink"}},
                **pool(instanceType="g6e.12xlarge"),
            },
            "serving.gpu.interconnect = nvlink: the cards of g6e.12xlarge have pcie: use another pool, or any",
        ),
        (
            "private",
            {"gpuPools": {"cards": {"facts": {"gpus": 8, "island": 3, "interconnect": "nvlink"}}}},
            "gpuPools.cards.facts.island = 3: a node's 8 cards are no whole number of such islands: use one of 1, 2, "
            "4, 8",
        ),
        (
            "private",
            {"gpuPools": {"cards": {"facts": {"gpus": 8, "island": 2}}}},
            "gpuPools.cards.facts.island = 2: islands are NVLink's, and interconnect is pcie: leave it out, or say "
            "nvlink there",
        ),
        (
            "private",
            {
                "model": {"facts": {"weights": "150Gi", "kvBytesPerToken": 40960}},
                "gpuPools": {"cards": {"facts": {"gpus": 8, "island": 2, "interconnect": "nvlink"}}},
                "serving": {"gpu": {"tensorParallelSize": 2}},
            },
            "serving.gpu.pool = cards: each L20 has 43.2 GiB for the model, but autoglm-phone-9b needs 76.0 GiB there "
            "for 25480 tokens: use larger cards, or lower model.maxModelLen",
        ),
        (
            "aws",
            {"serving": {"replicas": 5, "gpu": {"pool": None}}},
            "serving.replicas = 5: the pools cards hold at most 4 servers: lower it, or raise their sizes",
        ),
    ],
)
def test_refused(provider: str, over: dict[str, Any], problem: str | list[str]) -> None:
    assert refused(provider, over) == ([problem] if isinstance(problem, str) else problem)
