"""How a LoadBalancer Service asks TKE for a CLB: annotations of its cloud controller. Pure.

https://www.tencentcloud.com/document/product/457/39142 (annotations) and /39141 (protocols)
"""

import json
from collections.abc import Mapping

import pulumi

CERTIFICATE_SECRET = "gateway-certificate"  # noqa: S105  a name
_CERTIFICATE_KEY = "qcloud_cert_id"
_MBPS = 100
_PREFIX = "service.cloud.tencent.com/"


def annotations(
    *,
    certificate: str | None,
    internal: bool,
    security_group: pulumi.Input[str],
    subnet: pulumi.Input[str],
    tags: Mapping[str, str],
) -> dict[str, pulumi.Input[str]]:
    """`certificate`: id of one in the account's SSL store; with it TLS ends at the balancer, on 443.

    `subnet`: where an internal one lies. Backends are pods, by their own interfaces. The balancer's security group
    decides who may come; the nodes' is not asked again. Parameters of creation can't be changed later.
    """
    made: dict[str, pulumi.Input[str]] = {
        f"{_PREFIX}direct-access": "true",
        f"{_PREFIX}pass-to-target": "true",
        f"{_PREFIX}enable-grace-shutdown": "true",  # a pod that ends gets no new connections and keeps the old
        f"{_PREFIX}security-groups": security_group,
        "service.kubernetes.io/service.extensiveParameters": json.dumps(_creation(internal, tags)),
    }
    if internal:
        made["service.kubernetes.io/qcloud-loadbalancer-internal-subnetid"] = subnet
    if certificate:
        tls = {"443": {"protocol": ["TCP_SSL"], "tls": CERTIFICATE_SECRET}}
        made[f"{_PREFIX}specify-protocol"] = json.dumps(tls)
    return made


def secrets(certificate: str | None) -> dict[str, dict[str, str]]:
    """The Secrets that the annotations name: TKE takes a certificate's id from one beside the Service."""
    return {CERTIFICATE_SECRET: {_CERTIFICATE_KEY: certificate}} if certificate else {}


def _creation(internal: bool, tags: Mapping[str, str]) -> dict[str, object]:
    """Parameters of CLB's CreateLoadBalancer."""
    tagged: dict[str, object] = {"Tags": [{"TagKey": key, "TagValue": value} for key, value in tags.items()]}
    if internal:
        return tagged
    speed = {"InternetChargeType": "TRAFFIC_POSTPAID_BY_HOUR", "InternetMaxBandwidthOut": _MBPS}
    return {**tagged, "InternetAccessible": speed}
