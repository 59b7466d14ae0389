"""Planned resources, as the rules get them."""

from collections.abc import Iterable
from typing import Any

from policies import RULES, Resource, judge
from policies.rules.base import Rule

TAGS = {
    "project": "open-autoglm",
    "stack": "here",
    "environment": "production",
    "owner": "team",
    "cost-center": "c1",
    "managed-by": "pulumi",
}
LABELS = {"app.kubernetes.io/part-of": "open-autoglm"}


def planned(kind: str, name: str = "one", /, *, parent: str = "", **more: Any) -> Resource:
    """`more` with `refs` and `outputs` of Resource; everything else are the resource's properties."""
    refs, outputs, marked = more.pop("refs", None), more.pop("outputs", {}), more.pop("marked", True)
    return Resource(
        urn=f"urn:pulumi:here::open-autoglm::{kind}::{name}",
        type=kind,
        name=name,
        props=more,
        outputs=outputs,
        parent=parent,
        refs=refs,
        marked=marked,
    )


def rule(name: str) -> Rule:
    return next(found for found in RULES if found.id == name)


def said(name: str, resources: Resource | Iterable[Resource]) -> list[str]:
    """What one rule says of a stack of these resources."""
    given = [resources] if isinstance(resources, Resource) else list(resources)
    return [found.text for found in judge(given, [rule(name)]).violations]


def waits(name: str, resource: Resource) -> list[str]:
    """The values that a rule has to wait for."""
    return [found.path for found in judge([resource], [rule(name)]).undecided]


def pod(kind: str = "Deployment", **container: Any) -> Resource:
    api = {"CronJob": "batch/v1", "Job": "batch/v1", "Pod": "core/v1"}.get(kind, "apps/v1")
    spec = {"containers": [{"name": "main", "image": "registry.example/x@sha256:0", **container}]}
    template = {"spec": {"template": {"spec": spec}}}
    shapes = {"Pod": {"spec": spec}, "CronJob": {"spec": {"jobTemplate": template}}}
    return planned(f"kubernetes:{api}:{kind}", metadata={"labels": LABELS}, **shapes.get(kind, template))
