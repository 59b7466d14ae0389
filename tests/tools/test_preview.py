"""`make preview`: through the real engine on backends of its own, and the decisions around it."""

from pathlib import Path
from typing import Any

import pytest

from policies import judge
from tests.harness.engine import Project
from tests.tools.test_plan import VPC, event, planned
from tools import preview_all, regions, stack, trial, where
from tools.preview import Outcome, preview
from tools.preview_all import Row, table
from tools.process import ToolError
from tools.stack import Stack
from tools.steps import Clock

NOWHERE = {"cluster": {"kubeconfig": "/nowhere/kubeconfig", "context": None}}


def outcome(*events: str) -> Outcome:
    plan = planned(*events)
    return Outcome(stack="one", plan=plan, report=judge(plan.resources()), estimate=None, seconds=1.25)


def tried(folder: Path, overlay: dict[str, Any]) -> Outcome:
    region = regions.load("dev")
    made = Stack("dev", folder)
    made.prepare(region.with_overlay(NOWHERE | overlay))
    return preview(region, made, lambda _text: None)


@pytest.mark.integration
def test_the_dev_stack_is_planned_without_a_cluster(tmp_path: Path) -> None:
    found = tried(tmp_path, {})
    assert found.passed
    assert found.resources > 20
    shown = "\n".join(found.text())
    assert f"Resources: {found.resources} ({found.resources} to create)" in shown
    assert "\n  platform " in shown
    assert "\n  workloads " in shown
    assert not (stack.STATE / "backend").exists()


@pytest.mark.integration
@pytest.mark.parametrize(
    ("overlay", "words"),
    [
        ({"serving": {"replcas": 3}}, "serving.replcas: it is not a known key: did you mean replicas?"),
        ({"gateway": {"exposure": {"type": "NodePort", "port": 1}}}, "gateway.exposure"),
    ],
)
def test_a_wrong_file_is_told_in_the_programs_words_alone(tmp_path: Path, overlay: dict[str, Any], words: str) -> None:
    with pytest.raises(ToolError) as refused:
        tried(tmp_path, overlay)
    assert str(refused.value).startswith("stack dev: stacks/dev.yaml can't be used; nothing was made.")
    assert words in str(refused.value)
    assert "Traceback" not in str(refused.value)
    assert "exit code" not in str(refused.value)


@pytest.mark.integration
def test_all_stacks_side_by_side_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview_all, "TOOLS", tmp_path)
    said: list[str] = []
    rows = preview_all.preview_all(["dev", "no-such-stack"], Clock(said.append), memory=4)
    assert [row.passed for row in rows] == [True, False]
    assert "'no-such-stack' has no stacks/no-such-stack.yaml" in rows[1].problem
    assert list(tmp_path.iterdir()) == []
    assert any("no-such-stack: no plan" in line for line in said)


def test_the_summary_table() -> None:
    broken = Row(stack="broken-file", outcome=None, problem="etcd.members = 2: no")
    bad = Row(stack="bad", outcome=outcome(event("create", VPC, "net", inputs={"tags": {}})))
    good = Row(stack="good", outcome=outcome())
    lines = list(table([broken, bad, good]))
    assert lines[0].split() == ["stack", "resources", "USD/month", "min", "max", "violations", "seconds", "result"]
    assert lines[1].split() == ["broken-file", "FAILED"]
    assert lines[2].split() == ["bad", "1", "1", "1.2", "VIOLATES"]
    assert lines[3].split() == ["good", "0", "0", "1.2", "ok"]
    assert "broken-file: no plan: etcd.members = 2: no" in lines[4]
    assert "bad: missing-tags: aws:ec2/vpc:Vpc net: tags lack" in lines[5]
    assert [row.passed for row in (broken, bad, good)] == [False, False, True]


@pytest.mark.parametrize(("stacks", "memory", "most"), [(15, 64.0, 1000), (1, 64.0, 1), (15, 2.5, 2), (15, 0.1, 1)])
def test_previews_at_a_time(stacks: int, memory: float, most: int) -> None:
    assert 1 <= preview_all.workers(stacks, memory) <= most


def test_only_private_stacks_get_the_tools_cluster() -> None:
    assert trial.overlay(regions.load("dev"))["cluster"]["kubeconfig"].endswith("kubeconfig")
    assert trial.overlay(regions.load("private-rack")) == {}
    for name in ("aws-us-west-2", "alicloud-cn-hangzhou", "tencentcloud-ap-guangzhou"):
        assert trial.overlay(regions.load(name)) == {}
        assert trial.overlay(regions.load(name), "any-context") == {}


def test_a_context_is_for_one_preview_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(trial.contexts, "find", lambda name: (tmp_path / "mine", name))
    region = regions.load("dev")
    found = trial.overlay(region, "mine")
    assert found == {"cluster": {"kubeconfig": str(tmp_path / "mine"), "context": "mine"}}
    made = Stack("dev", tmp_path)
    made.config.write_text("encryptionsalt: v1:x\nconfig: {}\n")
    apart = made.configured_apart(region.with_overlay(found))
    assert apart.config != made.config
    assert apart.cluster() == (tmp_path / "mine", "mine")
    assert "encryptionsalt: v1:x" in apart.config.read_text()
    assert made.cluster() is None
    assert str(apart.config) in apart.argv("preview")
    assert apart.backend == made.backend


def test_a_stack_that_is_only_tried_has_its_own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://theirs")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "theirs")
    environment = Stack("dev", tmp_path).environment()
    assert environment["PULUMI_BACKEND_URL"] == f"file://{tmp_path}"
    assert environment["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(tmp_path / "passphrase")
    assert "PULUMI_CONFIG_PASSPHRASE" not in environment


def test_a_clouds_cluster_is_no_kubeconfig(tmp_path: Path) -> None:
    made = Stack("aws-us-west-2", tmp_path)
    made.config.write_text("config:\n  open-autoglm:region:\n    cluster:\n      version: '1.33'\n")
    assert made.cluster() is None


@pytest.mark.parametrize(
    ("text", "clouds"),
    [
        ("provider: aws\n", ("aws",)),
        ("# x\nprovider:   'alicloud' # y\n", ("alicloud",)),
        ("provider: private\n", ()),
        ("provider: gcp\n", ()),
        ("model:\n  provider: aws\n", ()),
        ("kind: fleet\nmembers:\n  a: {}\n\n  # and\n  b:\n    weight: 1\nports: []\n", ("aws", "tencentcloud")),
    ],
)
def test_the_clouds_of_a_stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, clouds: tuple[str]) -> None:
    monkeypatch.setattr(where, "STACKS", tmp_path)
    (tmp_path / "a.yaml").write_text("provider: private\n")
    (tmp_path / "b.yaml").write_text("provider: tencentcloud\n")
    (tmp_path / "it.yaml").write_text(text)
    assert where.clouds("it") == clouds
    assert where.is_fleet("it") is text.startswith("kind: fleet")
    assert where.clouds("missing") == ()


def test_the_files_of_stacks_are_found_where_they_say() -> None:
    for path in where.STACKS.glob("*.yaml"):
        first = path.stem.partition("-")[0]
        assert where.is_fleet(path.stem) or where.clouds(path.stem) == ((first,) if first in where.CLOUDS else ())


def test_the_dev_stack_still_goes_where_the_tools_put_it() -> None:
    assert trial.is_ours(regions.load("dev"))
    assert not trial.is_ours(regions.load("private-rack"))


@pytest.mark.integration
def test_changes_in_the_engines_own_events(tmp_path: Path) -> None:
    """What stays, what is replaced and by which property, what goes; on a stack that is there."""
    project = Project(tmp_path / "project")
    kept = "random.RandomPassword('kept', length=9)\n"
    project.write(f"{kept}random.RandomPassword('other', length=9)\nrandom.RandomPassword('gone', length=9)\n")
    project.up().ok()
    project.write(f"{kept}random.RandomPassword('other', length=10)\nrandom.RandomPassword('new', length=9)\n")
    project.environment["PULUMI_ENABLE_STREAMING_JSON_PREVIEW"] = "1"
    plan = planned(*project.run("preview", "--json").ok().splitlines())
    ops = {step.resource.name: (step.op, step.paths) for step in plan.steps.values() if "random:" in step.resource.type}
    assert ops.pop("other") == ("replace", ("length",))
    assert {name: op for name, (op, _) in ops.items() if "default" not in name} == {
        "kept": "same",
        "gone": "delete",
        "new": "create",
    }
    assert plan.finished
    assert plan.errors == []
