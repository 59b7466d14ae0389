"""What a region file says of a model's versions and of how a new one comes to be served."""

from typing import Annotated

from pydantic import AfterValidator, Field

from stacks.fields import Part
from stacks.shapes import Shape

Version = Annotated[
    str,
    Shape(
        r"v?(0|[1-9]\d{0,8})(\.(0|[1-9]\d{0,8})){0,2}(-[0-9A-Za-z.-]{1,20})?",
        "a semantic version as 1.4.0, or an integer as 7, in quotes",
    ),
]


def _rising(steps: tuple[int, ...]) -> tuple[int, ...]:
    if list(steps) != sorted(set(steps)) or steps[-1] != 100:
        raise ValueError("each step must be more than the one before, and the last one 100: as in [5, 25, 50, 100]")
    return steps


class Rollout(Part):
    """A canary: `steps` in per cent of new requests, each for `stepSeconds`, while the new version breaks no more than
    `errorRate` of its requests and its P95 is no more than `p95Ratio` times the active version's. After so many
    `failures` of checks in a row the active version has all requests again."""

    steps: Annotated[
        tuple[Annotated[int, Field(ge=1, le=100)], ...], Field(min_length=1, max_length=20), AfterValidator(_rising)
    ] = (5, 25, 50, 100)
    step_seconds: int = Field(default=60, ge=10, le=3600)
    failures: int = Field(default=3, ge=1, le=20)
    error_rate: float = Field(default=0.02, ge=0, le=0.5)
    p95_ratio: float = Field(default=1.5, ge=1, le=10)
    observe_seconds: int = Field(default=60, ge=10, le=3600)
