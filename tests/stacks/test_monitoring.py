"""Monitoring: what a file may ask for, and what nobody could keep or see (O1)."""

from typing import Any

import pytest

from components import running_costs
from components.platform.monitoring.watched import Costs
from tests.stacks.regions import pool, refused, region

TOLD = {"page": {"type": "pagerduty", "heldIn": "alert-receivers/pager"}}
OWN: dict[str, Any] = {"type": "own", "receivers": TOLD}


def own(**more: object) -> dict[str, Any]:
    return {"monitoring": OWN | more}


@pytest.mark.parametrize(
    ("provider", "over", "problem"),
    [
        (
            "aws",
            {"monitoring": {"type": "own"}},
            "monitoring.receivers.page: it is missing, and in production someone must be told when users are: name a "
            "receiver",
        ),
        (
            "aws",
            own(objectives={"availability": 0.9}),
            "monitoring.objectives.availability = 0.9: its alert could never fire, whatever failed: set it to more "
            "than 0.931",
        ),
        (
            "alicloud",
            own(objectives={"firstTokenShare": 0.93}),
            "monitoring.objectives.firstTokenShare = 0.93: its alert could never fire, whatever failed: set it to more "
            "than 0.931",
        ),
        (
            "tencentcloud",
            own(objectives={"firstTokenSeconds": 3}),
            "monitoring.objectives.firstTokenSeconds = 3: servers count requests up to certain times only: use one of "
            "0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80",
        ),
        (
            "aws",
            own(objectives={"p95Seconds": 0.9}),
            "monitoring.objectives.p95Seconds = 0.9: the 99th percentile is never below the 95th: lower it to "
            "p99Seconds, 0.8, or less",
        ),
        (
            "aws",
            own(objectives={"availability": 1}),
            "monitoring.objectives.availability = 1: it must be less than 1.0",
        ),
        (
            "aws",
            own(retentionDays=3),
            "monitoring.retentionDays = 3: it must be 4 or more",
        ),
        (
            "aws",
            own(receivers={"page": {"type": "slack", "heldIn": "https://hooks.example.com/x", "channel": "#a"}}),
            "monitoring.receivers.page.heldIn = 'https://hooks.example.com/x': it must be NAME/KEY of a Secret in the "
            "region's namespace, as in alert-receivers/pager",
        ),
        (
            "aws",
            {"images": {"requireDigest": True}, **own()},
            "images.prometheus",
        ),
    ],
)
def test_refused(provider: str, over: dict[str, Any], problem: str) -> None:
    if problem.startswith("images"):
        assert any(found.startswith(problem) for found in refused(provider, over))
    else:
        assert refused(provider, over) == [problem]


def test_a_budget_needs_prices() -> None:
    assert refused("private", own(budgetUsdPerMonth=100)) == [
        "monitoring.budgetUsdPerMonth = 100: no price of a model server is known, so nobody could tell: declare "
        "facts.usdPerHour of its pool"
    ]


def test_a_server_costs_its_part_of_a_node() -> None:
    priced = {"facts": {"usdPerHour": 4}}  # of a node with two cards
    found = running_costs.find(region("private", own() | pool(**priced)), 100)
    assert found == Costs(base=0, server=2, budget=100)


def test_the_quota_counts_it() -> None:
    assert refused("aws", own(volume={"size": "95Gi"}))[0].startswith("quota.storage = 100Gi: ")


def test_without_grafana_it_needs_less() -> None:
    asked: dict[str, Any] = {"monitoring": OWN, "quota": {"storage": "30Gi", "pods": 13}}
    assert refused("private", asked)[0].startswith("quota.pods = 13: the region's workloads ask for 15")
    assert region("private", asked | {"images": {"grafana": None}}).images.grafana is None


def test_an_operator_needs_no_receiver() -> None:
    found = region("aws", {"monitoring": {"type": "operator", "labels": {"release": "prometheus"}}})
    assert found.monitoring.type == "operator"
