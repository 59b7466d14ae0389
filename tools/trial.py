"""What a stack is configured with before anything is made: the tools' own cluster, under private regions only."""

from typing import Any

from tools import contexts, where
from tools.cluster_choice import Kind, target
from tools.regions import Region
from tools.up import is_ours
from tools.up import overlay as laid


def is_private(region: Region) -> bool:
    """Whether the stack goes into a cluster that a kubeconfig leads to."""
    return not where.clouds(region.stack)


def overlay(region: Region, context: str | None = None) -> dict[str, Any]:
    """For a stack that no `up` has configured. `context`: one of the user's own kubeconfig. Raises ToolError."""
    if not is_private(region):
        return {}
    if context:
        path, name = contexts.find(context)
        return laid(target(Kind.OWN, "", kubeconfig=path, context=name), {})
    return laid(target(Kind.EMBEDDED, ""), {}) if is_ours(region) else {}
