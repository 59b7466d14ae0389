"""`make down` leaves nothing of the stack on the machine and says what it kept."""

import pytest

from tests.e2e.conftest import make
from tests.harness.traces import traces
from tools.cluster import ClusterSettings

pytestmark = pytest.mark.e2e


def test_down_leaves_nothing(stack: str) -> None:
    settings = ClusterSettings.load()
    make("down")
    clean = traces(settings)
    make("up")
    assert traces(settings) != clean, "the check sees nothing of a running cluster"
    said = make("down").stdout
    assert traces(settings) == clean
    assert "kept" in said
    assert "make clean" in said


def test_a_second_down_is_harmless() -> None:
    make("down")
