"""All rules over all resources of a plan."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from policies.rules.base import Resource, Rule, Severity, UndecidedError
from policies.rules.table import RULES


@dataclass(frozen=True, kw_only=True)
class Violation:
    """`text`: what is wrong, and what to do instead."""

    rule: Rule
    resource: Resource
    text: str

    def __str__(self) -> str:
        return f"{self.rule.id}: {self.resource.type} {self.resource.name}: {self.text}"


@dataclass(frozen=True, kw_only=True)
class Undecided:
    """A rule that must wait for the update, as it needs the value at `path`."""

    rule: Rule
    resource: Resource | None
    path: str


@dataclass(frozen=True, kw_only=True)
class Report:
    violations: tuple[Violation, ...]
    undecided: tuple[Undecided, ...]

    @property
    def mandatory(self) -> tuple[Violation, ...]:
        return tuple(found for found in self.violations if found.rule.severity is Severity.MANDATORY)

    @property
    def advisory(self) -> tuple[Violation, ...]:
        return tuple(found for found in self.violations if found.rule.severity is Severity.ADVISORY)


def judge(resources: Sequence[Resource], rules: Sequence[Rule] = RULES) -> Report:
    """In the order of the resources, and of the rules for each."""
    found = [entry for resource in resources for rule in rules for entry in _one(rule, resource)]
    found += [entry for rule in rules for entry in _all(rule, resources)]
    return Report(
        violations=tuple(entry for entry in found if isinstance(entry, Violation)),
        undecided=tuple(entry for entry in found if isinstance(entry, Undecided)),
    )


def _one(rule: Rule, resource: Resource) -> Iterator[Violation | Undecided]:
    try:
        for text in rule.check(resource):
            yield Violation(rule=rule, resource=resource, text=text)
    except UndecidedError as error:
        yield Undecided(rule=rule, resource=resource, path=str(error))


def _all(rule: Rule, resources: Sequence[Resource]) -> Iterator[Violation | Undecided]:
    if rule.together is None:
        return
    try:
        for resource, text in rule.together(resources):
            yield Violation(rule=rule, resource=resource, text=text)
    except UndecidedError as error:
        yield Undecided(rule=rule, resource=None, path=str(error))
