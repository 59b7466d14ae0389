"""No panel without data: every query of every dashboard is asked of the real Prometheus, under load."""

import math
import re

import pytest

from components.platform.monitoring import alerts
from components.platform.monitoring.dashboards import dashboards
from components.platform.monitoring.dashboards.panels import grafana
from tests.components.monitoring.conftest import Region
from tests.components.monitoring.region import WATCHED
from tests.harness.waiting import until

QUERIES = [
    pytest.param(query.expr, id=f"{board.key}: {panel.title}: {query.legend}")
    for board in dashboards(WATCHED)
    for panel in board.panels
    for query in panel.queries
]
# Figures of what does not happen here.
UNSEEN = {
    "autoglm:model_rollbacks_total",
    "autoglm:request_failures_total",
    "etcd_keeper_failures_total",
    "prometheus_rule_evaluation_failures_total",
    "alertmanager_notifications_failed_total",
}


@pytest.mark.integration
@pytest.mark.parametrize("expr", QUERIES)
def test_a_panel_has_data(region: Region, expr: str) -> None:
    def numbers() -> bool:
        return any(not math.isnan(float(series["value"][1])) for series in region.prometheus.query(expr))

    until(numbers, f"series of {expr}")


@pytest.mark.integration
def test_alerts_ask_for_figures_that_somebody_shows(region: Region) -> None:
    known = set(region.prometheus.get("/api/v1/label/__name__/values")["data"])
    asked = {name for alert in alerts.alerts(WATCHED) for name in re.findall(r"([a-zA-Z_:][\w:]*)\{", alert.expr)}
    assert asked - known <= UNSEEN
    assert {"up", "vllm:num_requests_waiting", "etcd_server_has_leader"} <= asked & known


@pytest.mark.integration
def test_rules_can_be_computed_and_nothing_fires_that_should_not(region: Region) -> None:
    def computed() -> bool:
        groups = region.prometheus.get("/api/v1/rules")["data"]["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        assert not [rule for rule in rules if rule["health"] == "err"]
        return all(rule["health"] == "ok" for rule in rules)

    until(computed, "rules are computed")
    told = region.prometheus.get("/api/v1/alerts")["data"]["alerts"]
    firing = {alert["labels"]["alertname"] for alert in told if alert["state"] == "firing"}
    assert firing == {"Watchdog", "EtcdCertificateExpires"}, "the harness makes certificates for an hour"


def test_grafana_gets_every_panel_once_side_by_side() -> None:
    for board in dashboards(WATCHED):
        made = grafana(board, WATCHED.stack)
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in made["panels"]]
        assert len(set(places)) == len(board.panels) == len({panel.title for panel in board.panels})
        assert all(x + 8 <= 24 for x, _ in places)
        assert made["uid"] == f"t-{board.key}"
        assert all(panel["description"] for panel in made["panels"])
