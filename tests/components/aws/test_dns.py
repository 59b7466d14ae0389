import pytest

from components.aws import dns
from components.aws.dns import Dns
from components.cloud_args import DnsArgs
from tests.components.aws import cloud
from tests.harness.mocks import Recorder


def made(preview: bool = False, calls=None, **more: object) -> Recorder:
    def program(opts):
        args = DnsArgs(
            **{
                "zone": "glm.example.com",
                "host": "west",
                "address": "abc.elb.us-west-2.amazonaws.com",
                "ttl": 60,
                "tags": cloud.TAGS,
                **more,
            }
        )
        return {"hostname": Dns("west-dns", args, opts).hostname}

    return cloud.run(program, preview=preview, calls=calls)


@pytest.mark.parametrize("preview", [True, False])
def test_a_region_gets_a_zone_and_a_name(preview: bool) -> None:
    done = made(preview)
    cloud.assert_house_rules(done)
    record = done.one("Record").inputs
    assert (record["name"], record["type"], record["ttl"]) == ("west.glm.example.com", "CNAME", 60)
    assert record["records"] == ["abc.elb.us-west-2.amazonaws.com"]


def test_the_name_is_known_once_the_record_is_there() -> None:
    assert made().exports["hostname"].value == "west.glm.example.com"


def test_an_address_gets_an_address_record() -> None:
    assert made(address="198.51.100.7").one("Record").inputs["type"] == "A"


def answer(args) -> dict[str, object]:
    assert args.token.endswith(":getZone") and args.args["zoneId"] == "Z9"
    return {"name": "glm.example.com.", "zoneId": "Z9"}


@pytest.mark.parametrize("preview", [True, False])
def test_an_existing_zone_is_looked_up_and_gets_the_record_only(preview: bool) -> None:
    done = made(preview, answer, existing="Z9")
    assert [item.type.rpartition(":")[2] for item in cloud.cloud(done)] == ["Record"]
    assert done.one("Record").inputs["zoneId"] == "Z9"


def test_a_zone_of_another_domain_is_refused() -> None:
    message = "dns.existing: Z9 is the zone of glm.example.com, not of other.example.com: name that one's"
    with pytest.raises(ValueError, match=message):
        dns.refuse("Z9", "other.example.com", found="glm.example.com.")
    with pytest.raises(Exception, match=message):
        made(False, answer, existing="Z9", zone="other.example.com")
