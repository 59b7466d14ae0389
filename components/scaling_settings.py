"""From a file's `serving.autoscaling` to typed settings: pure, and without Kubernetes' SDK, for the file's rules."""

from datetime import time
from typing import TYPE_CHECKING

from components.platform.scaling.scaled_object import Scaling
from components.platform.scaling.schedule import Floor

if TYPE_CHECKING:
    from stacks import scaling

_SAME = (
    *("min_replicas", "max_replicas", "requests_per_replica", "warm", "p95_seconds", "cpu_percent", "gpu_percent"),
    *("forecast", "lead_minutes", "idle_seconds"),
)


def scaling_of(asked: "scaling.Autoscaling") -> Scaling:
    """Raises Refused."""
    return Scaling(schedule=tuple(map(_floor, asked.schedule)), **{name: getattr(asked, name) for name in _SAME})


def _floor(asked: "scaling.Floor") -> Floor:
    return Floor(
        days=asked.days,
        begins=time.fromisoformat(asked.begins),
        ends=time.fromisoformat(asked.ends),
        timezone=asked.timezone,
        replicas=asked.replicas,
    )
