"""How many servers there are: what a region file may say, and what it may not (T3)."""

from typing import Any

import pytest

from tests.harness import programs
from tests.stacks.regions import refused, region

ELSEWHERE = {"prometheus": "http://prometheus.monitoring:9090"}
LARGE = {"quota": {"cpu": "200", "memory": "800Gi", "storage": "2Ti", "pods": 200}}


def scaled(**over: Any) -> dict[str, Any]:
    return {"serving": {"autoscaling": {"minReplicas": 1, "maxReplicas": 4, **ELSEWHERE, **over}}, **LARGE}


@pytest.mark.parametrize(
    ("over", "problem"),
    [
        (scaled(minReplicas=5), "serving.autoscaling.minReplicas = 5: use 0 to 4, which is maxReplicas"),
        (scaled(warm=4), "serving.autoscaling.warm = 4: use 0 to 3, one fewer than maxReplicas"),
        (
            scaled(minReplicas=0, warm=1),
            "serving.autoscaling.warm = 1: minReplicas is 0, and a warm server never goes: raise it",
        ),
        (
            scaled(
                schedule=[
                    {"days": ["mon"], "begins": "08:00", "ends": "20:00", "timezone": "Asia/Shanghai", "replicas": 5}
                ]
            ),
            "maxReplicas is 4: raise that",
        ),
        (
            scaled(prometheus=None),
            "serving.autoscaling.prometheus: nobody counts requests: set monitoring.type to own, or name a Prometheus "
            "that exists",
        ),
        (
            scaled(gpuPercent=80),
            "serving.autoscaling.gpuPercent = 80: nobody tells how busy the cards are: set images.dcgmExporter",
        ),
        (
            {**scaled(prometheus=None, forecast=True), "monitoring": {"type": "own"}},
            "serving.autoscaling.forecast = true: it looks 3 weeks back: set monitoring.retentionDays to 22 or more",
        ),
        (scaled(warmNodes=1), "serving.autoscaling.warmNodes = 1: only a cloud's GPU pools grow: leave it out"),
        (
            scaled(minReplicas=0, waiting={"patienceSeconds": 241}),
            "serving.autoscaling.waiting.patienceSeconds = 241: the gateway ends a stream that says nothing for 300 s",
        ),
        (
            {**scaled(minReplicas=0), "isolation": {"check": True}},
            "isolation.check = true: serving.autoscaling.minReplicas is 0, and a server that is not there answers no",
        ),
        (scaled(requestsPerReplica=0), "serving.autoscaling.requestsPerReplica = 0"),
    ],
)
def test_refused(over: dict[str, Any], problem: str) -> None:
    assert problem in "\n".join(refused("private", over))


def test_it_begins_within_its_bounds() -> None:
    (told,) = refused("private", scaled(maxReplicas=1))
    assert told == "serving.replicas = 2: it is what the servers begin with: use 1 to 1"


def test_the_quota_and_the_pools_hold_the_most() -> None:
    small = programs.dev().quota.pods
    told = refused("private", {**scaled(maxReplicas=40), "quota": {"pods": small}})
    assert any(one.startswith(f"quota.pods = {small}: the region's workloads ask for") for one in told)
    (told,) = refused("aws", scaled(maxReplicas=9))
    assert told.startswith("serving.autoscaling.maxReplicas = 9: the pool cards holds at most 4 servers")


def test_all_of_it_may_be_said_together() -> None:
    spec = region(
        "private",
        {
            **scaled(
                minReplicas=1,
                warm=1,
                p95Seconds=30,
                cpuPercent=80,
                forecast=True,
                leadMinutes=10,
                idleSeconds=600,
                schedule=[
                    {"days": ["sat", "sun"], "begins": "22:00", "ends": "06:00", "timezone": "UTC", "replicas": 2}
                ],
            )
        },
    )
    assert spec.serving.autoscaling and (spec.serving.least, spec.serving.most) == (1, 4)
