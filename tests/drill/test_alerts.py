"""Each alert is fired by a real fault: here those of model servers and gateways; `make drill` fires etcd's, too."""

import re
from pathlib import Path

import pytest

from components.platform.monitoring import alerts
from tests.components.monitoring.region import WATCHED
from tests.drill import alerts_etcd, alerts_servers
from tests.drill.alerts_servers import servers_and_gateway
from tests.drill.rows import table

NEED_A_CARD = {"GpuBroken", "GpuXid", "GpuHot"}


@pytest.mark.integration
def test_faults_of_servers_and_gateways_fire_their_alerts(tmp_path):
    rows = servers_and_gateway(tmp_path / "servers")
    assert all(row.passed for row in rows), "\n".join(table(rows))


def test_the_drill_has_a_fault_for_every_alert_that_needs_no_card():
    parts = [Path(str(made.__file__)).read_text() for made in (alerts_etcd, alerts_servers)]
    named = set(re.findall(r'"([A-Z][a-zA-Z0-9]+)"', "".join(parts)))
    assert {alert.name for alert in alerts.alerts(WATCHED)} - named == NEED_A_CARD
