"""What a region file may say of the number of its model servers."""

from typing import Annotated, Literal

from pydantic import Field

from stacks.fields import Part
from stacks.shapes import Shape

Clock = Annotated[str, Shape(r"([01]\d|2[0-3]):[0-5]\d", 'a time of day in quotes, as in "08:30"')]
Url = Annotated[str, Shape(r"https?://[^\s@]+", "a URL, as in http://prometheus.monitoring:9090")]


class Floor(Part):
    """Hours in which a number of servers is there whatever the load: on the days named, until the next day where `ends`
    is no later than `begins`."""

    days: tuple[Literal["sun", "mon", "tue", "wed", "thu", "fri", "sat"], ...] = Field(min_length=1)
    begins: Clock
    ends: Clock
    timezone: str = Field(min_length=1)
    replicas: int = Field(ge=1)


class Waiting(Part):
    """Requests that wait while there is no server: how many in each waiting room, how long, and when to come again."""

    places: int = Field(default=100, ge=1, le=10_000)
    patience_seconds: int = Field(default=240, ge=1, le=3600)
    retry_after_seconds: int = Field(default=30, ge=1, le=3600)


class Autoscaling(Part):
    """By KEDA, which the cluster has. `minReplicas` 0 lets the servers go when nobody has asked for `idleSeconds`.
    `requestsPerReplica`: open requests that one server is to have; `warm`: servers more than that needs; `warmNodes`:
    how many servers more the nodes have room for. `forecast` looks `leadMinutes` ahead, at the same hour of past weeks.
    `prometheus`: the URL of one that exists, where monitoring is not the region's own."""

    min_replicas: int = Field(ge=0, le=1000)
    max_replicas: int = Field(ge=1, le=1000)
    requests_per_replica: float = Field(default=6.0, gt=0)
    p95_seconds: float | None = Field(default=None, gt=0)
    cpu_percent: int | None = Field(default=None, ge=1, le=100)
    gpu_percent: int | None = Field(default=None, ge=1, le=100)
    warm: int = Field(default=0, ge=0)
    warm_nodes: int = Field(default=0, ge=0, le=1000)
    schedule: tuple[Floor, ...] = ()
    forecast: bool = False
    lead_minutes: int = Field(default=15, ge=1, le=240)
    idle_seconds: int = Field(default=900, ge=30, le=86400)
    waiting: Waiting = Waiting()
    prometheus: Url | None = None
