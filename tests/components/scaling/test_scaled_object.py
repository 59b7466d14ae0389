"""From settings to KEDA's triggers; settings that can't be are refused."""

from datetime import time
from typing import Any

import pytest

from components.platform.scaling import scaled_object
from components.platform.scaling.scaled_object import Scaling, Sources
from components.platform.scaling.schedule import Floor

SOURCES = Sources(prometheus="http://p:9090", stack="t", serving="s", room="http://r:8000", room_job="r", gpus="g")
OFFICE: dict[str, Any] = {
    "days": ("mon", "fri"),
    "begins": time(8),
    "ends": time(20, 30),
    "timezone": "Asia/Shanghai",
    "replicas": 2,
}


def scaling(**changes: Any) -> Scaling:
    return Scaling(**{"min_replicas": 1, "max_replicas": 8, "requests_per_replica": 6.0, **changes})


def triggers(**changes: Any) -> dict[str, Any]:
    return {one["name"]: one for one in scaled_object.triggers(scaling(**changes), SOURCES)}


def test_each_target_is_a_trigger() -> None:
    every = triggers(
        p95_seconds=2.5, cpu_percent=70, gpu_percent=80, forecast=True, schedule=(Floor(**OFFICE), Floor(**OFFICE))
    )
    assert list(every) == ["requests", "held", "latency", "gpu", "cpu", "forecast", "floor-0", "floor-1"]
    assert {name: one["metadata"]["threshold"] for name, one in every.items() if "threshold" in one["metadata"]} == {
        "requests": "6",
        "latency": "2.5",
        "gpu": "80",
        "forecast": "6",
    }
    assert list(triggers()) == ["requests", "held"]


def test_warm_servers_are_counted_as_if_they_were_busy() -> None:
    assert triggers(warm=2)["requests"]["metadata"]["query"].endswith(" + 12")


def test_a_floor_is_two_cron_expressions() -> None:
    told = triggers(schedule=(Floor(**OFFICE),))["floor-0"]["metadata"]
    assert told == {
        "timezone": "Asia/Shanghai",
        "start": "0 8 * * 1,5",
        "end": "30 20 * * 1,5",
        "desiredReplicas": "2",
    }


def test_a_floor_may_last_past_midnight() -> None:
    night = Floor(**OFFICE | {"days": ("sat", "sun"), "begins": time(22), "ends": time(6)})
    assert (night.start, night.end) == ("0 22 * * 0,6", "0 6 * * 0,1")


def test_without_figures_the_number_of_servers_stays() -> None:
    made = scaled_object.spec("d", scaling(min_replicas=0), SOURCES)
    assert made["fallback"] == {"failureThreshold": 3, "replicas": 1, "behavior": "currentReplicasIfHigher"}
    assert made["minReplicaCount"] == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"min_replicas": 9}, "Scaling.min_replicas: 9 is not allowed: use 0 to 8, which is max_replicas"),
        ({"min_replicas": 0, "max_replicas": 0}, "Scaling.max_replicas: 0 is not allowed"),
        ({"requests_per_replica": 0}, "Scaling.requests_per_replica: 0 is not allowed: it must be more than 0"),
        ({"gpu_percent": 0}, "Scaling.gpu_percent: 0 is not allowed"),
        ({"warm": 8}, "Scaling.warm: 8 is not allowed: use 0 to 7"),
        ({"min_replicas": 0, "warm": 1}, "Scaling.warm: 1 is not allowed: min_replicas is 0"),
        ({"max_replicas": 1, "schedule": (Floor(**OFFICE),)}, "it asks for 2 servers, and max_replicas is 1"),
    ],
)
def test_what_can_not_be_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="Scaling") as refused:
        scaling(**changes)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"days": ("monday",)}, "Floor.days: ('monday',) is not allowed: name one or more of sun, mon"),
        ({"days": ()}, "Floor.days: ()"),
        ({"ends": time(8)}, "that is when it begins"),
        ({"timezone": "Mars"}, "Floor.timezone: 'Mars' is not allowed"),
        ({"replicas": 0}, "Floor.replicas: 0"),
    ],
)
def test_a_floor_that_can_not_be_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="Floor") as refused:
        Floor(**OFFICE | changes)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "said"), [({"gpu_percent": 80}, "nobody tells how busy"), ({"min_replicas": 0}, "nowhere to wait")]
)
def test_a_figure_that_nobody_tells_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Sources(prometheus="http://p", stack="t", serving="s").check(scaling(**changes))
