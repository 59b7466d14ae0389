"""A gateway that is told to end while 200 streams are open: none is cut, and it ends with the last one."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.harness import envoy
from tests.harness.envoy import Upstream

STREAMS = 200


@pytest.mark.integration
def test_a_drain_waits_for_every_stream(tmp_path: Path, upstream: Upstream) -> None:
    upstream.respond = envoy.stream(upstream)
    with (
        envoy.gateway(tmp_path, upstream.port) as gateway,
        ExitStack() as held,
        ThreadPoolExecutor() as threads,
    ):
        answers = [held.enter_context(gateway.open_stream()) for _ in range(STREAMS)]
        assert all(answer.readline() == b"data: first\n" for answer in answers)
        drained = threads.submit(gateway.probe, "/drain")
        while gateway.probe("/ready").status != 503:
            time.sleep(0.05)
        time.sleep(2 * gateway.settings.settle_seconds)
        assert not drained.done()
        upstream.more.set()
        assert all(answer.read().endswith(b"data: [DONE]\n\n") for answer in answers)
        assert drained.result(timeout=60).body == b"drained\n"
