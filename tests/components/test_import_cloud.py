"""Components of a cloud in somebody else's project, through the real engine and the cloud's stand-in."""

import shutil

import pytest

from tests.harness.engine import Project
from tools.paths import ROOT

pytestmark = pytest.mark.integration

PROGRAM = ROOT / "tests" / "fixtures" / "import_cloud"
CONFIG = {
    "clusterRole": "arn:aws:iam::123456789012:role/agents-cluster",
    "key": "arn:aws:kms:us-west-2:123456789012:key/3f0c7a52-0d2e-41ef-9a53-5254001b7e88",
}


class Theirs(Project):
    """Their checkout beside ours, which they have on PYTHONPATH."""

    name = "import-cloud"

    def _program(self) -> None:
        for name in ("Pulumi.yaml", "__main__.py"):
            shutil.copy(PROGRAM / name, self.folder / name)
        self.environment["PYTHONPATH"] = str(ROOT)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Theirs:
    made = Theirs(tmp_path_factory.mktemp("import-cloud") / "project", plugins=["aws"])
    for key, value in CONFIG.items():
        made.run("config", "set", key, value).ok()
    made.run("config", "set", "--secret", "kubeconfig", "a-kubeconfig").ok()
    return made


def test_a_network_and_a_gpu_pool_alone(project: Theirs) -> None:
    project.up().ok()
    made = project.state()
    kinds = {entry["type"] for entry in made.values()}
    ours = {kind.rpartition(":")[2] for kind in kinds if kind.startswith("open-autoglm:aws:")}
    assert ours == {"Network", "Security", "GpuPool", "FlowLogs"}
    assert not [kind for kind in kinds if kind.startswith(("kubernetes:", "random:", "open-autoglm:index:"))]
    assert project.outputs()["vpc"] == made["agents-network-vpc"]["id"]
    nodes = made["agents-pool-nodes"]
    assert nodes["inputs"]["clusterName"] == made["agents"]["outputs"]["name"]
    assert nodes["inputs"]["subnetIds"] == [
        made[f"agents-network-nodes-{zone}"]["id"] for zone in ("us-west-2a", "us-west-2b")
    ]
    assert "agents-security-nodes" in made


def test_again_changes_nothing_and_all_of_it_goes(project: Theirs) -> None:
    assert set(project.steps().values()) == {"same"}
    project.run("destroy", "--yes", "--skip-preview").ok()
    assert not project.state()
