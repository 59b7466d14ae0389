"""Roles of workloads."""

import json
from typing import Any

import pulumi
import pytest
from pulumi_kubernetes.core.v1 import ServiceAccount

from components.access import GRANTS, service_account
from components.alicloud.identity import Identity, known
from components.cloud_args import IdentityArgs
from tests.components.alicloud import cloud
from tests.harness.mocks import Recorder


def args_of(existing: dict[str, str]) -> IdentityArgs:
    return IdentityArgs(
        cluster=cloud.cluster_parts(),
        storage=cloud.STORAGE,
        tags=cloud.TAGS,
        namespace="phones",
        region_name="here",
        account=cloud.ACCOUNT,
        region="cn-hangzhou",
        existing=existing,
    )


def made(*, preview: bool = False, answers: dict[str, dict[str, Any]] | None = None, **existing: str) -> Recorder:
    def build(opts: pulumi.ResourceOptions) -> dict[str, object]:
        args = args_of({workload.replace("_", "-"): role for workload, role in existing.items()})
        identities = Identity("here-identity", args, opts).identities
        for identity in identities.values():
            assert identity.pod_labels == {"pod-identity.alibabacloud.com/injection": "on"}
        return {
            name: identity.annotations["pod-identity.alibabacloud.com/role-name"]
            for name, identity in identities.items()
        }

    return cloud.run(build, preview=preview, answers=answers)


@pytest.mark.parametrize("preview", [True, False])
def test_each_workload_has_a_role_that_only_its_service_account_takes(preview: bool) -> None:
    identity = made(preview=preview)
    for workload in GRANTS:
        role = identity.one("Role", f"here-identity-{workload}-role").inputs
        subject = json.loads(role["assumeRolePolicyDocument"])["Statement"][0]["Condition"]["StringEquals"]["oidc:sub"]
        assert subject == [f"system:serviceaccount:phones:{service_account('here', workload)}"]
        assert identity.exports[workload].value == role["roleName"]


def test_a_role_may_do_what_its_grant_says() -> None:
    identity = made()
    for workload, grant in GRANTS.items():
        policy = identity.one("Policy", f"here-identity-{workload}-policy").inputs
        objects = cloud.statements(policy["policyDocument"])[0]
        assert policy["rotateStrategy"].startswith("DeleteOldest")  # or it could be changed five times, and no more
        assert objects["Resource"] == [f"acs:oss:*:{cloud.ACCOUNT}:here-bucket/{grant.prefix}*"]
        assert ("oss:PutObject" in objects["Action"]) is grant.write


def test_a_service_account_is_made_when_its_role_may_do_its_work() -> None:
    def build(opts: pulumi.ResourceOptions) -> dict[str, object]:
        identity = Identity("here-identity", args_of({}), opts).identities["etcd"]
        ServiceAccount("account", metadata={"annotations": dict(identity.annotations)})
        return {}

    assert "here-identity-etcd-allowed" in cloud.run(build).waits_for("account")


def test_a_role_that_exists_is_used_as_it_is() -> None:
    answers = {"alicloud:ram/getRoles:getRoles": {"roles": [{"name": "readers"}]}}
    identity = made(serving=f"acs:ram::{cloud.ACCOUNT}:role/readers", answers=answers)
    assert identity.exports["serving"].value == "readers"
    assert not [item for item in identity.resources if item.custom and "-serving-" in item.name]


def test_a_role_of_another_account_is_refused() -> None:
    with pytest.raises(ValueError, match=r"identity\.existing\.serving: .* is of account 42, not of 1234567890123456"):
        made(serving="acs:ram::42:role/readers")


def test_a_role_that_does_not_exist_is_refused() -> None:
    with pytest.raises(pulumi.RunError) as refused:
        known("etcd", "writers", ["readers"])
    assert str(refused.value).startswith("identity.existing.etcd: writers: the account has no such RAM role")
