"""What is wrong with a region file, in words: each problem with its field, value, reason and fix."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from stacks.keys import Path, Spot, spot

__all__ = ["Path", "Problem", "explain", "nearest"]

# By pydantic's name of the fault; what is in braces is from the fault's context.
_REASONS = {
    "missing": "it is missing: add it",
    "int_type": "it must be a whole number",
    "int_parsing": "it must be a whole number",
    "int_from_float": "it must be a whole number",
    "float_type": "it must be a number",
    "float_parsing": "it must be a number",
    "bool_type": "it must be true or false",
    "bool_parsing": "it must be true or false",
    "string_type": "it must be a text: put it in quotes",
    "string_too_short": "it is too short: write at least {min_length} characters",
    "string_too_long": "it is too long: write at most {max_length} characters",
    "string_pattern_mismatch": "it must have the form {pattern}",
    "greater_than": "it must be more than {gt}",
    "greater_than_equal": "it must be {ge} or more",
    "less_than": "it must be less than {lt}",
    "less_than_equal": "it must be {le} or less",
    "too_short": "it has too few entries ({actual_length}): give at least {min_length}",
    "too_long": "it has more entries than the {max_length} that it may have: remove some",
    "tuple_type": "it must be a list, as in [a, b]",
    "dict_type": "it must be a mapping of keys",
    "model_type": "it must be a mapping of keys",
    "model_attributes_type": "it must be a mapping of keys",
    "ip_v4_network": "it is no range of IPv4 addresses: write its first address and its length, as in 10.20.0.0/16",
    "ip_v4_address": "it is no IPv4 address: write one as in 198.51.100.7",
}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """`value` as it may be shown; None where there is none, or where it might be a secret."""

    path: Path
    reason: str
    value: str | None = None

    def __str__(self) -> str:
        field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path).lstrip(".")
        return f"{field}{'' if self.value is None else f' = {self.value}'}: {self.reason}"


def explain(
    error: ValidationError, model: type[BaseModel], others: Mapping[str, type[BaseModel]] | None = None
) -> list[Problem]:
    """Every fault of a failed validation. Values of unknown keys are not shown: they may be secrets under a misspelt
    name. `others`: other models of the same file by name, so that a key of theirs is known as such."""
    return [_problem(dict(fault), model, others or {}) for fault in error.errors(include_url=False)]


def nearest(name: str, known: Iterable[str]) -> str:
    """A question to end a reason with; empty when nothing is near."""
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f": did you mean {close[0]}?" if close else ""


def _problem(fault: dict[str, Any], model: type[BaseModel], others: Mapping[str, type[BaseModel]]) -> Problem:
    kind, location = fault["type"], fault["loc"]
    if kind == "extra_forbidden":
        known, key = spot(model, location[:-1]), str(location[-1])
        elsewhere = [name for name, other in others.items() if key in spot(other, location[:-1]).keys]
        return Problem(path=(*known.path, key), reason=_unknown(key, known, elsewhere))
    context, path, value = fault.get("ctx", {}), spot(model, location).path, fault["input"]
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        path, value = (*path, str(context["discriminator"]).strip("'")), context.get("tag")
    shown = _show(value) if kind not in ("missing", "union_tag_not_found") else None
    return Problem(path=path, reason=_reason(fault, str(value)), value=shown)


def _reason(fault: dict[str, Any], value: str) -> str:
    kind, context = fault["type"], fault.get("ctx", {})
    match kind:
        case "value_error":
            return str(context["error"])
        case "union_tag_not_found":
            return _REASONS["missing"]
        case "union_tag_invalid":
            return _one_of(f"it must be one of {context['expected_tags']}", value)
        case "literal_error":
            return _one_of(f"it must be {context['expected']}", value)
    known = _REASONS.get(kind)
    return known.format_map(context) if known else f"{fault['msg'][0].lower()}{fault['msg'][1:]}"


def _one_of(reason: str, value: str) -> str:
    return reason + nearest(value, re.findall(r"'([^']*)'", reason))


def _unknown(key: str, known: Spot, elsewhere: list[str]) -> str:
    """`elsewhere`: other providers that have the key here."""
    forms = [name for name, keys in known.others.items() if key in keys]
    if known.tag == "existing" and forms:
        return "what exists is not made: leave it out, or leave out existing"
    if forms:
        return f"only the type {_or(forms)} has it, not {known.tag}: leave it out"
    if elsewhere:
        return f"only the provider {_or(elsewhere)} has it here: leave it out"
    if near := nearest(key, known.keys) or nearest(key, frozenset().union(*known.others.values())):
        return f"it is not a known key{near}"
    return f"it is not a known key: the known ones are {', '.join(sorted(known.keys))}"


def _or(names: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _show(value: object) -> str | None:
    return repr(value) if value is None or isinstance(value, str | int | float) else None
