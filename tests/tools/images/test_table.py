"""Which images are made unasked."""

import pytest

from tools import up
from tools.images import __main__ as command
from tools.images.table import BY_NAME_ONLY, RECIPES


def test_the_dev_stack_needs_none_that_is_made_by_name_only() -> None:
    assert RECIPES.keys() >= BY_NAME_ONLY
    assert BY_NAME_ONLY.isdisjoint({*up.SYSTEM_IMAGES, *up.STACK_IMAGES})


def test_without_names_those_of_the_dev_stack_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(command, "build", lambda names, _log: asked.extend(names) or {})
    assert command.main(["build"]) == 0
    assert set(asked) == RECIPES.keys() - BY_NAME_ONLY
    assert command.main(["build", "keda"]) == 0
    assert asked[-1] == "keda"
