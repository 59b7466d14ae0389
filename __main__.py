"""One stack is one region, or a fleet of them: load its file, build it, export what its users need."""

import gc

import pulumi

# What a program makes, it mostly keeps to its end: looking for waste after each 700 objects, Python's default, took a
# quarter of its processor time and left as much memory in use. Before the imports, which make most of the objects.
gc.set_threshold(100_000)
# The SDK tells the engine each of its steps in a call that it waits for: a tenth of a preview, for lines that only
# `--debug` shows. The engine's and the providers' own lines stay.
pulumi.log.debug = lambda *_, **__: None

from components import Region, RegionArgs  # noqa: E402
from stacks.fleet import FleetSpec  # noqa: E402
from stacks.loader import load, members  # noqa: E402
from stacks.schema import RegionSpec  # noqa: E402


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
