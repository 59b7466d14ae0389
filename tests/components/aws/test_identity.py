import json

import pytest

from components.access import GRANTS
from components.aws import identity
from components.aws.identity import Identity
from components.cloud_args import IdentityArgs
from components.types import StorageParts
from tests.components.aws import cloud
from tests.harness.mocks import Recorder

BUCKET = "arn:aws:s3:::bucket"
ROLE = f"arn:aws:iam::{cloud.ACCOUNT}:role/team/reader"


def made(preview: bool = False, region: str = cloud.REGION, calls=None, **more: object) -> Recorder:
    def program(opts):
        args = IdentityArgs(
            **{
                "cluster": cloud.cluster_parts(),
                "storage": StorageParts(bucket="bucket", bucket_id=BUCKET, key=cloud.KEY, files=None),
                "tags": cloud.TAGS,
                "namespace": "autoglm",
                "region_name": "aws-us-west-2",
                "account": cloud.ACCOUNT,
                "region": region,
                **more,
            }
        )
        found = Identity("id", args, opts).identities
        return {workload: dict(item.annotations) for workload, item in found.items()}

    return cloud.run(program, preview=preview, calls=calls, region=region)


@pytest.mark.parametrize("preview", [True, False])
def test_each_workload_has_a_role_of_its_own(preview: bool) -> None:
    done = made(preview)
    cloud.assert_house_rules(done)
    assert len(done.all("Role")) == len(done.all("PodIdentityAssociation")) == len(GRANTS)
    assert done.exports["etcd"].value == {}


def test_a_role_is_for_one_service_account_of_one_namespace_of_one_cluster() -> None:
    done = made()
    pods = done.one("PodIdentityAssociation", "id-etcd-pods").inputs
    assert (pods["namespace"], pods["serviceAccount"]) == ("autoglm", "aws-us-west-2-etcd")
    trust = json.loads(done.one("Role", "id-etcd-role").inputs["assumeRolePolicy"])["Statement"][0]
    assert trust["Condition"]["StringEquals"] == {
        "aws:RequestTag/eks-cluster-arn": f"arn:aws:eks:{cloud.REGION}:{cloud.ACCOUNT}:cluster/test",
        "aws:RequestTag/kubernetes-namespace": "autoglm",
        "aws:RequestTag/kubernetes-service-account": "aws-us-west-2-etcd",
    }
    assert "id-etcd-policy" in done.waits_for("id-etcd-pods")


def test_in_china_the_service_account_names_its_role() -> None:
    done = made(region="cn-north-1")
    assert not done.all("PodIdentityAssociation")
    assert list(done.exports["etcd"].value) == ["eks.amazonaws.com/role-arn"]
    trust = json.loads(done.one("Role", "id-etcd-role").inputs["assumeRolePolicy"])["Statement"][0]
    host = cloud.ISSUER.removeprefix("https://")
    assert trust["Condition"]["StringEquals"] == {
        f"{host}:sub": "system:serviceaccount:autoglm:aws-us-west-2-etcd",
        f"{host}:aud": "sts.amazonaws.com",
    }


@pytest.mark.parametrize("workload", sorted(GRANTS))
def test_a_policy_covers_one_prefix_and_names_every_action(workload: str) -> None:
    grant = GRANTS[workload]
    objects, listing, key = json.loads(identity.bucket_policy(BUCKET, cloud.KEY, cloud.REGION, grant))["Statement"]
    assert objects["Resource"] == f"{BUCKET}/{grant.prefix}*"
    assert listing["Resource"] == BUCKET
    assert listing["Condition"]["StringLike"]["s3:prefix"] == [grant.prefix, f"{grant.prefix}*"]
    assert (key["Resource"], key["Condition"]) == (
        cloud.KEY,
        {"StringEquals": {"kms:ViaService": "s3.us-west-2.amazonaws.com"}},
    )
    actions = {action for statement in (objects, listing, key) for action in statement["Action"]}
    assert not [action for action in actions if "*" in action]
    assert ("s3:PutObject" in actions) is ("kms:GenerateDataKey" in actions) is grant.write


def answer(args) -> dict[str, object]:
    assert args.token.endswith(":getRole") and args.args["name"] == "reader"
    return {"arn": ROLE}


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize("asked", [ROLE, "reader"])
def test_an_existing_role_is_looked_up_and_left_alone(asked: str, preview: bool) -> None:
    done = made(preview, calls=answer, existing={"serving": asked})
    assert {item.name for item in done.all("Role")} == {"id-etcd-role", "id-model-store-role"}
    assert done.one("PodIdentityAssociation", "id-serving-pods").inputs["roleArn"] == ROLE


@pytest.mark.parametrize(
    ("asked", "account", "message"),
    [
        (ROLE.replace("team/", ""), cloud.ACCOUNT, "is found as arn:.*/team/reader: write that"),
        ("reader", "999999999999", "is of account 123456789012, not of 999999999999"),
    ],
)
def test_a_role_that_will_not_do_is_refused(asked: str, account: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"identity.existing.serving: .*{message}"):
        identity.refuse_role("serving", asked, arn=ROLE, account=account)
    with pytest.raises(Exception, match=message):
        made(calls=answer, existing={"serving": asked}, account=account)
