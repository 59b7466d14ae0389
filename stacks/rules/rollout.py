"""Versions of models: who can hold two of them, and what a canary needs."""

from collections.abc import Iterator

from stacks.problems import Problem
from stacks.schema import RegionSpec


def version_can_be_held_beside_another(region: RegionSpec) -> Iterator[Problem]:
    if region.model.version is not None and region.serving.gpu is not None:
        reason = (
            "servers on GPUs hold one version on their cards, so none can be loaded beside it: leave it out and change"
            " model.source, which rolls the servers one by one"
        )
        yield Problem(path=("model", "version"), value=region.model.version, reason=reason)


def canary_has_a_version(region: RegionSpec) -> Iterator[Problem]:
    if region.serving.rollout is not None and region.model.version is None:
        steps = ", ".join(map(str, region.serving.rollout.steps))
        reason = "there is no version to roll out: set model.version, or leave it out"
        yield Problem(path=("serving", "rollout", "steps"), value=f"[{steps}]", reason=reason)
