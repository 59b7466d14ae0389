"""Small pieces that the readiness checks share."""

from collections.abc import Mapping
from typing import Any

from tools.providers.values import get


class Hopeless(Exception):
    """The object will not become ready, however long one waits."""


def condition(obj: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """A condition of the status by its type; empty if it is not there."""
    conditions = get(obj, ("status", "conditions"), [])
    return next((entry for entry in conditions if entry.get("type") == kind), {})


def is_observed(obj: Mapping[str, Any]) -> bool:
    """Whether the controller has seen the latest change."""
    generation: int = get(obj, ("metadata", "generation"), 0)
    return bool(get(obj, ("status", "observedGeneration"), 0) >= generation)


def selector_text(selector: Mapping[str, Any]) -> str:
    """A label selector as the query parameter takes it."""
    terms = [f"{name}={value}" for name, value in (selector.get("matchLabels") or {}).items()]
    for rule in selector.get("matchExpressions") or []:
        key, values = rule["key"], ",".join(rule.get("values") or [])
        terms.append(
            {
                "In": f"{key} in ({values})",
                "NotIn": f"{key} notin ({values})",
                "Exists": key,
                "DoesNotExist": f"!{key}",
            }[rule["operator"]]
        )
    return ",".join(terms)
