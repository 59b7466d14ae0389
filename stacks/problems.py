"""What is wrong with a region file, in words: each problem with its field, value, reason and fix."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

Path = tuple[str | int, ...]

_REASONS = {
    "missing": "it is missing: add it",
    "extra_forbidden": "it is not a known key",
    "int_type": "it must be a whole number",
    "int_parsing": "it must be a whole number",
    "int_from_float": "it must be a whole number",
    "string_type": "it must be a text: put it in quotes",
    "model_type": "it must be a mapping of keys",
    "model_attributes_type": "it must be a mapping of keys",
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


def explain(error: ValidationError, model: type[BaseModel], hidden: Iterable[Path] = ()) -> list[Problem]:
    """Every fault of a failed validation. Values at or below `hidden` paths, and of unknown keys, are not shown."""
    secret = frozenset(hidden)
    return [_problem(dict(fault), model, secret) for fault in error.errors(include_url=False)]


def _problem(fault: dict[str, Any], model: type[BaseModel], hidden: frozenset[Path]) -> Problem:
    path, known = _walk(model, fault["loc"])
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "value_error":
        reason = str(context["error"])
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        path = (*path, str(context["discriminator"]).strip("'"))
        reason = (
            f"it must be one of {context['expected_tags']}" if kind == "union_tag_invalid" else "it is missing: add it"
        )
        return Problem(path=path, reason=reason)
    elif kind == "literal_error":
        reason = f"it must be {context['expected']}"
    else:
        reason = _REASONS.get(kind) or f"{fault['msg'][0].lower()}{fault['msg'][1:]}"
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(path[-1]), known, n=1)
        reason += f": did you mean {near[0]}?" if near else f": the known ones are {', '.join(sorted(known))}"
    shown = None
    if kind not in ("missing", "extra_forbidden") and not any(
        path[:length] in hidden for length in range(len(path) + 1)
    ):
        shown = _show(fault["input"])
    return Problem(path=path, reason=reason, value=shown)


def _show(value: object) -> str | None:
    return repr(value) if value is None or isinstance(value, str | int | float | bool) else None


def _walk(model: type[BaseModel], location: Path) -> tuple[Path, list[str]]:
    """The path as the file has it, without the tags that pydantic puts in for unions; and the keys known at its end."""
    path: list[str | int] = []
    branches = [model]
    for part in location:
        tagged = [branch for branch in branches if len(branches) > 1 and _tag(branch) == part]
        if tagged:
            branches = tagged
            continue
        path.append(part)
        fields = [field for branch in branches for field in branch.model_fields.values() if field.alias == part]
        if not fields:
            return tuple(path), _keys(branches)
        branches = [found for field in fields for found in _models(field.annotation)] or branches
    return tuple(path), _keys(branches)


def _keys(branches: Iterable[type[BaseModel]]) -> list[str]:
    return [str(field.alias) for branch in branches for field in branch.model_fields.values()]


def _models(annotation: object) -> list[type[BaseModel]]:
    candidates = get_args(annotation) or (annotation,)
    return [item for item in candidates if isinstance(item, type) and issubclass(item, BaseModel)]


def _tag(model: type[BaseModel]) -> object:
    field = model.model_fields.get("type")
    return get_args(field.annotation)[0] if field else None
