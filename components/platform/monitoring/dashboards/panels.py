"""Dashboards as data, and Grafana's JSON of them: three panels a row, in the order of the list."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Json = dict[str, Any]

_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_WIDTH, _HEIGHT, _COLUMNS = 8, 8, 3  # of Grafana's grid of 24


class Unit(StrEnum):
    """As Grafana calls them."""

    NONE = "short"
    SECONDS = "s"
    SHARE = "percentunit"
    PERCENT = "percent"
    BYTES = "bytes"
    RATE = "reqps"
    CELSIUS = "celsius"
    WATTS = "watt"
    USD = "currencyUSD"


@dataclass(frozen=True, kw_only=True)
class Query:
    """`legend` may name labels, as in {{instance}}."""

    expr: str
    legend: str


@dataclass(frozen=True, kw_only=True)
class Panel:
    """`text`: what a reader should know of it. `limit`: a line at the value from which an alert counts."""

    title: str
    text: str
    queries: tuple[Query, ...]
    unit: Unit = Unit.NONE
    limit: float | None = None


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """`key` is the last part of its address, and the name of its file."""

    key: str
    title: str
    panels: tuple[Panel, ...]


def grafana(dashboard: Dashboard, stack: str) -> Json:
    """The dashboard's JSON; it asks which Prometheus to use, since an operator's Grafana may know several."""
    return {
        "uid": f"{stack}-{dashboard.key}"[:40],
        "title": f"{stack}: {dashboard.title}",
        "tags": ["open-autoglm", stack],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {
            "list": [{"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]
        },
        "panels": list(_panels(dashboard)),
    }


def _panels(dashboard: Dashboard) -> Iterator[Json]:
    for number, panel in enumerate(dashboard.panels):
        row, column = divmod(number, _COLUMNS)
        limit = [] if panel.limit is None else [{"color": "red", "value": panel.limit}]
        yield {
            "id": number + 1,
            "type": "timeseries",
            "title": panel.title,
            "description": panel.text,
            "datasource": _SOURCE,
            "gridPos": {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
            "targets": [
                {
                    "refId": chr(ord("A") + place),
                    "datasource": _SOURCE,
                    "expr": query.expr,
                    "legendFormat": query.legend,
                }
                for place, query in enumerate(panel.queries)
            ],
            "fieldConfig": {
                "defaults": {
                    "unit": str(panel.unit),
                    "min": 0,
                    "custom": {"thresholdsStyle": {"mode": "line" if limit else "off"}, "fillOpacity": 10},
                    "thresholds": {"mode": "absolute", "steps": [{"color": "green", "value": None}, *limit]},
                },
                "overrides": [],
            },
            "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        }
