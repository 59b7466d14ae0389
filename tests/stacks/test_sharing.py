"""Sharing of cards: what the card, the pool and the cloud can (G1)."""

from typing import Any

import pytest

from tests.stacks.regions import pool, refused


@pytest.mark.parametrize(
    ("provider", "over", "problem"),
    [
        (
            "aws",
            pool(sharing={"type": "qgpu"}),
            "gpuPools.cards.sharing.type = qgpu: it is tencentcloud's own: use one of none, timeSlicing",
        ),
        (
            "aws",
            pool(sharing={"type": "mig", "profile": "1g.10gb"}),
            "gpuPools.cards.sharing.type = mig: g6e.xlarge (L40S) can't: use one of none, timeSlicing",
        ),
        (
            "tencentcloud",
            pool(sharing={"type": "qgpu"}),
            "gpuPools.cards.sharing.type = qgpu: qGPU needs a native pool: set native: true, and leave out spot",
        ),
        (
            "tencentcloud",
            pool(sharing={"type": "cgpu"}),
            "gpuPools.cards.sharing.type = cgpu: it is alicloud's own: use one of mig, none, qgpu, timeSlicing",
        ),
        (
            "private",
            pool(sharing={"type": "cgpu"}),
            "gpuPools.cards.sharing.type = cgpu: it is alicloud's own: use one of mig, none, timeSlicing",
        ),
        (
            "aws",
            pool(instanceType="p4de.24xlarge", sharing={"type": "mig", "profile": "1g.5gb"}),
            "gpuPools.cards.sharing.profile = 1g.5gb: A100-80 has no such slice: use one of 1g.10gb, "
            "1g.20gb, 2g.20gb, 3g.40gb, 4g.40gb, 7g.80gb",
        ),
        (
            "private",
            pool(sharing={"type": "mig", "profile": "7g.80gb"}),
            "gpuPools.cards.sharing.profile = 7g.80gb: a card has 48 GiB: use a profile within that",
        ),
        (
            "alicloud",
            pool(instanceType="ecs.gn7i-c8g1.2xlarge", sharing={"type": "cgpu", "memoryGib": 23}),
            "gpuPools.cards.sharing.memoryGib = 23: a A10 has 22 GiB: lower it, or leave sharing out",
        ),
    ],
)
def test_refused(provider: str, over: dict[str, Any], problem: str) -> None:
    assert refused(provider, over) == [problem]
