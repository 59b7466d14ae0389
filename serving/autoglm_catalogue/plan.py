"""What a rollout is to do."""

from dataclasses import dataclass, field

from autoglm_catalogue.judge import Checks


@dataclass(frozen=True, kw_only=True)
class Canary:
    """`steps`: per cent of new requests, one after the other; 100 is the switch itself. Times in seconds."""

    steps: tuple[int, ...] = (5, 25, 50, 100)
    step_seconds: float = 60.0
    """How long each step lasts."""
    failures: int = 3
    """Failed checks in a row that end the rollout."""
    checks: Checks = field(default_factory=Checks)

    def __post_init__(self) -> None:
        if list(self.steps) != sorted(set(self.steps)) or not self.steps or self.steps[0] < 1 or self.steps[-1] != 100:
            raise ValueError(f"steps: {self.steps} is not allowed: use rising numbers from 1 that end with 100")
        if self.failures < 1:
            raise ValueError(f"failures: {self.failures} is not allowed: it must be at least 1")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`sha256`, `size`, `source`: of the version's record. Times in seconds."""

    model: str
    version: str
    source: str
    sha256: str
    size: int
    at_least: int = 1
    """Replicas that must be ready before the switch."""
    ready_seconds: float = 600.0
    """To load it everywhere; afterwards the rollout has failed."""
    canary: Canary = field(default_factory=lambda: Canary(steps=(100,)))
    observe_seconds: float = 30.0
    """After the switch, while the old version is still in memory everywhere."""
    check_seconds: float = 5.0
    """Between two looks at how it answers."""
    region: str = ""
    """If given: the region that must be the promoted one, where any is."""
