"""Repositories in the account's Enterprise instance."""

import pulumi
import pytest

from components.alicloud.registry import Registry, chosen
from components.cloud_args import RegistryArgs
from tests.components.alicloud import cloud
from tests.harness.mocks import Recorder

INSTANCES = "alicloud:cs/getRegistryEnterpriseInstances:getRegistryEnterpriseInstances"


def made(*instances: dict[str, str], preview: bool = False) -> Recorder:
    def build(opts: pulumi.ResourceOptions) -> dict[str, object]:
        args = RegistryArgs(network=cloud.NETWORK, tags=cloud.TAGS, key="key-1", region="cn-hangzhou")
        return {"url": Registry("here-registry", args, opts).url}

    return cloud.run(build, preview=preview, answers={INSTANCES: {"instances": list(instances)}})


@pytest.mark.parametrize("preview", [True, False])
def test_repositories_are_private_and_tags_never_change(preview: bool) -> None:
    registry = made({"id": "cri-1", "name": "phone"}, preview=preview)
    repository = registry.one("RegistryEnterpriseRepo", "here-registry-serving").inputs
    assert (repository["repoType"], repository["tagImmutability"], repository["name"]) == ("PRIVATE", True, "serving")
    assert registry.one("RegistryEnterpriseNamespace").inputs["defaultVisibility"] == "PRIVATE"
    assert {item.inputs["instanceId"] for item in registry.resources if item.custom} == {"cri-1"}
    assert registry.exports["url"].value == "phone-registry-vpc.cn-hangzhou.cr.aliyuncs.com/here-registry"


def test_images_are_scanned_when_they_come_and_pulled_inside_the_vpc() -> None:
    registry = made({"id": "cri-1", "name": "phone"})
    scan = registry.one("ScanRule").inputs
    assert (scan["triggerType"], scan["scanScope"], scan["namespaces"]) == ("AUTO", "NAMESPACE", ["here-registry"])
    assert registry.one("VpcEndpointLinkedVpc").inputs["vpcId"] == "vpc-1"


def test_nothing_is_bought() -> None:
    with pytest.raises(pulumi.RunError) as refused:
        made(preview=True)
    assert str(refused.value).startswith("registry: true: cn-hangzhou has no ACR Enterprise instance in this account")


def test_of_several_instances_the_one_with_our_name_is_taken() -> None:
    assert chosen("here", {"cri-1": "data", "cri-2": "open-autoglm"}) == ("cri-2", "open-autoglm")
    with pytest.raises(pulumi.RunError, match="2 ACR Enterprise instances, none called open-autoglm"):
        chosen("here", {"cri-1": "data", "cri-2": "web"})
