"""One stack is one region: load its file, build it, export what its users need."""

import pulumi

from components import Region, RegionArgs
from stacks.loader import load

stack = pulumi.get_stack()
region = Region(stack, RegionArgs(spec=load(stack, pulumi.Config())))

pulumi.export("endpoint", region.endpoint)
pulumi.export("apiKey", region.api_key)
pulumi.export("model", region.model)
