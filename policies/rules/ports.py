"""Nothing but TCP 443 is open to the world."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from policies.rules.base import Rule, by_type, each, get

HTTPS = (443, 443)
_ALL = (0, 65535)
_FIX = "only TCP 443 may be open to the world; name the clients' ranges, or a security group"
_WIDE = 8  # a prefix of public addresses this short is as good as the world

# Annotation of a Service -> its value (None: any) that keeps the load balancer inside the network
_INTERNAL = {
    "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
    "service.beta.kubernetes.io/aws-load-balancer-internal": "true",
    "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type": "intranet",
    "service.kubernetes.io/qcloud-loadbalancer-internal-subnetid": None,
}


def is_world(cidr: object) -> bool:
    """Whether a range lets everyone in. Text that is no range lets in nobody that we know of."""
    if not isinstance(cidr, str):
        return False
    try:
        network = ip_network(cidr, strict=False)
    except ValueError:
        return False
    return network.prefixlen == 0 or (network.prefixlen <= _WIDE and not network.is_private)


def _open(protocol: object, ports: tuple[int, int], cidrs: list[object]) -> Iterator[str]:
    world = [cidr for cidr in cidrs if is_world(cidr)]
    named = str(protocol or "all").lower()
    if world and not (named in ("tcp", "6") and ports == HTTPS):
        shown = str(ports[0]) if ports[0] == ports[1] else f"{ports[0]}-{ports[1]}"
        yield f"it opens {named if named != '-1' else 'all'} {shown} to {world[0]}: {_FIX}"


def _ports(first: object, last: object) -> tuple[int, int]:
    """AWS: none, or -1, is all of them."""
    if not isinstance(first, (int, float)) or first < 0 or not isinstance(last, (int, float)):
        return _ALL
    return int(first), int(last)


def _aws_ingress(props: Mapping[str, Any]) -> Iterator[str]:
    cidrs = [get(props, "cidrIpv4"), get(props, "cidrIpv6")]
    yield from _open(get(props, "ipProtocol"), _ports(get(props, "fromPort"), get(props, "toPort")), cidrs)


def _aws_rule(props: Mapping[str, Any]) -> Iterator[str]:
    cidrs = each(props, "cidrBlocks") + each(props, "ipv6CidrBlocks")
    yield from _open(get(props, "protocol"), _ports(get(props, "fromPort"), get(props, "toPort")), cidrs)


def _aws_old_rule(props: Mapping[str, Any]) -> Iterator[str]:
    if get(props, "type") == "ingress":
        yield from _aws_rule(props)


def _aws_group(props: Mapping[str, Any]) -> Iterator[str]:
    for rule in each(props, "ingress"):
        yield from _aws_rule(rule)


def _alicloud_rule(props: Mapping[str, Any]) -> Iterator[str]:
    if get(props, "type") != "ingress" or get(props, "policy") == "drop":
        return
    first, _, last = str(get(props, "portRange") or "-1/-1").partition("/")
    ports = _ALL if first == "-1" else (int(first), int(last or first))
    yield from _open(get(props, "ipProtocol"), ports, [get(props, "cidrIp"), get(props, "ipv6CidrIp")])


def _tencent_ports(text: object) -> list[tuple[int, int]]:
    """`443`, `80,443`, `8000-9000` or `ALL`."""
    if not isinstance(text, str) or not text or text.upper() == "ALL":
        return [_ALL]
    bounds = [part.partition("-") for part in text.split(",")]
    return [(int(first), int(last or first)) for first, _, last in bounds]


def _tencent_set(props: Mapping[str, Any]) -> Iterator[str]:
    for rule in each(props, "ingresses"):
        if get(rule, "action") == "ACCEPT":
            for ports in _tencent_ports(get(rule, "port")):
                yield from _open(get(rule, "protocol"), ports, [get(rule, "cidrBlock"), get(rule, "ipv6CidrBlock")])


def _tencent_lite(props: Mapping[str, Any]) -> Iterator[str]:
    """`ACCEPT#<range>#<ports>#<protocol>`."""
    for rule in each(props, "ingresses"):
        action, cidr, port, protocol = (*str(rule).split("#"), "", "", "")[:4]
        for ports in _tencent_ports(port) if action == "ACCEPT" else ():
            yield from _open(protocol, ports, [cidr])


def _tencent_rule(props: Mapping[str, Any]) -> Iterator[str]:
    if get(props, "type") == "ingress" and str(get(props, "policy")).lower() == "accept":
        for ports in _tencent_ports(get(props, "portRange")):
            yield from _open(get(props, "ipProtocol"), ports, [get(props, "cidrIp")])


def _service(props: Mapping[str, Any]) -> Iterator[str]:
    if get(props, "spec", "type") != "LoadBalancer" or _internal(get(props, "metadata", "annotations") or {}):
        return
    ranges = each(props, "spec", "loadBalancerSourceRanges") or ["0.0.0.0/0"]
    for port in each(props, "spec", "ports"):
        number = int(get(port, "port") or 0)
        yield from _open(get(port, "protocol") or "TCP", (number, number), ranges)


def _internal(annotations: Mapping[str, Any]) -> bool:
    return any(key in annotations and value in (None, annotations[key]) for key, value in _INTERNAL.items())


PUBLIC_PORTS = Rule(
    id="public-ports",
    description="Nothing but TCP 443 is open to the world, in a security group or on a load balancer.",
    check=by_type(
        {
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _aws_ingress,
            "aws:ec2/securityGroupRule:SecurityGroupRule": _aws_old_rule,
            "aws:ec2/securityGroup:SecurityGroup": _aws_group,
            "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": _aws_group,
            "alicloud:ecs/securityGroupRule:SecurityGroupRule": _alicloud_rule,
            "tencentcloud:Security/groupRuleSet:GroupRuleSet": _tencent_set,
            "tencentcloud:Security/groupLiteRule:GroupLiteRule": _tencent_lite,
            "tencentcloud:Security/groupRule:GroupRule": _tencent_rule,
            "kubernetes:core/v1:Service": _service,
        }
    ),
)
