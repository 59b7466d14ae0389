"""What can be reached from outside: HTTPS on 443 and nothing else."""

from collections.abc import Iterator

from stacks.cloud import NewCluster
from stacks.problems import Path, Problem
from stacks.schema import CloudRegion, LoadBalancer, PrivateRegion, RegionSpec

_PATH: Path = ("gateway", "exposure")
_WIDEST = 8  # prefix of the largest range that is still somebody's own


def only_443_is_open(region: CloudRegion) -> Iterator[Problem]:
    exposure = region.gateway.exposure
    if exposure.type == "NodePort":
        reason = f"it would open port {exposure.port} of every node, but only 443 may be: use LoadBalancer or ClusterIP"
        yield Problem(path=(*_PATH, "type"), value="NodePort", reason=reason)
    elif exposure.type == "LoadBalancer" and exposure.certificate is None and region.gateway.tls is None:
        reason = (
            "it is missing, so the balancer would serve port 80 in clear text, but only 443 may be open: "
            "set it to the id of a certificate in the cloud, or set gateway.tls"
        )
        yield Problem(path=(*_PATH, "certificate"), reason=reason)


def api_is_not_for_everyone(region: CloudRegion) -> Iterator[Problem]:
    if not isinstance(region.cluster, NewCluster):
        return
    for index, block in enumerate(region.cluster.public_access):
        if block.prefixlen < _WIDEST:
            reason = "it opens the Kubernetes API to the internet: name your own ranges, or none for a private API"
            yield Problem(path=("cluster", "publicAccess", index), value=str(block), reason=reason)


def name_has_a_target(region: CloudRegion) -> Iterator[Problem]:
    kind = region.gateway.exposure.type
    if region.dns and kind != "LoadBalancer":
        reason = f"gateway.exposure is {kind}, so the name would lead nowhere: use LoadBalancer, or leave out dns"
        yield Problem(path=("dns",), reason=reason)


def certificate_has_a_holder(region: RegionSpec) -> Iterator[Problem]:
    exposure = region.gateway.exposure
    if isinstance(region, PrivateRegion) and isinstance(exposure, LoadBalancer) and exposure.certificate:
        reason = "a private region has no cloud that holds certificates, so nothing would end TLS: leave it out"
        yield Problem(path=(*_PATH, "certificate"), value=exposure.certificate, reason=reason)
