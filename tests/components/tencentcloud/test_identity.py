"""Who may touch what in a region on Tencent Cloud."""

import json
from typing import Any

import pulumi
import pytest
from pulumi.runtime.mocks import MockCallArgs

from components.access import GRANTS
from components.cloud_args import IdentityArgs
from components.tencentcloud import policies
from components.tencentcloud.identity import Identity
from tests.components.tencentcloud import cloud
from tests.harness.mocks import Recorder

both = pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
BUCKET = f"qcs::cos:{cloud.REGION}:uid/{cloud.APP_ID}:region-{cloud.APP_ID}"
KEY = f"qcs::kms:{cloud.REGION}:uin/{cloud.ACCOUNT}:key/creatorUin/*/key-1"


def identity_args(**more: Any) -> IdentityArgs:
    return IdentityArgs(
        **{
            "cluster": cloud.cluster_parts(),
            "storage": cloud.storage_parts(),
            "tags": cloud.TAGS,
            "namespace": "autoglm",
            "region_name": cloud.STACK,
            "account": cloud.ACCOUNT,
            "region": cloud.REGION,
            "app_id": cloud.APP_ID,
            **more,
        }
    )


def world(call: MockCallArgs) -> dict[str, Any]:
    assert call.token.endswith(":getRoleDetail")
    return {"roleInfos": [{"roleName": "readers"}] if call.args["roleName"] == "readers" else []}


def make(preview: bool = False, **more: Any) -> Recorder:
    def program(opts: pulumi.ResourceOptions) -> dict[str, Any]:
        made = Identity("id", identity_args(**more), opts).identities
        return {workload: dict(identity.annotations) for workload, identity in made.items()}

    return cloud.run(program, preview=preview, calls=world)


@both
def test_identities_keep_the_house_rules(preview: bool) -> None:
    cloud.assert_house_rules(make(preview))


def test_a_role_is_for_one_service_account_of_one_cluster() -> None:
    done = make()
    for workload in GRANTS:
        (statement,) = json.loads(done.one("Role", f"id-{workload}-role").inputs["document"])["statement"]
        assert statement["action"] == ["name/sts:AssumeRoleWithWebIdentity"]
        assert statement["principal"] == {"federated": [f"qcs::cam::uin/{cloud.ACCOUNT}:oidc-provider/cls-1"]}
        assert statement["condition"] == {
            "string_equal": {
                "oidc:iss": [cloud.ISSUER],
                "oidc:aud": ["sts.cloud.tencent.com"],
                "oidc:sub": [f"system:serviceaccount:autoglm:{cloud.STACK}-{workload}"],
            }
        }


@pytest.mark.parametrize("workload", GRANTS)
def test_rights_are_those_of_the_table_and_no_more(workload: str) -> None:
    objects, key = json.loads(make().one("Policy", f"id-{workload}-policy").inputs["document"])["statement"]
    grant = GRANTS[workload]
    assert objects["resource"] == [f"{BUCKET}/{grant.prefix}*"]
    assert key["resource"] == [KEY]
    actions = {*objects["action"], *key["action"]}
    assert not [action for action in actions if "*" in action]
    assert {"name/cos:PutObject" in actions, "name/kms:GenerateDataKey" in actions} == {grant.write}
    assert {"name/cos:GetObject", "name/kms:Decrypt"} <= actions


def test_service_accounts_carry_their_role() -> None:
    done = make()
    assert done.exports["etcd"].value == {
        "tke.cloud.tencent.com/role-arn": f"qcs::cam::uin/{cloud.ACCOUNT}:roleName/id-etcd",
        "tke.cloud.tencent.com/audience": "sts.cloud.tencent.com",
        "tke.cloud.tencent.com/token-expiration": "3600",
    }
    assert done.one("RolePolicyAttachment", "id-etcd-rights").inputs == {
        "roleId": "id-etcd-role-id",
        "policyId": "id-etcd-policy-id",
    }


@both
@pytest.mark.parametrize("asked", ["readers", f"qcs::cam::uin/{cloud.ACCOUNT}:roleName/readers"])
def test_an_existing_role_is_left_as_it_is(preview: bool, asked: str) -> None:
    done = make(preview, existing={"serving": asked})
    assert not [item for item in cloud.cloud(done) if "serving" in item.name]
    arn = done.exports["serving"].value["tke.cloud.tencent.com/role-arn"]
    assert arn == policies.role_arn(cloud.ACCOUNT, "readers")


@both
@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("nobody", r"identity\.existing\.serving: nobody is not in this account"),
        ("qcs::cam::uin/9:roleName/readers", "is not of the region's account 100000000001"),
    ],
)
def test_a_role_that_does_not_fit_is_refused(preview: bool, asked: str, message: str) -> None:
    with pytest.raises(pulumi.RunError, match=message):
        make(preview, existing={"serving": asked})
