"""Every region: planned without credentials, brought up, found unchanged, grown in place, and gone again."""

import json

import pytest

from tests.harness.regions import STACKS
from tests.regions import golden, life
from tests.regions.conftest import Lives

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]  # the first test waits for its whole life
each = pytest.mark.parametrize("stack", STACKS)


@each
def test_the_plan_is_the_golden_one(lives: Lives, stack: str) -> None:
    """A difference is reviewed as a diff: python -m tests.regions.golden, then git diff tests/golden."""
    planned = lives(stack).planned
    assert {step.op for step in planned} == {"create"}
    assert golden.render(planned) == (golden.FOLDER / f"{stack}.yaml").read_text()


@each
def test_up_makes_what_the_plan_said(lives: Lives, stack: str) -> None:
    lived = lives(stack)
    made = {name for name, entry in lived.made.items() if not entry["type"].startswith("pulumi:")}
    assert made == {step.name for step in lived.planned}
    assert lived.outputs["model"] == life.file(stack)["model"]["name"]
    assert lived.outputs["endpoint"].endswith("/v1")


@each
def test_a_second_up_changes_nothing(lives: Lives, stack: str) -> None:
    assert [f"{step.op} {step.type} {step.name}" for step in lives(stack).again if step.op != "same"] == []


@each
def test_a_larger_pool_is_an_update_and_nothing_else(lives: Lives, stack: str) -> None:
    changes = lives(stack).changed
    assert len(changes) == 1, changes
    where = "serving" if life.file(stack)["provider"] == "private" else "pool"
    assert changes[0].startswith(f"~ {stack}-{where}")


@each
def test_destroy_leaves_nothing(lives: Lives, stack: str) -> None:
    assert lives(stack).left == {}


@each
def test_no_secret_is_printed_or_lies_open_in_the_state(lives: Lives, stack: str) -> None:
    lived = lives(stack)
    key = lived.outputs["apiKey"]
    assert len(key) == 48
    assert key not in lived.text
    assert key not in json.dumps(lived.made)
    assert "client-key-data" not in lived.text
    assert "client-key-data" not in json.dumps(lived.made)
