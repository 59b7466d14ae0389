"""The steps that find or build what a command needs, in the order in which they are wanted."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tools import browser, debian, engine, golang, plugins, redis
from tools.steps import Step

NODE = ("etcd", "kubernetes", "node", "coredns", "metrics-server")
GO = Step(name="go", run=golang.ensure_go)


def built(name: str) -> Step:
    """One group of programs from its Go module."""
    run = partial(golang.ensure, name)
    return Step(name=name, run=run, needs=["go"], memory=golang.GROUPS[name].memory, heavy=True)


def pulumi(provider: str = "private") -> list[Step]:
    """The engine, and the plugins of a stack on this provider."""
    return [
        GO,
        Step(name="pulumi", run=engine.ensure, needs=["go"], memory=golang.GROUPS["pulumi"].memory, heavy=True),
        Step(name="plugins", run=partial(plugins.ensure, provider=provider), needs=["pulumi"]),
    ]


def node() -> list[Step]:
    """All that the embedded node runs, but for images."""
    return [Step(name="host tools", run=_host_tools), GO, *map(built, NODE)]


def drill() -> list[Step]:
    """etcd, what judges and loads it, and what watches it."""
    return [GO, *map(built, ("etcd", "drill", "prometheus", "alertmanager"))]


def monitoring() -> list[Step]:
    """What rules, dashboards, routes of alerts and reports are tested with."""
    return [GO, built("prometheus"), built("alertmanager"), Step(name="browser", run=browser.ensure)]


def limits() -> list[Step]:
    """What counts requests for all gateways together."""
    return [GO, built("ratelimit"), Step(name="redis", run=redis.ensure)]


def scaling() -> list[Step]:
    """What the number of servers is tested with: ten minutes of a processor, so only where it is asked for by name."""
    return [GO, built("keda")]


def everything() -> list[Step]:
    """What any command or test may want."""
    return merged(node(), pulumi(), drill(), monitoring(), limits())


def named(names: Sequence[str]) -> list[Step]:
    """The steps that make these programs or groups. Raises ValueError for one that none makes."""
    steps = {step.name: step for step in merged(everything(), scaling())}
    of = {program: name for name, group in golang.GROUPS.items() for program in group.packages}
    of |= {"pulumi-language-python": "pulumi"}
    wanted = {of.get(name, name) for name in names}
    if unknown := sorted(wanted - steps.keys()):
        raise ValueError(
            f"nothing builds {', '.join(unknown)}; there are {', '.join(sorted(steps.keys() | of.keys()))}"
        )
    while more := {need for name in wanted for need in steps[name].needs} - wanted:
        wanted |= more
    return [step for name, step in steps.items() if name in wanted]


def merged(*lists: Sequence[Step]) -> list[Step]:
    """One after the other, each step once."""
    return list({step.name: step for steps in lists for step in steps}.values())


def _host_tools(log: Path) -> str:
    return debian.host_tools(log).name
