"""A preview in plain text: resources by layer, what changes, what it costs a month, what the rules say."""

from collections import Counter
from collections.abc import Iterator, Sequence

from components.cost import Estimate, Line
from policies import RULES, Report, Violation
from tools.layers import LAYERS, OTHER, is_component, layer
from tools.plan import Plan, Step, counts

_SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-", "import": "="}
_WIDTH = 11
_ADVISORIES = 5  # shown in full; more are counted


def lines(plan: Plan, report: Report, estimate: Estimate | None, unpriced: str = "") -> Iterator[str]:
    """The whole report. Without an `estimate`, `unpriced` says why."""
    yield from _resources(plan)
    yield from _changes(plan)
    yield from _cost(estimate) if estimate else [f"Cost a month: {unpriced}"]
    yield from _policies(report)


def real(plan: Plan) -> list[Step]:
    """The steps of resources, without what only holds others."""
    return [step for step in plan.steps.values() if not is_component(step.resource)]


def _resources(plan: Plan) -> Iterator[str]:
    steps = real(plan)
    summary = ", ".join(f"{count} to {op}" if op in _SIGNS else f"{count} {op}" for op, count in _counted(steps))
    yield f"Resources: {len(steps)}{f' ({summary})' if summary else ''}"
    for name in (*LAYERS, OTHER):
        if here := [step for step in steps if layer(step.resource) == name]:
            kinds = Counter(_kind(step) for step in here)
            yield f"  {name:{_WIDTH}} {len(here):4}  {', '.join(_times(kind, count) for kind, count in kinds.items())}"


def _counted(steps: Sequence[Step]) -> list[tuple[str, int]]:
    return [(op, count) for op, count in counts(iter(steps)).items()]


def _kind(step: Step) -> str:
    return step.resource.type.rpartition(":")[2]


def _times(kind: str, count: int) -> str:
    return kind if count == 1 else f"{kind} x{count}"


def _changes(plan: Plan) -> Iterator[str]:
    """Of a stack that is there. Where everything is new, the layers have said it."""
    steps = [step for step in real(plan) if step.changes]
    if not steps:
        yield "Changes: none"
    elif any(step.op != "create" for step in steps):
        yield "Changes:"
        for step in steps:
            yield f"  {_SIGNS.get(step.op, '?')} {step.op:8} {_kind(step)} {step.resource.name}{_paths(step)}"


def _paths(step: Step) -> str:
    return f": {', '.join(step.paths)}" if step.paths and step.op in ("update", "replace") else ""


def _cost(estimate: Estimate) -> Iterator[str]:
    if not estimate.lines:
        yield "Cost a month: nothing of it has a price here"
        return
    span = f"{usd(estimate.min_usd)} at minimum size, {usd(estimate.max_usd)} at maximum"
    yield f"Cost a month: {span}{lacking(estimate)}"
    yield from map(_priced, estimate.lines)
    yield "  (machines, control plane and NAT; no disks, traffic, storage, support)"


def _priced(line: Line) -> str:
    size = str(line.min_count) if line.min_count == line.max_count else f"{line.min_count}-{line.max_count}"
    begin = f"  {line.layer:{_WIDTH}} {size:>7} x {line.what}"
    note = f"; {line.note}" if line.note else ""
    if line.usd_per_hour is None or line.min_usd is None or line.max_usd is None:
        return f"{begin}: no price known{note}"
    month = usd(line.max_usd) if line.min_usd == line.max_usd else f"{line.min_usd:,.0f} to {usd(line.max_usd)}"
    return f"{begin}: {month}, at {line.usd_per_hour:,.3f} an hour{note}"


def usd(amount: float) -> str:
    return f"{amount:,.0f} USD"


def lacking(estimate: Estimate) -> str:
    """What the sums do not have."""
    return f", without {', '.join(estimate.unknown)}: no price known" if estimate.unknown else ""


def _policies(report: Report) -> Iterator[str]:
    mandatory, advisory = report.mandatory, report.advisory
    waiting = len({(found.rule.id, found.resource.urn if found.resource else "") for found in report.undecided})
    later = f"; {waiting} checks wait for values that only the update knows" if waiting else ""
    yield f"Policies: {len(RULES)} rules, {len(mandatory)} violations, {len(advisory)} advisories{later}"
    for found in mandatory:
        yield f"  violation {_said(found)}"
    for found in advisory[:_ADVISORIES]:
        yield f"  advisory  {_said(found)}"
    if len(advisory) > _ADVISORIES:
        yield f"  advisory  … and {len(advisory) - _ADVISORIES} more of {_rules(advisory[_ADVISORIES:])}"


def _said(found: Violation) -> str:
    kind = found.resource.type.rpartition(":")[2]
    return f"{found.rule.id}: {kind} {found.resource.name}: {found.text}"


def _rules(found: Sequence[Violation]) -> str:
    return ", ".join(sorted({one.rule.id for one in found}))
