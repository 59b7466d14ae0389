"""What the gateway's Service asks of ACK."""

from collections.abc import Sequence
from ipaddress import IPv4Network

import pulumi
import pytest

from components.alicloud.balancer import annotations

PREFIX = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-"
OFFICE = IPv4Network("203.0.113.0/24")
EVERYONE = IPv4Network("0.0.0.0/0")


def asked(
    *,
    certificate: str | None = "123-cn-hangzhou",
    passes_tls: bool = False,
    internal: bool = False,
    clients: Sequence[IPv4Network] = (OFFICE,),
) -> dict[str, pulumi.Input[str]]:
    made = annotations(
        certificate=certificate,
        passes_tls=passes_tls,
        internal=internal,
        clients=clients,
        acl="acl-1",
        subnet="vsw-n0",
        tags={"owner": "team", "stack": "here"},
    )
    return {key.removeprefix(PREFIX): value for key, value in made.items()}


def test_tls_ends_at_the_balancer() -> None:
    made = asked()
    assert (made["protocol-port"], made["cert-id"]) == ("https:443", "123-cn-hangzhou")
    assert made["tls-cipher-policy"] == "tls_cipher_policy_1_2"
    assert asked(certificate=None)["protocol-port"] == "http:80"
    assert "cert-id" not in asked(certificate=None)


def test_tls_may_end_behind_it() -> None:
    made = asked(certificate=None, passes_tls=True)
    assert made["protocol-port"] == "tcp:443"
    assert not {"idle-timeout", "request-timeout"} & made.keys(), "these are HTTP's"


def test_only_clients_come_unless_everyone_may() -> None:
    made = asked()
    assert (made["acl-status"], made["acl-type"], made["acl-id"]) == ("on", "white", "acl-1")
    assert "acl-status" not in asked(clients=(OFFICE, EVERYONE))


def test_nobody_is_refused_for_it_would_be_everyone() -> None:
    with pytest.raises(
        ValueError, match=r"gateway\.exposure\.clients: empty: a balancer without a list lets everyone in"
    ):
        asked(clients=())


def test_an_internal_one_lies_in_the_vpc() -> None:
    made = asked(internal=True)
    assert (made["address-type"], made["vswitch-id"]) == ("intranet", "vsw-n0")
    assert asked()["address-type"] == "internet"
    assert "vswitch-id" not in asked()


def test_pods_are_checked_on_their_own_port() -> None:
    made = asked()
    assert made["service.beta.kubernetes.io/backend-type"] == "eni"
    assert (made["health-check-uri"], made["health-check-connect-port"]) == ("/ready", "8081")


def test_the_balancer_carries_the_regions_tags() -> None:
    assert asked()["additional-resource-tags"] == "owner=team,stack=here"
