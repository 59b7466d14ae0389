"""What a preview plans, read from the engine's stream of events (`pulumi preview --json`): plain data, no engine."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from policies import SECRET, UNKNOWN, Resource
from tools import marks

_REPLACES = {"replace", "create-replacement", "delete-replaced"}
_KEEPS = {"same", "read", "refresh", "discard", "read-discard"}
_ORDER = ("same", "read", "create", "import", "update", "delete", "replace")


@dataclass(frozen=True, kw_only=True)
class Step:
    """What happens to one resource: create, update, replace, delete, import, same or read.

    `paths`: the properties that change. `resource` has the new inputs; the old ones where it is deleted.
    """

    op: str
    resource: Resource
    paths: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        return self.op not in _KEEPS


@dataclass
class Plan:
    """Grows with each line of the engine's; `errors` and `warnings` in the engine's own words."""

    steps: dict[str, Step] = field(default_factory=dict)  # by URN
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # lines that are no events, and what the program prints
    finished: bool = False

    def read(self, line: str) -> None:
        """One line of the stream; a line that is no event is kept as it is."""
        try:
            event = json.loads(line) if line.startswith("{") else None
        except ValueError:
            event = None
        if not isinstance(event, dict):
            if line.strip():
                self.said.append(line)
            return
        if metadata := (event.get("resourcePreEvent") or event.get("resOutputsEvent") or {}).get("metadata"):
            self._step(metadata)
        elif diagnostic := event.get("diagnosticEvent"):
            self._diagnostic(diagnostic)
        elif "summaryEvent" in event:
            self.finished = True

    def resources(self) -> list[Resource]:
        """What the stack will hold."""
        return [step.resource for step in self.steps.values() if step.op != "delete"]

    def _step(self, metadata: Mapping[str, Any]) -> None:
        urn, op = metadata["urn"], metadata["op"]
        op = "replace" if op in _REPLACES else "read" if op in _KEEPS - {"same"} else op
        before = self.steps.get(urn)
        if before and _rank(op) < _rank(before.op):
            op = before.op
        paths = tuple(sorted(metadata.get("detailedDiff") or metadata.get("diffs") or ()))
        self.steps[urn] = Step(op=op, resource=_resource(metadata), paths=paths or (before.paths if before else ()))

    def _diagnostic(self, diagnostic: Mapping[str, Any]) -> None:
        text = str(diagnostic.get("message", "")).strip()
        where = {"error": self.errors, "warning": self.warnings, "info#err": self.said}.get(
            diagnostic.get("severity", "")
        )
        if text and where is not None and not text.startswith(("warning: using pulumi-", "using pulumi-")):
            where.append(_without_urn(text, str(diagnostic.get("urn", ""))))


def _rank(op: str) -> int:
    return _ORDER.index(op) if op in _ORDER else len(_ORDER)


def _without_urn(text: str, urn: str) -> str:
    """With the resource's name before what is said of it, where the text has not got it."""
    name = urn.rpartition("::")[2]
    return f"{name}: {text}" if name and name not in text and "pulumi:pulumi:Stack" not in urn else text


def _resource(metadata: Mapping[str, Any]) -> Resource:
    state = metadata.get("new") or metadata.get("old") or {}
    urn = metadata["urn"]
    return Resource(
        urn=urn,
        type=metadata["type"],
        name=urn.rpartition("::")[2],
        props={key: plain(value) for key, value in (state.get("inputs") or {}).items() if not key.startswith("__")},
        outputs={key: plain(value) for key, value in (state.get("outputs") or {}).items()}
        if metadata["type"] == "pulumi:pulumi:Stack"
        else {},
        parent=state.get("parent") or "",
    )


def plain(value: object) -> Any:  # noqa: ANN401  plain data
    """A property value with SECRET and UNKNOWN for the engine's own markers."""
    if isinstance(value, dict):
        if value.get(marks.SIGNATURE) == marks.SECRET:
            return SECRET
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return UNKNOWN if isinstance(value, str) and value in marks.UNKNOWNS else value


def counts(steps: Iterator[Step]) -> dict[str, int]:
    """How many of each operation, in the order of `_ORDER`."""
    found = [step.op for step in steps]
    return {op: found.count(op) for op in (*_ORDER, *sorted(set(found) - set(_ORDER))) if op in found}
