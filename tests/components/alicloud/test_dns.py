"""The record of a region's host."""

import pulumi
import pytest

from components.alicloud.dns import Dns, usable
from components.cloud_args import DnsArgs
from tests.components.alicloud import cloud
from tests.harness.mocks import Recorder

DOMAINS = {
    "alicloud:dns/getAlidnsDomains:getAlidnsDomains": {"domains": [{"domainName": "example.com", "domainId": "d1"}]}
}


def made(existing: str | None, *, preview: bool = False) -> Recorder:
    def build(opts: pulumi.ResourceOptions) -> dict[str, object]:
        args = DnsArgs(
            zone="example.com", host="here.phones", address="47.1.2.3", ttl=60, tags=cloud.TAGS, existing=existing
        )
        return {"hostname": Dns("here-dns", args, opts).hostname}

    return cloud.run(build, preview=preview, answers=DOMAINS)


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize("existing", [None, "example.com", "d1"])
def test_the_host_has_a_record(existing: str | None, preview: bool) -> None:
    dns = made(existing, preview=preview)
    record = dns.one("AlidnsRecord").inputs
    assert (record["domainName"], record["rr"], record["type"]) == ("example.com", "here.phones", "A")
    assert (record["value"], record["ttl"]) == ("47.1.2.3", 60)
    assert dns.exports["hostname"].value == "here.phones.example.com"
    assert len(dns.all("AlidnsDomain")) == (existing is None)


def test_a_domain_that_is_not_there_is_refused() -> None:
    with pytest.raises(pulumi.RunError, match=r"dns\.existing: d2: the account has no domain example\.com"):
        usable("example.com", "d2", [("example.com", "d1")])
