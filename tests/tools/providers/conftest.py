"""One control plane for all tests of the stand-ins; each test has its own namespace and stack."""

import itertools

import pytest

from tests.harness import apiserver
from tests.harness.engine import Project
from tests.harness.waiting import until
from tools.providers.kubernetes.client import Client
from tools.providers.kubernetes.kubeconfig import load

_numbers = itertools.count()


@pytest.fixture(scope="session")
def api(tmp_path_factory):
    with apiserver.running(tmp_path_factory.mktemp("api")) as server:
        yield server


@pytest.fixture(scope="session")
def client(api):
    client = Client(load(str(api.kubeconfig)))
    yield client
    client.close()


@pytest.fixture
def namespace(client):
    name = f"trial-{next(_numbers)}"
    client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, "test")
    # Where they have just begun, or lost their API server, a wait of seconds would be over before they make a pod.
    until(lambda: client.list("v1", "ServiceAccount", name), "controllers are at work")
    yield name
    client.delete({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, "Background", None)


@pytest.fixture
def project(tmp_path, api):
    return Project(tmp_path / "project", api.kubeconfig)
