"""From typed settings to KEDA's ScaledObject: pure."""

from dataclasses import dataclass
from typing import Any, Final

from components.platform.scaling import demand
from components.platform.scaling.schedule import Floor

Json = dict[str, Any]

POLLING_SECONDS: Final = 5
"""How often KEDA asks for what would wake the servers up."""
_FALLBACK_AFTER: Final = 3  # failed questions to a source of figures


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """`least` 0 lets the servers go when nobody asks. `warm`: servers more than the load needs. A target left out is
    not looked at; `requests`: open ones that a server is to have. `lead_minutes`: how long a new server takes."""

    least: int
    most: int
    requests: float
    warm: int = 0
    p95_seconds: float | None = None
    cpu_percent: int | None = None
    gpu_percent: int | None = None
    floors: tuple[Floor, ...] = ()
    forecast: bool = False
    lead_minutes: int = 15
    idle_seconds: int = 900

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.most:
            raise ValueError(f"Scaling.least: {self.least} is not allowed: use 0 to most, which is {self.most}")
        if self.most < 1:
            raise ValueError(f"Scaling.most: {self.most} is not allowed: use 1 or more")
        if self.warm and not self.least:
            raise ValueError(f"Scaling.warm: {self.warm}, but least is 0: a warm server is never let go; raise least")
        if not 0 <= self.warm < self.most:
            raise ValueError(f"Scaling.warm: {self.warm} is not allowed: use 0 to {self.most - 1}, one fewer than most")
        for name in ("requests", "p95_seconds", "cpu_percent", "gpu_percent", "lead_minutes", "idle_seconds"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"Scaling.{name}: {value} is not allowed: a target is more than 0")
        for floor in self.floors:
            if floor.replicas > self.most:
                raise ValueError(f"Scaling.floors: {floor.replicas} servers, but most is {self.most}: raise most")


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
        """Raises ValueError for a target whose figure nobody tells."""
        if scaling.gpu_percent and not self.gpus:
            raise ValueError(
                "Scaling.gpu_percent: nobody tells how busy the cards are: watch them with DCGM's exporter"
            )
        if not scaling.least and not self.room:
            raise ValueError("Scaling.least: 0, but requests have nowhere to wait: there must be a waiting room")


def spec(deployment: str, scaling: Scaling, sources: Sources) -> Json:
    """A ScaledObject's `spec`."""
    return {
        "scaleTargetRef": {"name": deployment},
        "minReplicaCount": scaling.least,
        "maxReplicaCount": scaling.most,
        "pollingInterval": POLLING_SECONDS,
        "cooldownPeriod": scaling.idle_seconds,
        # Without figures the number stays: a monitoring that is down must not take the service with it.
        "fallback": {
            "failureThreshold": _FALLBACK_AFTER,
            "replicas": max(1, scaling.least),
            "behavior": "currentReplicasIfHigher",
        },
        "advanced": {"horizontalPodAutoscalerConfig": {"name": deployment, "behavior": _behavior()}},
        "triggers": triggers(scaling, sources),
    }


def triggers(scaling: Scaling, sources: Sources) -> list[Json]:
    """The one that asks for the most servers wins."""
    requests = demand.open_requests(sources.serving, sources.room_job)
    if scaling.warm:
        requests = f"{requests} + {scaling.warm * scaling.requests:g}"
    found = [_prometheus("requests", requests, scaling.requests, sources, "AverageValue")]
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
        found.append(_prometheus("forecast", query, scaling.requests, sources, "AverageValue"))
    return found + [_floor(number, floor) for number, floor in enumerate(scaling.floors)]


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
        "targetValue": f"{scaling.requests:g}",
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
