"""The whole SDK before anything else: the stand-ins, each a process of its own, make do with the parts they need."""

import pulumi as pulumi
