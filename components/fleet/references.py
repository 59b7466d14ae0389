"""The members' stacks: what they export, read before anything is made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.fleet import member
from components.types import FleetMember


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the region's file says of a member. `zones`: how many; a preview without the stack assumes so many subnets
    and route tables."""

    facts: Mapping[str, str]
    zones: int


def read(stack: str, expected: Expected, opts: pulumi.ResourceOptions) -> FleetMember:
    """A member from its stack's outputs. In a preview the stack may still be missing: then its ids are unknown."""
    path = f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}"
    exported = _exported(path)
    if exported is None:
        if not pulumi.runtime.is_dry_run():
            raise pulumi.RunError(
                f"the fleet's member {stack} exports nothing yet: run `pulumi up --stack {stack}` first"
            )
        pulumi.log.warn(f"the fleet's member {stack} is not up: this preview takes its ids as unknown")
        return member.from_output(_unknown(), expected.facts, member.assumed(expected.zones))
    if found := member.differences(exported, expected.facts):
        raise pulumi.RunError(f"the fleet's member {stack}: {'; '.join(found)}: run `pulumi up --stack {stack}` first")
    reference = pulumi.StackReference(path, opts=opts)
    return member.from_output(reference.require_output(member.OUTPUT), expected.facts, member.shape(exported))


def _exported(path: str) -> Mapping[str, Any] | None:
    """The engine's own answer to a reference, at once: a program can't make as many routes as an output says. None
    for a stack that is missing, or that has not exported anything for fleets."""
    try:
        answer = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": path})
    except Exception as error:  # the SDK raises nothing narrower
        if "unknown stack" in str(error):
            return None
        raise
    found: Mapping[str, Any] | None = answer.value["outputs"].get(member.OUTPUT)
    return found


def _unknown() -> pulumi.Output[Mapping[str, Any]]:
    return pulumi.Output.from_input(pulumi.UNKNOWN)  # type: ignore[arg-type]  # its type has no value yet
