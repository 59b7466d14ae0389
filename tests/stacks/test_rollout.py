"""Versions of models and their canaries (C2, T4)."""

from typing import Any

import pytest

from stacks.loader import RegionError
from stacks.rollout import Rollout
from tests.harness.programs import dev
from tests.stacks.regions import refused


def test_a_version_alone_is_a_rollout_without_a_canary() -> None:
    region = dev({"model": {"version": "1.4.0"}})
    assert (region.model.version, region.serving.rollout) == ("1.4.0", None)


def test_a_canary_has_sensible_numbers() -> None:
    region = dev({"model": {"version": "7"}, "serving": {"rollout": {}}})
    assert region.serving.rollout == Rollout()


@pytest.mark.parametrize("version", ["", "latest", "01", "1.2.3.4", "1/2", "v", "1.4.0 "])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(RegionError, match=r"(?s)model\.version.*semantic version as 1\.4\.0"):
        dev({"model": {"version": version}})


@pytest.mark.parametrize("steps", [[], [0, 100], [5, 5, 100], [50, 25, 100], [5, 50], [5, 101]])
def test_steps_rise_to_a_hundred(steps: list[int]) -> None:
    with pytest.raises(RegionError, match=r"serving\.rollout\.steps"):
        dev({"model": {"version": "1"}, "serving": {"rollout": {"steps": steps}}})


@pytest.mark.parametrize(
    ("provider", "over", "problem"),
    [
        (
            "aws",
            {"model": {"version": "1.4.0"}},
            "model.version = 1.4.0: servers on GPUs hold one version on their cards, so none can be loaded beside it: "
            "leave it out and change model.source, which rolls the servers one by one",
        ),
        (
            "aws",
            {"serving": {"rollout": {"steps": [10, 100]}}},
            "serving.rollout.steps = [10, 100]: there is no version to roll out: set model.version, or leave it out",
        ),
    ],
)
def test_refused(provider: str, over: dict[str, Any], problem: str) -> None:
    assert refused(provider, over) == [problem]
