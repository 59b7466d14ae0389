"""Hosts in zones, whatever the cloud."""

import pytest

from components.hostnames import in_zone, record_type


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("west", ("west", "west.example.com")),
        ("west.example.com", ("west", "west.example.com")),
        ("a.b", ("a.b", "a.b.example.com")),
        ("example.com", ("@", "example.com")),
    ],
)
def test_a_host_is_given_with_its_zone_or_without(host: str, found: tuple[str, str]) -> None:
    assert in_zone("example.com", host) == found


@pytest.mark.parametrize(
    ("address", "kind"), [("203.0.113.9", "A"), ("2001:db8::1", "AAAA"), ("lb-1.clb.tencentclb.com", "CNAME")]
)
def test_a_record_is_of_what_it_leads_to(address: str, kind: str) -> None:
    assert record_type(address) == kind
