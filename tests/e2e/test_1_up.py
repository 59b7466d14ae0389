"""From nothing to an answer; a second run changes nothing; what preview promised is what up made."""

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import changed, make, output, pulumi

pytestmark = pytest.mark.e2e


def types(steps: list[dict[str, str]]) -> list[str]:
    return sorted(step["urn"] for step in steps if step["op"] == "create")


@pytest.fixture(scope="module")
def planned() -> list[str]:
    """URNs that a preview would create, taken before the cluster exists."""
    make("down")
    plan = json.loads(pulumi("preview", "--json"))
    return types([{"urn": step["urn"], "op": step["op"]} for step in plan["steps"]])


def test_preview_equals_update(planned: list[str]) -> None:
    done = make("up")
    last = done.stdout.strip().splitlines()[-1]
    assert output("endpoint") in last
    assert output("model") in last
    assert "make -s output NAME=apiKey" in last
    assert output("apiKey") not in done.stdout
    state = json.loads(pulumi("stack", "export"))
    assert sorted(resource["urn"] for resource in state["deployment"]["resources"]) == planned


def test_a_second_up_changes_nothing(planned: list[str]) -> None:
    done = make("up")
    counts = done.stdout.rsplit("Resources:", 1)[1].split("Duration")[0].split()
    assert counts[1:] == ["unchanged"], counts


def test_no_secret_in_state_or_shown_outputs(planned: list[str]) -> None:
    key = output("apiKey")
    assert len(key) >= 32
    assert key not in pulumi("stack", "export")
    assert key not in pulumi("stack", "output")


def test_a_changed_field_touches_only_what_it_means(planned: list[str], tmp_path: Path) -> None:
    """`serving.maxNumSeqs` belongs to one Deployment."""
    plan = json.loads(pulumi("preview", "--json", "--config-file", changed(tmp_path, serving={"maxNumSeqs": 3})))
    touched = {step["urn"].split("::")[2].split("$")[-1] for step in plan["steps"] if step["op"] != "same"}
    assert touched == {"kubernetes:apps/v1:Deployment"}
