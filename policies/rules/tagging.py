"""Whatever can have tags has those that bills and their readers need: components/tags.py names them."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from components.naming import PART_OF
from components.tags import REQUIRED
from policies.rules.base import SECRET, Resource, Rule, get
from policies.rules.pods import kind

# Kubernetes objects carry labels instead; these kinds are made by the cluster or have nothing of ours but a patch
_UNLABELLED = {"Node", "NodePatch", "ConfigMapList", "ServiceAccountPatch"}
_LABELS = {"app.kubernetes.io/part-of": PART_OF}


@cache
def taggable() -> frozenset[str]:
    """Types of the three clouds' SDKs whose `tags` are a map (taggable.txt, which policies/taggable.py writes)."""
    return frozenset(resources.files("policies").joinpath("taggable.txt").read_text().split())


def _missing(resource: Resource) -> Iterator[str]:
    if resource.type in taggable():
        tags = get(resource.props, "tags")
        if tags is not SECRET:
            yield from _lacks(tags if isinstance(tags, Mapping) else {})
    elif special := _SPECIAL.get(resource.type):
        yield from _lacks(special(resource.props))


def _lacks(tags: Mapping[str, Any]) -> Iterator[str]:
    if lacking := [key for key in REQUIRED if not tags.get(key)]:
        yield f"tags lack {', '.join(lacking)}: take them from components.tags.tags(common, name)"


def _native_pool(props: Mapping[str, Any]) -> dict[str, Any]:
    """TKE's native pools list them by the type of what is tagged."""
    groups = get(props, "tags") or []
    return {get(tag, "key"): get(tag, "value") for group in groups for tag in get(group, "tags") or []}


def _scaling_group(props: Mapping[str, Any]) -> dict[str, Any]:
    return {get(tag, "key"): get(tag, "value") for tag in get(props, "tags") or []}


_SPECIAL = {
    "tencentcloud:Kubernetes/nativeNodePool:NativeNodePool": _native_pool,
    "aws:autoscaling/group:Group": _scaling_group,
}


def _unlabelled(resource: Resource) -> Iterator[str]:
    found = kind(resource)
    if found is None or found in _UNLABELLED or found.endswith("List") or resource.type.endswith("Patch"):
        return
    labels = get(resource.props, "metadata", "labels") or {}
    if lacking := [key for key, value in _LABELS.items() if get(labels, key) != value]:
        yield f"metadata.labels lack {', '.join(lacking)}: take them from components.naming.labels(...)"


def _check(resource: Resource) -> Iterator[str]:
    yield from _missing(resource)
    yield from _unlabelled(resource)


MISSING_TAGS = Rule(
    id="missing-tags",
    description="Cloud resources carry the project's tags, and Kubernetes objects its labels.",
    check=_check,
)
