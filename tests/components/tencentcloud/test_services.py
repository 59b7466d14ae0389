"""Registry, names and the balancer of a region on Tencent Cloud."""

import json
from typing import Any

import pulumi
import pytest
from pulumi.runtime.mocks import MockCallArgs

from components.cloud_args import DnsArgs, RegistryArgs
from components.tencentcloud import balancer
from components.tencentcloud.dns import Dns
from components.tencentcloud.pull_addon import PullAddon, PullAddonArgs
from components.tencentcloud.registry import Registry
from tests.components.tencentcloud import cloud
from tests.harness.mocks import Recorder, is_secret, plain

both = pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])


def registry(preview: bool = False) -> Recorder:
    args = RegistryArgs(network=cloud.network_parts(), tags=cloud.TAGS, key="key-1", region=cloud.REGION)

    def program(opts: pulumi.ResourceOptions) -> dict[str, Any]:
        made = Registry("reg", args, opts)
        PullAddon("pull", PullAddonArgs(cluster="cls-1", namespace="autoglm", puller=made.puller), opts)
        return {"url": made.url, "password": made.puller.password}

    return cloud.run(program, preview=preview)


@both
def test_a_registry_keeps_the_house_rules(preview: bool) -> None:
    done = registry(preview)
    cloud.assert_house_rules(done)
    assert done.exports["password"].secret


def test_the_registry_is_private_and_its_tags_never_change() -> None:
    done = registry()
    assert done.one("Instance").inputs["openPublicOperation"] is False
    namespace = done.one("Namespace").inputs
    assert (namespace["isPublic"], namespace["isAutoScan"]) == (False, True)
    rule = done.one("ImmutableTagRule").inputs["rule"]
    assert (rule["repositoryPattern"], rule["tagPattern"], rule["disabled"]) == ("**", "**", False)
    assert done.one("VpcAttachment").inputs["subnetId"] == "subnet-nodes-1"
    assert done.exports["url"].value == "reg.tencentcloudcr.com/open-autoglm"


def test_nodes_pull_with_an_account_that_can_do_no_more() -> None:
    done = registry()
    (permission,) = done.one("ServiceAccount").inputs["permissions"]
    assert permission["actions"] == ["tcr:PullRepository"]
    values = done.one("Addon").inputs["rawValues"]
    assert is_secret(values)
    (secret,) = json.loads(plain(values))["global"]["imagePullSecretsCrs"]
    assert (secret["namespaces"], secret["dockerPassword"]) == ("autoglm", "registry-password")
    assert secret["dockerServer"] == "reg.tencentcloudcr.com"


def dns(preview: bool = False, **more: Any) -> Recorder:
    args = DnsArgs(
        **{
            "zone": "phone.example.org",
            "host": "tc-singapore",
            "address": "203.0.113.9",
            "ttl": 600,
            "tags": cloud.TAGS,
            **more,
        }
    )

    def world(call: MockCallArgs) -> dict[str, Any]:
        assert call.token.endswith(":getDomainList")
        return {"domainLists": [{"name": "phone.example.org", "domainId": 77}]}

    def program(opts: pulumi.ResourceOptions) -> dict[str, Any]:
        return {"host": Dns("dns", args, opts).hostname}

    return cloud.run(program, preview=preview, calls=world)


@both
def test_a_record_keeps_the_house_rules(preview: bool) -> None:
    done = dns(preview)
    cloud.assert_house_rules(done)
    assert done.exports["host"].value == "tc-singapore.phone.example.org"


def test_a_record_stands_in_its_zone() -> None:
    record = dns().one("Record").inputs
    assert (record["domain"], record["subDomain"], record["recordType"]) == ("phone.example.org", "tc-singapore", "A")
    assert (record["value"], record["ttl"]) == ("203.0.113.9", 600)


@both
@pytest.mark.parametrize("existing", ["phone.example.org", "77"])
def test_an_existing_zone_is_used(preview: bool, existing: str) -> None:
    done = dns(preview, existing=existing)
    assert not done.all("DomainInstance")
    assert done.one("Record").inputs["domain"] == "phone.example.org"


@both
def test_a_zone_that_is_not_there_is_refused(preview: bool) -> None:
    with pytest.raises(pulumi.RunError, match=r"dns\.existing: 78 is no domain of this account with the name phone"):
        dns(preview, existing="78")


def annotations(**more: Any) -> dict[str, Any]:
    return balancer.annotations(
        **{
            "certificate": "sGpXyZ03",
            "internal": False,
            "security_group": "sg-balancer",
            "subnet": "subnet-nodes-1",
            "tags": cloud.TAGS,
            **more,
        }
    )


def test_the_balancer_ends_tls_with_the_certificate_of_a_secret() -> None:
    made = annotations()
    port = json.loads(made["service.cloud.tencent.com/specify-protocol"])
    assert port == {"443": {"protocol": ["TCP_SSL"], "tls": "gateway-certificate"}}
    assert balancer.secrets("sGpXyZ03") == {"gateway-certificate": {"qcloud_cert_id": "sGpXyZ03"}}
    assert "service.cloud.tencent.com/specify-protocol" not in annotations(certificate=None)
    assert balancer.secrets(None) == {}


def test_the_balancer_asks_its_own_security_group_alone() -> None:
    made = annotations()
    assert made["service.cloud.tencent.com/security-groups"] == "sg-balancer"
    assert made["service.cloud.tencent.com/pass-to-target"] == "true"
    assert made["service.cloud.tencent.com/direct-access"] == "true"


def test_an_internal_balancer_lies_in_the_nodes_subnet() -> None:
    subnet = "service.kubernetes.io/qcloud-loadbalancer-internal-subnetid"
    creation = "service.kubernetes.io/service.extensiveParameters"
    inner, outer = annotations(internal=True), annotations()
    assert inner[subnet] == "subnet-nodes-1" and subnet not in outer
    assert "InternetAccessible" in json.loads(outer[creation])
    assert "InternetAccessible" not in json.loads(inner[creation])
    assert {"TagKey": "owner", "TagValue": "serving"} in json.loads(inner[creation])["Tags"]
