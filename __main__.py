"""One stack is one region, or a fleet of them: load its file, build it, export what its users need."""

import pulumi

from components import Region, RegionArgs
from stacks.fleet import FleetSpec
from stacks.loader import load, members
from stacks.schema import RegionSpec


def region(stack: str, spec: RegionSpec) -> None:
    made = Region(stack, RegionArgs(spec=spec))
    pulumi.export("endpoint", made.endpoint)
    pulumi.export("apiKey", made.api_key)
    pulumi.export("model", made.model)
    if made.member:
        from components.fleet import member

        pulumi.export(member.OUTPUT, member.export(made.member))


def fleet(stack: str, spec: FleetSpec) -> None:
    from components.fleet import Fleet, FleetArgs

    made = Fleet(stack, FleetArgs(spec=spec, regions=members(spec)))
    pulumi.export("endpoint", made.endpoint)
    pulumi.export("racks", made.racks)


stack, spec = pulumi.get_stack(), load(pulumi.get_stack(), pulumi.Config())
fleet(stack, spec) if isinstance(spec, FleetSpec) else region(stack, spec)
