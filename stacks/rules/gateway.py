"""Who the gateway lets in, and where its TLS ends."""

from collections.abc import Iterator

from components import hostnames
from stacks.problems import Path, Problem
from stacks.schema import LoadBalancer, RegionSpec

_LIMITS: Path = ("gateway", "limits")
_TLS: Path = ("gateway", "tls")


def shared_limits_have_what_counts(region: RegionSpec) -> Iterator[Problem]:
    limits = region.gateway.limits
    if limits.shared is None:
        return
    if not (limits.per_address or limits.per_client):
        reason = "there is no limit to share: give perAddress or perClient, or leave it out"
        yield Problem(path=(*_LIMITS, "shared"), reason=reason)
    for image in ("ratelimit", "redis"):
        if getattr(region.images, image) is None:
            reason = "it is missing, but gateway.limits.shared counts with it: name its image"
            yield Problem(path=("images", image), reason=reason)


def nobody_denies_everybody(region: RegionSpec) -> Iterator[Problem]:
    for index, block in enumerate(region.gateway.denied.addresses):
        if block.prefixlen == 0:
            reason = "it is everybody: name narrower ranges"
            yield Problem(path=("gateway", "denied", "addresses", index), value=str(block), reason=reason)


def keys_are_numbered_once(region: RegionSpec) -> Iterator[Problem]:
    for name, client in region.gateway.clients.items():
        for number in sorted({each for each in client.keys if client.keys.count(each) > 1}):
            reason = "it stands there twice: each number once is a key"
            yield Problem(path=("gateway", "clients", name, "keys"), value=str(number), reason=reason)


def clients_are_who_they_seem(region: RegionSpec, stack: str) -> Iterator[Problem]:
    """`stack`: whose name that of the region's own key is."""
    clients = region.gateway.clients
    if stack in clients:
        reason = "the region's own key has this name, which is the stack's: choose another"
        yield Problem(path=("gateway", "clients", stack), reason=reason)
    for index, name in enumerate(region.gateway.denied.clients):
        if name not in {stack, *clients}:
            reason = f"no key has this name, so nobody would be refused: use {' or '.join(sorted({stack, *clients}))}"
            yield Problem(path=("gateway", "denied", "clients", index), value=name, reason=reason)


def one_way_chooses_servers(region: RegionSpec) -> Iterator[Problem]:
    balancing, affinity = region.gateway.balancing, region.gateway.affinity
    if balancing != "leastRequests" and affinity != "none":
        reason = f"gateway.affinity = {affinity} chooses the server: leave one of the two out"
        yield Problem(path=("gateway", "balancing"), value=balancing, reason=reason)


def addresses_are_the_clients(region: RegionSpec) -> Iterator[Problem]:
    """By a node's port Kubernetes passes connections on with the node's own address."""
    if region.gateway.exposure.type != "NodePort":
        return
    asked = (
        ((*_LIMITS, "perAddress"), region.gateway.limits.per_address, "limits.perClient"),
        (("gateway", "denied", "addresses"), region.gateway.denied.addresses, "denied.clients or denied.subjects"),
    )
    for path, given, instead in asked:
        if given:
            reason = f"all clients of a NodePort have their node's address: use {instead}, or another exposure"
            yield Problem(path=path, reason=reason)


def tls_ends_once(region: RegionSpec) -> Iterator[Problem]:
    exposure = region.gateway.exposure
    if region.gateway.tls and isinstance(exposure, LoadBalancer) and exposure.certificate:
        reason = "gateway.exposure.certificate already ends TLS at the balancer: keep one of the two"
        yield Problem(path=_TLS, reason=reason)


def certificate_has_a_name(region: RegionSpec) -> Iterator[Problem]:
    tls = region.gateway.tls
    if tls and tls.issuer and not hostnames.of_gateway(region):
        reason = "nobody says what name the certificate is for: set gateway.address, or dns in a cloud"
        yield Problem(path=(*_TLS, "issuer"), value=tls.issuer.name, reason=reason)
