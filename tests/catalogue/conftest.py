import pytest

from tests.catalogue import fleet as fleets
from tests.harness import etcd


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """One member, which is enough for what does not break it."""
    with etcd.running(tmp_path_factory.mktemp("etcd") / "cluster", size=1) as cluster:
        yield cluster


@pytest.fixture
def fleet(store, tmp_path):
    with fleets.running(store, tmp_path / "fleet") as made:
        yield made
