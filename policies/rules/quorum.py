"""What decides by majority has an odd number of members: an even one survives no more losses, and may split in half."""

from collections.abc import Iterator

from policies.rules.base import Resource, Rule, get
from policies.rules.images import parts
from policies.rules.pods import containers, kind, replicas

_DECIDERS = {"etcd", "zookeeper", "consul", "vault", "nats", "rqlite"}
_LABELS = ("app.kubernetes.io/name", "app.kubernetes.io/component", "app")


def _decides(resource: Resource) -> bool:
    labels = get(resource.props, "metadata", "labels") or {}
    images = {parts(str(get(one, "image")))[0].rpartition("/")[2] for one in containers(resource)}
    return bool(_DECIDERS & ({str(get(labels, key)) for key in _LABELS} | images))


def _even(resource: Resource) -> Iterator[str]:
    if kind(resource) in ("StatefulSet", "Deployment") and _decides(resource):
        count = replicas(resource)
        if count > 0 and count % 2 == 0:
            yield f"{count} members survive as few losses as {count - 1}: take {count - 1} or {count + 1}"


EVEN_QUORUM = Rule(
    id="even-quorum",
    description="What decides by majority, such as etcd, has an odd number of members.",
    check=_even,
)
