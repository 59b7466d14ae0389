"""From typed settings to KEDA's ScaledObject: pure."""

from dataclasses import dataclass
from typing import Any, Final

from components.platform.scaling import demand
from components.platform.scaling.refused import Refused
from components.platform.scaling.schedule import Floor

Json = dict[str, Any]

POLLING_SECONDS: Final = 5
"""How often KEDA asks for what would wake the servers up."""
_FALLBACK_AFTER: Final = 3  # failed questions to a source of figures
_TARGETS: Final = (
    *("requests_per_replica", "p95_seconds", "cpu_percent", "gpu_percent"),
    *("lead_minutes", "idle_seconds"),
)
_TARGET: Final = "it must be more than 0"


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """`min_replicas` 0 lets the servers go when nobody asks. `requests_per_replica`: open ones that one is to have.
    `warm`: servers more than the load needs. A target left out is not looked at. `lead_minutes`: how long a new server
    takes, node and all. `idle_seconds`: without a request until the last server goes. Raises Refused."""

    min_replicas: int
    max_replicas: int
    requests_per_replica: float
    warm: int = 0
    p95_seconds: float | None = None
    cpu_percent: int | None = None
    gpu_percent: int | None = None
    schedule: tuple[Floor, ...] = ()
    forecast: bool = False
    lead_minutes: int = 15
    idle_seconds: int = 900

    def __post_init__(self) -> None:
        most = self.max_replicas
        highest = max((floor.replicas for floor in self.schedule), default=0)
        wrong = (
            ("max_replicas", most < 1, "use 1 or more"),
            ("min_replicas", not 0 <= self.min_replicas <= most, f"use 0 to {most}, which is max_replicas"),
            ("warm", not 0 <= self.warm < max(most, 1), f"use 0 to {most - 1}, one fewer than max_replicas"),
            ("warm", self.warm and not self.min_replicas, "min_replicas is 0, and a warm server never goes: raise it"),
            ("schedule", highest > most, f"it asks for {highest} servers, and max_replicas is {most}: raise that"),
            *((name, (value := getattr(self, name)) is not None and value <= 0, _TARGET) for name in _TARGETS),
        )
        for name, is_wrong, reason in wrong:
            if is_wrong:
                raise Refused(self, name, getattr(self, name), reason)


@dataclass(frozen=True, kw_only=True)
class Sources:
    """URLs of what KEDA asks, and the names it asks by. `room`: the waiting room's; none where servers stay."""

    prometheus: str
    stack: str
    serving: str
    room: str | None = None
    room_job: str | None = None
    gpus: str | None = None

    def check(self, scaling: Scaling) -> None:
        """Raises Refused for a target whose figure nobody tells."""
        if scaling.gpu_percent and not self.gpus:
            reason = "nobody tells how busy the cards are: run DCGM's exporter"
            raise Refused(scaling, "gpu_percent", scaling.gpu_percent, reason)
        if not scaling.min_replicas and not self.room:
            reason = "requests would have nowhere to wait: there must be a waiting room"
            raise Refused(scaling, "min_replicas", 0, reason)


def spec(deployment: str, scaling: Scaling, sources: Sources) -> Json:
    """A ScaledObject's `spec`."""
    return {
        "scaleTargetRef": {"name": deployment},
        "minReplicaCount": scaling.min_replicas,
        "maxReplicaCount": scaling.max_replicas,
        "pollingInterval": POLLING_SECONDS,
        "cooldownPeriod": scaling.idle_seconds,
        # Without figures the number stays: a monitoring that is down must not take the service with it.
        "fallback": {
            "failureThreshold": _FALLBACK_AFTER,
            "replicas": max(1, scaling.min_replicas),
            "behavior": "currentReplicasIfHigher",
        },
        "advanced": {"horizontalPodAutoscalerConfig": {"name": deployment, "behavior": _behavior()}},
        "triggers": triggers(scaling, sources),
    }


def triggers(scaling: Scaling, sources: Sources) -> list[Json]:
    """The one that asks for the most servers wins."""
    requests = demand.open_requests(sources.serving, sources.room_job)
    if scaling.warm:
        requests = f"{requests} + {scaling.warm * scaling.requests_per_replica:g}"
    found = [_prometheus("requests", requests, scaling.requests_per_replica, sources, "AverageValue")]
    if sources.room:
        found.append(_room(scaling, sources.room))
    if scaling.p95_seconds:
        found.append(_prometheus("latency", demand.p95_seconds(sources.serving), scaling.p95_seconds, sources, "Value"))
    if scaling.gpu_percent and sources.gpus:
        found.append(_prometheus("gpu", demand.gpu_percent(sources.gpus), scaling.gpu_percent, sources, "Value"))
    if scaling.cpu_percent:
        value = {"value": str(scaling.cpu_percent)}
        found.append({"type": "cpu", "name": "cpu", "metricType": "Utilization", "metadata": value})
    if scaling.forecast:
        query = demand.expected(sources.stack, scaling.lead_minutes)
        found.append(_prometheus("forecast", query, scaling.requests_per_replica, sources, "AverageValue"))
    return found + [_floor(number, floor) for number, floor in enumerate(scaling.schedule)]


def _prometheus(name: str, query: str, target: float, sources: Sources, kind: str) -> Json:
    told = {
        "serverAddress": sources.prometheus,
        "query": query,
        "threshold": f"{target:g}",
        "activationThreshold": "0",
        "ignoreNullValues": "true",
    }
    return {"type": "prometheus", "name": name, "metricType": kind, "metadata": told}


def _room(scaling: Scaling, url: str) -> Json:
    """Asked by itself, not through Prometheus, which would add its own 15 s to each awakening."""
    told = {
        "url": f"{url}/metrics",
        "format": "prometheus",
        "valueLocation": "autoglm:requests_held",
        "targetValue": f"{scaling.requests_per_replica:g}",
        "activationTargetValue": "0",
        "aggregateFromKubeServiceEndpoints": "true",  # each room knows of its own only
        "aggregationType": "sum",
    }
    return {"type": "metrics-api", "name": "held", "metricType": "AverageValue", "metadata": told}


def _floor(number: int, floor: Floor) -> Json:
    told = {
        "timezone": floor.timezone,
        "start": floor.start,
        "end": floor.end,
        "desiredReplicas": str(floor.replicas),
    }
    return {"type": "cron", "name": f"floor-{number}", "metadata": told}


def _behavior() -> Json:
    """Up at once, twofold or by four; down one a minute, and only when five minutes have shown it."""
    return {
        "scaleUp": {
            "stabilizationWindowSeconds": 0,
            "selectPolicy": "Max",
            "policies": [
                {"type": "Percent", "value": 100, "periodSeconds": 15},
                {"type": "Pods", "value": 4, "periodSeconds": 15},
            ],
        },
        "scaleDown": {
            "stabilizationWindowSeconds": 300,
            "selectPolicy": "Max",
            "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}],
        },
    }
