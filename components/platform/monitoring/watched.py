"""What rules and dashboards are about: the jobs of one region, and what was promised for them."""

from dataclasses import dataclass, field

# Buckets that vLLM and the bundled engine have in common (`vllm:time_to_first_token_seconds`, in seconds).
FIRST_TOKEN_BUCKETS = (0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0)


@dataclass(frozen=True, kw_only=True)
class Objectives:
    """What users are promised, over 30 days: the share of requests without a server error, and the share whose first
    token comes within `first_token_seconds`. The limits below are on 5 minutes, and tell of a bad moment."""

    availability: float = 0.999  # what most hosted model APIs promise
    first_token_share: float = 0.95
    first_token_seconds: float = 2.5
    error_share: float = 0.01
    p95_seconds: float = 0.5
    p99_seconds: float = 0.8

    def __post_init__(self) -> None:
        if self.first_token_seconds not in FIRST_TOKEN_BUCKETS:
            known = ", ".join(f"{bucket:g}" for bucket in FIRST_TOKEN_BUCKETS)
            raise ValueError(
                f"Objectives.first_token_seconds: {self.first_token_seconds:g} is not allowed: servers count requests "
                f"up to these seconds only: {known}"
            )
        if not 0 < self.p95_seconds <= self.p99_seconds:
            raise ValueError(
                f"Objectives.p95_seconds: {self.p95_seconds:g} is not allowed: it must be more than 0 and at most "
                f"p99_seconds, {self.p99_seconds:g}"
            )


@dataclass(frozen=True, kw_only=True)
class Costs:
    """In USD an hour: what a region costs without servers, and what each server adds. `budget`: USD a month."""

    base: float
    server: float
    budget: float | None = None


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Jobs by the label that Prometheus gives them, which is the workload's own name; None: the region has none.

    `room`: the waiting room. `servers`, `gateways`, `members`: how many there must be. `snapshot_seconds`: between two
    snapshots of etcd. `runbooks`: the address of docs/runbooks.md, whose headings are the alerts' names.
    """

    stack: str
    serving: str
    gateway: str
    etcd: str
    keeper: str | None = None
    gpus: str | None = None
    room: str | None = None
    own: bool = False
    """Prometheus and Alertmanager are the region's own, so they are watched, too."""
    servers: int = 1
    gateways: int = 1
    members: int = 1
    snapshot_seconds: int | None = None
    objectives: Objectives = field(default_factory=Objectives)
    costs: Costs | None = None
    runbooks: str = "docs/runbooks.md"
