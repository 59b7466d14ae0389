import pytest

from tests.harness import etcd


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Three members for tests that leave them running and keep to their own prefix."""
    with etcd.running(tmp_path_factory.mktemp("etcd") / "cluster") as cluster:
        yield cluster


@pytest.fixture
def own(tmp_path):
    """Three members for a test that breaks them."""
    with etcd.running(tmp_path / "cluster") as cluster:
        yield cluster
