"""The dev region under mocks, once as a preview and once as an update; a server behind a gateway."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import mocks, programs
from tests.harness.envoy import Upstream
from tests.harness.mocks import Recorder


@pytest.fixture(scope="session")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return programs.kubeconfig(tmp_path_factory.mktemp("kubeconfig"))


@pytest.fixture(scope="session", params=[True, False], ids=["preview", "update"])
def region(request: pytest.FixtureRequest, kubeconfig: Path) -> Recorder:
    return mocks.run(programs.region(kubeconfig), preview=request.param)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream().running() as made:
        yield made
