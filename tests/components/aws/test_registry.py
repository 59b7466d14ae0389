import json

import pytest

from components.aws.registry import Registry
from components.cloud_args import RegistryArgs
from tests.components.aws import cloud
from tests.harness.mocks import Recorder


def made(preview: bool = False) -> Recorder:
    def program(opts):
        args = RegistryArgs(
            network=cloud.network_parts(),
            tags=cloud.TAGS,
            key=cloud.KEY,
            region=cloud.REGION,
            repositories=("serving", "tools"),
        )
        return {"url": Registry("aws-us-west-2-registry", args, opts).url}

    return cloud.run(program, preview=preview)


@pytest.mark.parametrize("preview", [True, False])
def test_a_registry_keeps_the_house_rules(preview: bool) -> None:
    done = made(preview)
    cloud.assert_house_rules(done)
    assert len(done.all("Repository")) == 2


def test_a_tag_never_changes_and_is_scanned_and_encrypted() -> None:
    repository = made().one("Repository", "aws-us-west-2-registry-serving").inputs
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    assert repository["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": cloud.KEY}]
    assert repository["forceDelete"] is False


def test_images_are_below_the_url() -> None:
    done = made()
    assert done.exports["url"].value == "123456789012.dkr.ecr.us-west-2.amazonaws.com/aws-us-west-2-registry"
    assert done.one("Repository", "aws-us-west-2-registry-tools").inputs["name"] == "aws-us-west-2-registry/tools"


def test_only_images_without_a_tag_expire() -> None:
    rules = json.loads(made().one("LifecyclePolicy", "aws-us-west-2-registry-tools-untagged").inputs["policy"])["rules"]
    assert [rule["selection"]["tagStatus"] for rule in rules] == ["untagged"]
