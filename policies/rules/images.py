"""An image is the same tomorrow: exact tags, digests, registries whose tags never change."""

import re
from collections.abc import Iterator, Sequence

from policies.rules.base import Resource, Rule, Severity, by_type, companions, get
from policies.rules.pods import containers

_MOVING = re.compile(r"latest|stable|edge|nightly|main|master|dev|current")
_REGISTRIES = by_type(
    {
        "aws:ecr/repository:Repository": lambda props: _immutable(
            str(get(props, "imageTagMutability")).startswith("IMMUTABLE"), "imageTagMutability to IMMUTABLE"
        ),
        "alicloud:cs/registryEnterpriseRepo:RegistryEnterpriseRepo": lambda props: _immutable(
            get(props, "tagImmutability") is True, "tagImmutability to true"
        ),
        "alicloud:cr/repo:Repo": lambda props: _immutable(
            False, "the repository in an Enterprise instance, with tagImmutability"
        ),
    }
)
_NAMESPACES = {"tencentcloud:Tcr/immutableTagRule:ImmutableTagRule": "namespaceName"}


def parts(reference: str) -> tuple[str, str | None, str | None]:
    """Name, tag and digest of an image."""
    rest, _, digest = reference.partition("@")
    path, slash, last = rest.rpartition("/")
    name, _, tag = last.partition(":")
    return path + slash + name, tag or None, digest or None


def _immutable(kept: bool, fix: str) -> Iterator[str]:
    if not kept:
        yield f"a pushed tag may be pushed again with something else in it: set {fix}"


def _mutable(resource: Resource) -> Iterator[str]:
    yield from _REGISTRIES(resource)
    for container in containers(resource):
        image = get(container, "image")
        if not isinstance(image, str):
            continue
        _, tag, digest = parts(image)
        if digest is None and (tag is None or _MOVING.fullmatch(tag)):
            yield (
                f"container {get(container, 'name')}: {image} changes under the same name: "
                "end it with an exact version, or with @sha256:..."
            )


def _no_digest(resource: Resource) -> Iterator[str]:
    for container in containers(resource):
        image = get(container, "image")
        if isinstance(image, str) and not image.startswith("localhost/") and parts(image)[2] is None:
            yield f"container {get(container, 'name')}: {image} has no digest: who owns the registry may replace it"


def _namespaces(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    for resource in resources:
        if resource.type == "tencentcloud:Tcr/namespace:Namespace" and not companions(resource, _NAMESPACES, resources):
            yield resource, "no ImmutableTagRule for it: a pushed tag may be pushed again; add one for ** and **"


MUTABLE_IMAGES = Rule(
    id="mutable-images",
    description="Images have exact versions, and registries never change a pushed tag.",
    check=_mutable,
    together=_namespaces,
)
IMAGE_DIGESTS = Rule(
    id="image-digests",
    description="Images from registries are named by digest.",
    severity=Severity.ADVISORY,
    check=_no_digest,
)
