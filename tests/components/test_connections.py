"""From declared connections to NetworkPolicies."""

import pytest

from components.connections import Connection, Outside, Pods, Port, policies, to_dns, workload

A, B = workload("gateway", "a"), workload("serving", "b")


def connection(source: Pods | None, target: Pods | Outside, *numbers: int) -> Connection:
    return Connection(
        description="for a test", source=source, target=target, ports=tuple(Port(number=number) for number in numbers)
    )


def labels(instance: str, name: str) -> dict[str, object]:
    return {"match_labels": {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": instance}}


def test_a_connection_is_the_egress_of_one_and_the_ingress_of_the_other() -> None:
    made = policies([connection(A, B, 8000)])
    ports = [{"port": 8000, "protocol": "TCP"}]
    assert made["a-to-b-egress"]["spec"] == {
        "pod_selector": labels("a", "gateway"),
        "policy_types": ["Egress"],
        "egress": [{"to": [{"pod_selector": labels("b", "serving")}], "ports": ports}],
    }
    assert made["a-to-b-ingress"]["spec"] == {
        "pod_selector": labels("b", "serving"),
        "policy_types": ["Ingress"],
        "ingress": [{"from_": [{"pod_selector": labels("a", "gateway")}], "ports": ports}],
    }
    assert set(made) == {"a-to-b-egress", "a-to-b-ingress"}


def test_outside_has_no_egress_and_is_anyone() -> None:
    made = policies([connection(None, A, 8080)])
    assert set(made) == {"outside-to-a-ingress"}
    assert made["outside-to-a-ingress"]["spec"]["ingress"] == [{"ports": [{"port": 8080, "protocol": "TCP"}]}]


def test_dns_is_reached_before_and_after_dnat_and_only_there() -> None:
    made = policies([to_dns(A)])
    assert set(made) == {"a-to-dns-egress"}, "no policy is made in another namespace"
    (rule,) = made["a-to-dns-egress"]["spec"]["egress"]
    assert {(port["port"], port["protocol"]) for port in rule["ports"]} == {
        (53, "UDP"), (53, "TCP"), (1053, "UDP"), (1053, "TCP"),
    }  # fmt: skip
    assert rule["to"] == [
        {
            "pod_selector": {"match_labels": {"k8s-app": "kube-dns"}},
            "namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "kube-system"}},
        }
    ]


def test_what_is_no_pod_is_reached_by_address_and_has_no_ingress() -> None:
    issuer = Outside(name="issuer", cidrs=("0.0.0.0/0", "2001:db8::/32"), apart=("10.0.0.0/8", "169.254.0.0/16"))
    made = policies([connection(A, issuer, 443)])
    assert set(made) == {"a-to-issuer-egress"}
    (rule,) = made["a-to-issuer-egress"]["spec"]["egress"]
    assert rule["to"] == [
        {"ip_block": {"cidr": "0.0.0.0/0", "except_": ["10.0.0.0/8", "169.254.0.0/16"]}},
        {"ip_block": {"cidr": "2001:db8::/32"}},
    ]


def test_a_connection_without_ports_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Connection\.ports: none given, which would mean every port \(for a test\)"):
        connection(A, B)


def test_the_same_pair_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="two connections a-to-b-egress: declare one with the ports of both"):
        policies([connection(A, B, 1), connection(A, B, 2)])
