"""How a cloud stand-in starts: without the SDK where its schemas are kept, and with it where they are not."""

import subprocess
import sys

import pytest

from tools import paths
from tools.providers.cloud.packages import PACKAGES
from tools.providers.cloud.store import Schemas

CLUSTER = "aws:eks/cluster:Cluster"
ASK = """
import sys
from pathlib import Path
from tools.providers.cloud import sdk
from tools.providers.cloud.packages import PACKAGES
from tools.providers.cloud.store import Schemas
sdk.alone()
found = Schemas(PACKAGES["aws"], Path(sys.argv[1])).resource("aws:eks/cluster:Cluster")
print(len(found["inputs"]["fields"]), any(name.startswith("pulumi_aws") for name in sys.modules))
"""


def python(*arguments):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=paths.ROOT, timeout=60, check=False
    )


def test_a_schema_is_read_from_the_sdk_once(tmp_path):
    first, second = (python("-c", ASK, str(tmp_path)).stdout.split() for _ in range(2))
    assert first[1:] == ["True"]
    assert second == [first[0], "False"]
    [kept] = tmp_path.glob("aws-*/aws.eks.cluster.Cluster.json")
    kept.write_text("{")
    assert python("-c", ASK, str(tmp_path)).stdout.split() == first


def test_a_folder_that_cannot_be_written_does_no_harm(tmp_path):
    (tmp_path / "file").touch()
    found = Schemas(PACKAGES["aws"], tmp_path / "file").resource(CLUSTER)
    assert found is not None
    assert "vpcConfig" in found["inputs"]["fields"]


def test_the_sdk_says_what_replaces_where_its_text_does(tmp_path):
    found = Schemas(PACKAGES["aws"], tmp_path).resource(CLUSTER)
    assert found is not None
    assert found["replaced"] == ["bootstrapSelfManagedAddons"]


@pytest.mark.parametrize(
    "token", ["aws:eks/clustr:Clustr", "aws:nothing/cluster:Cluster", "aws:eks/getCluster:getCluster"]
)
def test_what_the_sdk_does_not_have_is_nothing(tmp_path, token):
    assert Schemas(PACKAGES["aws"], tmp_path).resource(token) is None


@pytest.mark.parametrize("package", PACKAGES)
def test_a_plugin_says_its_version(package):
    assert python("-m", f"tools.providers.{package}", "--version").stdout.strip() == PACKAGES[package].version


def test_another_package_is_refused():
    done = python("-m", "tools.providers.cloud", "gcp")
    assert (done.returncode, done.stderr) == (
        2,
        "usage: python -m tools.providers.cloud aws|alicloud|tencentcloud [<engine address>]\n",
    )
