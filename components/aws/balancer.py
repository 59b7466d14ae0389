"""What the gateway's Service says to get a load balancer on AWS. Pure.

EKS itself runs the service controller of cloud-provider-aws, and nothing else here needs the AWS Load Balancer
Controller; so the annotations are the former's: a network load balancer, which passes bytes on, ends no stream after a
minute of silence as classic ones do, and shows the gateway its clients' addresses.
https://cloud-provider-aws.sigs.k8s.io/service_controller/
"""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network

import pulumi

_PREFIX = "service.beta.kubernetes.io/aws-load-balancer-"
_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
_TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"  # TLS 1.2 and 1.3


def annotations(
    *,
    internal: bool,
    certificate: str | None,
    subnets: Sequence[pulumi.Input[str]],
    sources: Sequence[IPv4Network],
    tags: Mapping[str, str],
) -> dict[str, pulumi.Input[str]]:
    """`certificate`: ARN of one in ACM or IAM: TLS ends at the balancer, on the Service's port 443. `sources`: ranges
    that the controller opens the gateway's node port for, on the nodes' security group. `subnets`: one a zone."""
    asked: dict[str, pulumi.Input[str]] = {
        "type": "nlb",
        "internal": "true" if internal else "false",
        "subnets": pulumi.Output.all(*subnets).apply(",".join),
        "cross-zone-load-balancing-enabled": "true",  # a zone may have no gateway for a while
        "healthcheck-interval": "10",
        "healthcheck-healthy-threshold": "2",
        "healthcheck-unhealthy-threshold": "2",
        "additional-resource-tags": tag_list(tags),
    }
    if certificate:
        asked |= {
            "ssl-cert": certificate,
            "ssl-ports": "443",
            "ssl-negotiation-policy": _TLS_POLICY,
            "backend-protocol": "tcp",
        }
    return {
        **{f"{_PREFIX}{key}": value for key, value in asked.items()},
        _RANGES: ",".join(str(item) for item in sources),
    }


def tag_list(tags: Mapping[str, str]) -> str:
    """The annotation has no way to quote a comma, which AWS's tags don't have either."""
    return ",".join(f"{key}={value.replace(',', ' ')}" for key, value in tags.items())
