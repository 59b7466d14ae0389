"""The program through the real engine: stack dev, previewed before there is a cluster."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.components.test_region import COMPONENTS, KINDS
from tests.harness import programs
from tests.harness.engine import Project
from tools.paths import ROOT

pytestmark = pytest.mark.integration

PROVIDERS = 3  # kubernetes, random, tls


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The program as it is checked out, with a stack of its own."""
    made = Project(tmp_path / "project")
    for name in ("components", "stacks"):
        (made.folder / name).symlink_to(ROOT / name)
    for name in ("__main__.py", "Pulumi.yaml", "Pulumi.dev.yaml"):
        shutil.copy(ROOT / name, made.folder / name)
    made.run("stack", "init", "dev").ok()
    return made


def configure(project: Project, path: str, value: str) -> None:
    project.run("config", "set", "--path", f"open-autoglm:region.{path}", value).ok()


def previewed(project: Project) -> list[dict[str, Any]]:
    text = project.run("preview", "--json").ok()
    steps: list[dict[str, Any]] = json.loads(text[text.index("{") :])["steps"]
    return [step for step in steps if step["newState"]["type"] != "pulumi:pulumi:Stack"]


def test_before_the_cluster_exists(project: Project) -> None:
    configure(project, "cluster.kubeconfig", str(project.folder / "none"))
    steps = previewed(project)
    assert {step["op"] for step in steps} == {"create"}
    states = [step["newState"] for step in steps]
    names = {f"{state['type'].rpartition(':')[2]} {state['urn'].rpartition('::')[2]}" for state in states}
    assert names >= COMPONENTS
    assert len(states) == len(COMPONENTS) + sum(KINDS.values()) + PROVIDERS


def test_with_a_cluster_that_does_not_answer(project: Project) -> None:
    kubeconfig = programs.kubeconfig(project.folder)
    kubeconfig.write_text(kubeconfig.read_text().replace("https://10.1.2.3:6443", "https://127.0.0.1:1"))
    configure(project, "cluster.kubeconfig", str(kubeconfig))
    assert len(previewed(project)) == len(COMPONENTS) + sum(KINDS.values()) + PROVIDERS


def test_a_wrong_region_file_is_told_without_a_traceback(project: Project) -> None:
    configure(project, "serving.replcas", "3")
    text = project.run("preview").failed()
    assert "serving.replcas: it is not a known key: did you mean replicas?" in text
    assert "Traceback" not in text


def test_an_update_without_a_kubeconfig_makes_nothing(project: Project) -> None:
    configure(project, "cluster.kubeconfig", str(project.folder / "none"))
    text = project.up().failed()
    assert "cluster.kubeconfig: " in text
    assert "Traceback" not in text
    assert "kubernetes:" not in project.run("stack", "export").ok()


def test_default_providers_are_off(project: Project) -> None:
    """A resource that forgets its provider fails, instead of using credentials that lie about."""
    (project.folder / "__main__.py").write_text("import pulumi_random as random\nrandom.RandomPet('stray')\n")
    text = project.run("preview").failed()
    assert "Default provider for 'random' disabled" in text
