"""`make status`: the machine, the tools, the cluster's processes, the stack."""

from pathlib import Path

from tools import cluster, golang, machine, plugins, preflight
from tools.cluster.settings import ClusterSettings
from tools.cluster.state import table
from tools.cluster_choice import Kind, kind_of
from tools.paths import BIN
from tools.process import ToolError
from tools.stack import Stack
from tools.steps import Show
from tools.where import clouds


def show_all(stack: Stack, show: Show) -> bool:
    """Whether the cluster that the stack is on is well."""
    for line in preflight.report(machine.collect(preflight.PORTS)):
        show(line)
    for name in golang.GROUPS:
        show(f"built     {name}: {built(name)}")
    for name in plugins.PLUGINS:
        show(f"plugin    {name}: {'stand-in' if plugins.stands_in(name) else 'official, where it is installed'}")
    ready = (BIN / "pulumi").exists()
    where = stack.cluster() if ready else None
    healthy = True
    if on := clouds(stack.name):
        show(f"cluster   in {', '.join(on)}; its own console says how it is")
    elif where is None or kind_of(where[0]) is Kind.EMBEDDED:
        status = cluster.status(ClusterSettings.load())
        healthy = status.healthy
        show(table(status))
    else:
        show(f"cluster   {kind_of(where[0]).value}: {where[0]}, context {where[1] or '(current)'}")
    show(f"stack     {stack.name}: {_stack(stack) if ready else 'not made yet; `make up` makes it'}")
    return healthy


def built(name: str) -> str:
    """What the links of a group's programs lead to."""
    link = BIN / next(iter(golang.GROUPS[name].packages))
    return Path(link.readlink()).parent.name if link.is_symlink() and link.exists() else "not there; `make tools`"


def _stack(stack: Stack) -> str:
    try:
        if not stack.exists():
            return "not made yet; `make up` makes it"
        resources = stack.resources()
        if not resources:
            return "empty; `make up` fills it"
        outputs = stack.outputs()
    except ToolError as error:
        return str(error)
    shown = ", ".join(f"{name} {outputs[name]}" for name in ("endpoint", "model") if name in outputs)
    return f"{len(resources)} resources, {shown}, in {stack.backend}"
