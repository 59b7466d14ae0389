"""`make up` and `make down` of a stack on a cloud: the official plugin and the user's credentials, no cluster here."""

import socket
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from tools import credentials, machine, plugins, policy_pack, smoke, toolset
from tools.paths import LOG
from tools.process import ToolError
from tools.regions import Region
from tools.stack import Stack
from tools.steps import Clock, Show, Step, run_steps

WAIT = 5.0  # seconds for an endpoint to take a connection


def steps(clouds: Sequence[str]) -> list[Step]:
    """The engine, and the plugins of these clouds."""
    return toolset.pulumi(clouds[0] if len(clouds) == 1 else plugins.FLEET)


def prepare(region: Region, clouds: Sequence[str], clock: Clock) -> Stack:
    """The engine with the official plugins, and the stack's configuration. Raises ToolError."""
    credentials.refuse(region.stack, clouds)
    run_steps(steps(clouds), memory=machine.free_memory(), logs=LOG, clock=clock)
    for cloud in filter(plugins.stands_in, clouds):
        raise ToolError(
            f"stack {region.stack}: the official plugin of {cloud} is not here and could not be had, and its "
            f"stand-in makes nothing; install it: pulumi plugin install resource {cloud} "
            f"{plugins.CLOUDS[cloud].version}"
        )
    stack = Stack(region.stack)
    clock.line(f"stack {stack.name}: {stack.prepare(region.with_overlay({}))}")
    if repaired := stack.repair():
        clock.line(f"stack {stack.name}: {repaired}")
    return stack


def up(region: Region, clouds: Sequence[str], clock: Clock, show: Show, write: Callable[[str], None]) -> dict[str, Any]:
    """The stack's outputs. The rules of policies/ are asked before each resource is made."""
    stack = prepare(region, clouds, clock)
    clock.line(f"pulumi up: stack {stack.name} on {', '.join(clouds)}")
    pack = policy_pack.ensure()
    stack.foreground("up", "--refresh", "--suppress-outputs", "--policy-pack", pack, show=show)
    outputs = stack.outputs()
    if "apiKey" not in outputs:
        return outputs  # a fleet: its regions have had theirs
    if not reachable(str(outputs.get("endpoint", ""))):
        clock.line(f"smoke request: none, as {outputs.get('endpoint')} does not answer from here; ask from its network")
        return outputs
    clock.line(f"smoke request: {smoke.ask(outputs['endpoint'], outputs['apiKey'], outputs['model'], write)}")
    return outputs


def down(region: Region, clouds: Sequence[str], clock: Clock, show: Show) -> None:
    """Destroys what the stack has in its cloud; the rest of this machine stays as it is."""
    stack = Stack(region.stack)
    if not stack.config.exists() or not stack.exists() or not stack.resources():
        clock.line(f"stack {stack.name}: has nothing")
        return
    prepare(region, clouds, clock)
    clock.line(f"pulumi destroy: stack {stack.name} on {', '.join(clouds)}")
    # What opens a cluster lasts hours on Alibaba Cloud, and is no longer in force by now: the program asks for new.
    stack.foreground("destroy", "--run-program", show=show)


def reachable(endpoint: str) -> bool:
    """Whether something takes a connection there: a private endpoint is no business of this machine."""
    parts = urlsplit(endpoint)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    if not parts.hostname or port is None:
        return False
    try:
        socket.create_connection((parts.hostname, port), WAIT).close()
    except OSError:
        return False
    return True
