"""Tags that every cloud resource carries, for bills and for whoever finds it in a console."""

from collections.abc import Mapping

from components.naming import PART_OF

REQUIRED = ("project", "stack", "environment", "owner", "cost-center", "managed-by")


def region_tags(*, stack: str, environment: str, owner: str, cost_center: str) -> dict[str, str]:
    return {
        "project": PART_OF,
        "stack": stack,
        "environment": environment,
        "owner": owner,
        "cost-center": cost_center,
        "managed-by": "pulumi",
    }


def tags(common: Mapping[str, str], name: str, **more: str) -> dict[str, str]:
    """A new mapping: the region's tags, the resource's `Name`, and more; `common` stays as it is."""
    return {**common, "Name": name, **more}
