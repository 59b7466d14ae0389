"""One API server for all regions, whose lives run side by side within the cores."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from os import cpu_count
from typing import TypeAlias

import pytest

from tests.harness import apiserver, kinds
from tests.harness.kubelet import Kubelet
from tests.regions.life import Life, live
from tools.providers.kubernetes.client import Client
from tools.providers.kubernetes.kubeconfig import load

Lives: TypeAlias = Callable[[str], Life]


@pytest.fixture(scope="session")
def lives(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lives]:
    """A region's life by its stack's name; only what the chosen tests ask for is lived, once."""
    stacks = dict.fromkeys(
        item.callspec.params["stack"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec") and "lives" in item.fixturenames
    )
    folder = tmp_path_factory.mktemp("regions")
    with (
        apiserver.running(tmp_path_factory.mktemp("api"), heartbeats=False) as server,
        ThreadPoolExecutor(cpu_count() or 1) as pool,
    ):
        client = Client(load(str(server.kubeconfig)))
        kinds.install(client)
        kubelet = Kubelet(client)
        kubelet.start()
        try:
            running: dict[str, Future[Life]] = {
                stack: pool.submit(live, folder / stack, stack, server.kubeconfig, client) for stack in stacks
            }
            yield lambda stack: running[stack].result()
        finally:
            pool.shutdown(cancel_futures=True)
            kubelet.stop()
            client.close()
