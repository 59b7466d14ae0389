"""Streams of servers on spot machines end before the machines do (T3)."""

from typing import Any

import pytest

from tests.stacks.regions import refused, region

SPOT: dict[str, Any] = {"gpuPools": {"cards": {"spot": {}}}, "gateway": {"maxStreamSeconds": 600}}


@pytest.mark.parametrize(("provider", "notice"), [("aws", 120), ("alicloud", 300)])
def test_longer_streams_than_the_notice_are_refused(provider: str, notice: int) -> None:
    assert refused(provider, SPOT) == [
        f"gateway.maxStreamSeconds = 600: the pool cards is spot, and {notice} s after the cloud's notice its machine "
        f"is gone, with what still streams: set it to {notice - 20} or less, or have the servers on a pool without spot"
    ]
    assert region(provider, SPOT | {"gateway": {"maxStreamSeconds": notice - 20}})


@pytest.mark.parametrize("over", [{"environment": "development"}, {"gpuPools": {"cards": {"spot": None}}}])
def test_staging_and_machines_that_stay_may_stream_on(over: dict[str, Any]) -> None:
    assert region("aws", SPOT | over).gateway.max_stream_seconds == 600
