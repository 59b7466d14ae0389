"""Every alert fires on its fault and ends with it: played to the real Prometheus' own rule tester."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from components.platform.monitoring import alerts
from tests.components.monitoring import region
from tests.components.monitoring.cases import GATEWAY, PLATFORM, SERVING, Case
from tests.components.monitoring.cases_slo import SLO, SLOWLY
from tests.components.monitoring.cases_state import ETCD, GPUS
from tests.harness import prometheus
from tools import paths

SHORT = (*SERVING, *GATEWAY, *ETCD, *GPUS, *PLATFORM, *SLO)
ALERTS = alerts.alerts(region.WATCHED)


def expected(case: Case) -> dict[str, Any]:
    runbook = f"{region.WATCHED.runbooks}#{case.alert.lower()}"
    return {
        "exp_labels": {"stack": "t", "severity": case.severity, **case.labels},
        "exp_annotations": {"summary": case.summary, "runbook_url": runbook},
    }


def played(case: Case) -> dict[str, Any]:
    moments = ((case.quiet, []), (case.fires, [expected(case)]), (case.clears, []))
    return {
        "name": case.alert,
        "interval": case.step,
        "input_series": [{"series": name, "values": values} for name, values in case.series.items()],
        "alert_rule_test": [
            {"eval_time": moment, "alertname": case.alert, "exp_alerts": firing} for moment, firing in moments
        ],
    }


def verdict(folder: Path, cases: Iterable[Case], interval: str, rules: dict[str, Any] | None = None) -> tuple[int, str]:
    (folder / "rules.json").write_text(json.dumps(rules or region.document()))
    tests = {"rule_files": ["rules.json"], "evaluation_interval": interval, "tests": list(map(played, cases))}
    (folder / "tests.json").write_text(json.dumps(tests))
    done = prometheus.checked("promtool", "test", "rules", folder / "tests.json")
    return done.returncode, done.stdout + done.stderr


@pytest.mark.integration
def test_every_alert_fires_and_ends(tmp_path: Path) -> None:
    code, said = verdict(tmp_path, SHORT, "1m")
    assert code == 0, said


@pytest.mark.integration
def test_a_slow_burn_is_seen_over_days(tmp_path: Path) -> None:
    code, said = verdict(tmp_path, SLOWLY, "30m")
    assert code == 0, said


@pytest.mark.integration
@pytest.mark.parametrize(
    ("alert", "of", "broken"),
    [("KvCacheFull", "> 0.95", "> 0.99"), ("EtcdNoLeader", "== 0", "== 2"), ("ServersMissing", "< 2", "< 1")],
)
def test_a_broken_rule_is_found(tmp_path: Path, alert: str, of: str, broken: str) -> None:
    rules = json.loads(json.dumps(region.document()).replace("\\u00b0", "°"))
    (rule,) = [rule for group in rules["groups"] for rule in group["rules"] if rule.get("alert") == alert]
    assert of in rule["expr"]
    rule["expr"] = rule["expr"].replace(of, broken)
    code, said = verdict(tmp_path, [case for case in SHORT if case.alert == alert], "1m", rules)
    assert code == 1, said


@pytest.mark.integration
def test_the_checker_has_nothing_to_say(tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text(json.dumps(region.document()))
    done = prometheus.checked("promtool", "check", "rules", "--lint=all", "--lint-fatal", tmp_path / "rules.json")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_case_and_only_one() -> None:
    cases = [case.alert for case in (*SHORT, *SLOWLY)]
    assert sorted(cases) == sorted(alert.name for alert in ALERTS if alert.name != "Watchdog")


def test_every_alert_has_a_runbook() -> None:
    text = (paths.ROOT / "docs" / "runbooks.md").read_text()
    headings = re.findall(r"^### (\w+)$", text, re.MULTILINE)
    assert sorted(headings) == sorted(alert.name for alert in ALERTS)


def test_what_the_region_lacks_is_not_watched() -> None:
    told = json.dumps(region.document(gpus=None, keeper=None, costs=None, own=False))
    for name in ("DCGM", "etcd_keeper", "usd_per_hour", "t-prometheus", "t-alertmanager"):
        assert name not in told
