"""The policy pack under the real engine: each rule stops a program that breaks it, before anything is made."""

import json
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from policies import RULES, Severity
from tests.harness.engine import PLUGINS, Project, Result
from tests.policies.violators import HEADER, PROGRAMS
from tools import policy_pack
from tools.paths import BIN
from tools.where import CLOUDS

pytestmark = pytest.mark.integration
_REPORTED = re.compile(r"- \[(mandatory|advisory)\] +(\S+) +\(\S+: (\S+)\)")


def project(folder: Path, program: str) -> tuple[Project, str]:
    """A project, and the pack that its engine runs."""
    pack = policy_pack.ensure()
    made = Project(folder, plugins=(*PLUGINS, *CLOUDS))
    for launcher in BIN.glob("pulumi-analyzer-policy-*"):
        shutil.copy(launcher, folder / "bin")
    made.write(HEADER + program)
    return made, pack


def preview(folder: Path, program: str) -> Result:
    made, pack = project(folder, program)
    return made.run("preview", "--policy-pack", pack)


def reported(text: str, severity: str = "mandatory") -> set[tuple[str, str]]:
    """Rule and resource of each violation that the engine shows."""
    found = _REPORTED.findall(text)
    return {(rule.removesuffix("-together"), name) for level, rule, name in found if level == severity}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """Of every program; side by side, as a failing preview sleeps for most of its time."""
    folder = tmp_path_factory.mktemp("pack")
    with ThreadPoolExecutor(2 * len(os.sched_getaffinity(0))) as pool:
        futures = {name: pool.submit(preview, folder / name, program) for name, program in PROGRAMS.items()}
        return {name: future.result() for name, future in futures.items()}


def test_every_mandatory_rule_has_a_program() -> None:
    assert set(PROGRAMS) == {rule.id for rule in RULES if rule.severity is Severity.MANDATORY}


@pytest.mark.parametrize("rule", PROGRAMS)
def test_a_program_that_breaks_a_rule_is_stopped(rule: str, results: dict[str, Result]) -> None:
    text = results[rule].failed()
    bad = set(re.findall(r'"(bad-[\w-]+)"', PROGRAMS[rule]))
    assert reported(text) == {(rule, name) for name in bad}, text


def test_a_program_that_breaks_none_passes_with_advice(tmp_path: Path) -> None:
    made, pack = project(tmp_path / "good", 'etcd("good-etcd", 3)\n')
    text = made.run("preview", "--policy-pack", pack).ok()
    assert reported(text) == set()
    assert reported(text, "advisory") == {("image-digests", "good-etcd")}


def test_an_update_is_stopped_before_the_resource_is_made(tmp_path: Path) -> None:
    """A value that a preview can't know is judged when it is known."""
    program = """
known = random.RandomPassword("name", length=9).result.apply(lambda _: json.dumps(
    {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "x"}]}))
aws.iam.Policy("bad-aws", policy=known, tags=TAGS, opts=on["aws"])
"""
    made, pack = project(tmp_path / "late", program)
    made.run("preview", "--policy-pack", pack).ok()
    assert reported(made.up("--policy-pack", pack).failed()) == {("wildcard-actions", "bad-aws")}
    assert "aws:iam/policy:Policy" not in json.dumps(made.state())
