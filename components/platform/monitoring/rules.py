"""Rules of Prometheus as data: one set feeds a rule file and an operator's PrometheusRule, which have the same form."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Json = dict[str, Any]


class Severity(StrEnum):
    """What it asks of people: to come at once, to look within a working day, or nothing, for it proves that alerts
    arrive."""

    PAGE = "page"
    TICKET = "ticket"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Record:
    """A figure that is computed once for all that ask for it."""

    name: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Alert:
    """`lasts`: for how long `expr` must hold, as Prometheus writes durations. `summary`: for who is woken; it may name
    labels and the value in Go's templates."""

    name: str
    expr: str
    severity: Severity
    summary: str
    lasts: str = "0s"


@dataclass(frozen=True, kw_only=True)
class Group:
    """Rules that are computed one after the other."""

    name: str
    rules: tuple[Record | Alert, ...]


def document(groups: Iterable[Group], *, stack: str, runbooks: str) -> Json:
    """A rule file. Each alert says its stack, severity, summary and the heading of its runbook."""
    return {
        "groups": [
            {"name": f"{stack}-{group.name}", "rules": [_rule(rule, stack, runbooks) for rule in group.rules]}
            for group in groups
        ]
    }


def _rule(rule: Record | Alert, stack: str, runbooks: str) -> Json:
    if isinstance(rule, Record):
        return {"record": rule.name, "expr": rule.expr, "labels": {"stack": stack, **rule.labels}}
    return {
        "alert": rule.name,
        "expr": rule.expr,
        "for": rule.lasts,
        "labels": {"stack": stack, "severity": str(rule.severity)},
        "annotations": {"summary": rule.summary, "runbook_url": f"{runbooks}#{rule.name.lower()}"},
    }
