"""One stack is one region, or a fleet of them: load its file, build it, export what its users need."""

import atexit
import gc

import pulumi

# What a program makes, it mostly keeps to its end. Looking for waste after each 700 objects, Python's default, took a
# quarter of its processor time and left as much memory in use; taking everything apart at the end took 0.4 s more.
gc.set_threshold(1_000_000)  # before the imports, which make most of the objects
atexit.register(gc.freeze)
# The SDK waits for the engine to take each of these: a tenth of a preview, for lines that only `--debug` shows.
pulumi.log.debug = lambda *_, **__: None

from components import Region, RegionArgs  # noqa: E402
from stacks.fleet import FleetSpec  # noqa: E402
from stacks.loader import load, members  # noqa: E402
from stacks.schema import RegionSpec  # noqa: E402


def region(stack: str, spec: RegionSpec) -> None:
    made = Region(stack, RegionArgs(spec=spec))
    for name, value in made.outputs.items():
        pulumi.export(name, value)
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
