"""The rules as policies of pulumi-policy: the engine asks before it makes a resource, and about the whole stack."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi_policy as pulumi
from pulumi_policy.proxy import UnknownValueError

from policies.rules.base import UNKNOWN, Resource, Rule, UndecidedError
from policies.rules.table import RULES

NAME = "open-autoglm"


def serve() -> None:
    pulumi.PolicyPack(NAME, policies=[policy for rule in RULES for policy in policies(rule)])


def policies(rule: Rule) -> list[pulumi.Policy]:
    """One that looks at each resource and, where the rule does, one that looks at the stack."""
    level = pulumi.EnforcementLevel(rule.severity.value)
    found: list[pulumi.Policy] = [pulumi.ResourceValidationPolicy(rule.id, rule.description, _each(rule), level)]
    if rule.together is not None:
        found.append(pulumi.StackValidationPolicy(f"{rule.id}-together", rule.description, _all(rule.together), level))
    return found


def _each(rule: Rule) -> Callable[[pulumi.ResourceValidationArgs, pulumi.ReportViolation], None]:
    def validate(args: pulumi.ResourceValidationArgs, report: pulumi.ReportViolation) -> None:
        resource = Resource(
            urn=args.urn, type=args.resource_type, name=args.name, props=plain(args.props), marked=False
        )
        _until_undecided(rule.check(resource), report)

    return validate


def _all(together: Any) -> Callable[[pulumi.StackValidationArgs, pulumi.ReportViolation], None]:  # noqa: ANN401
    def validate(args: pulumi.StackValidationArgs, report: pulumi.ReportViolation) -> None:
        try:
            for resource, text in together([_resource(one) for one in args.resources]):
                report(text, resource.urn)
        except UndecidedError:
            return

    return validate


def _until_undecided(texts: Any, report: pulumi.ReportViolation) -> None:  # noqa: ANN401
    """What can't be known yet is asked again in the update, before the resource is made."""
    try:
        for text in texts:
            report(text, None)
    except UndecidedError:
        return


def _resource(given: pulumi.PolicyResource) -> Resource:
    return Resource(
        urn=given.urn,
        type=given.resource_type,
        name=given.name,
        props=plain(given.props),
        parent=given.parent.urn if given.parent else "",
        refs={key: frozenset(one.urn for one in found) for key, found in given.property_dependencies.items()},
        marked=False,
    )


def plain(value: object) -> Any:  # noqa: ANN401  plain data
    """Out of pulumi-policy's proxies, which raise where a value is unknown. It unwraps secrets before."""
    if isinstance(value, Mapping):
        return {key: _item(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_item(value, index) for index in range(len(value))]
    return value


def _item(value: Any, key: object) -> Any:  # noqa: ANN401  a mapping or a sequence
    try:
        return plain(value[key])
    except UnknownValueError:
        return UNKNOWN
