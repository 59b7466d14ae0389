"""Wildcard actions: policies in each cloud's spelling, managed policies, Kubernetes' roles."""

import json
from typing import Any

import pytest

from policies import SECRET, UNKNOWN, Resource
from tests.policies.planned import planned, said, waits

DOCUMENTS = [
    ("aws:iam/policy:Policy", "policy", "Statement", "Action", "s3:GetObject"),
    ("aws:iam/rolePolicy:RolePolicy", "policy", "Statement", "Action", "s3:GetObject"),
    ("aws:s3/bucketPolicy:BucketPolicy", "policy", "Statement", "Action", "s3:GetObject"),
    ("alicloud:ram/policy:Policy", "policyDocument", "Statement", "Action", "oss:GetObject"),
    ("alicloud:oss/bucketPolicy:BucketPolicy", "policy", "Statement", "Action", "oss:GetObject"),
    ("tencentcloud:Cam/policy:Policy", "document", "statement", "action", "name/cos:GetObject"),
    ("tencentcloud:Cos/bucketPolicy:BucketPolicy", "policy", "statement", "action", "name/cos:GetObject"),
]


def with_policy(kind: str, key: str, statements: str, actions: str, action: object, effect: str = "Allow") -> Resource:
    lower = statements.islower()
    statement = {"effect" if lower else "Effect": effect.lower() if lower else effect, actions: action}
    return planned(kind, **{key: json.dumps({statements: [statement]})})


@pytest.mark.parametrize(("kind", "key", "statements", "actions", "action"), DOCUMENTS, ids=[d[0] for d in DOCUMENTS])
def test_actions_are_named(kind: str, key: str, statements: str, actions: str, action: str) -> None:
    def text(*given: object) -> list[str]:
        return said("wildcard-actions", with_policy(kind, key, statements, actions, *given))

    service = action.rpartition(":")[0]
    assert text(action) == text([action]) == []
    assert text(f"{service}:*") == [f"it allows {service}:*: name the actions that are needed"]
    assert text([action, f"{service}:Get*"]) == [f"it allows {service}:Get*: name the actions that are needed"]
    assert text("*")
    assert text("*", "Deny") == []


def test_a_statement_that_stands_alone_and_one_that_excepts() -> None:
    alone = planned("aws:iam/policy:Policy", policy='{"Statement": {"Effect": "Allow", "Action": "*"}}')
    assert len(said("wildcard-actions", alone)) == 1
    excepts = planned("aws:iam/policy:Policy", policy={"Statement": [{"Effect": "Allow", "NotAction": "iam:*"}]})
    assert said("wildcard-actions", excepts) == ["it allows all but some actions: name those that are needed"]


def test_a_key_is_left_to_its_account() -> None:
    def key(principal: str) -> Resource:
        statement = {"Effect": "Allow", "Action": "kms:*", "Principal": {"AWS": principal}, "Resource": "*"}
        return planned("aws:kms/key:Key", policy=json.dumps({"Statement": [statement]}))

    assert said("wildcard-actions", key("arn:aws:iam::123456789012:root")) == []
    assert said("wildcard-actions", key("arn:aws-cn:iam::123456789012:root")) == []
    assert len(said("wildcard-actions", key("arn:aws:iam::123456789012:role/anyone"))) == 1


@pytest.mark.parametrize(
    "kind", ["aws:s3/bucketPolicy:BucketPolicy", "alicloud:oss/bucketPolicy:BucketPolicy"], ids=["aws", "alicloud"]
)
def test_a_bucket_for_everyone(kind: str) -> None:
    statement = {"Effect": "Allow", "Action": "x:GetObject", "Principal": "*"}
    assert said("wildcard-actions", planned(kind, policy=json.dumps({"Statement": [statement]}))) == [
        "it allows everyone: name the principals"
    ]


@pytest.mark.parametrize(
    "attached",
    [
        planned(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment", policyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess"
        ),
        planned(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment", policyArn="arn:aws:iam::aws:policy/AdministratorAccess"
        ),
        planned("aws:iam/role:Role", managedPolicyArns=["arn:aws:iam::aws:policy/PowerUserAccess"]),
        planned("alicloud:ram/rolePolicyAttachment:RolePolicyAttachment", policyName="AliyunOSSFullAccess"),
        planned(
            "tencentcloud:Cam/rolePolicyAttachmentByName:RolePolicyAttachmentByName", policyName="QcloudCOSFullAccess"
        ),
        planned("kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding", roleRef={"name": "cluster-admin"}),
    ],
    ids=lambda found: found.type,
)
def test_a_managed_policy_that_allows_everything(attached: Resource) -> None:
    [text] = said("wildcard-actions", attached)
    assert "attach a policy of just what is needed" in text


def test_the_managed_policies_of_nodes_pass() -> None:
    kind = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    for name in ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly", "AmazonEKSClusterPolicy"):
        assert said("wildcard-actions", planned(kind, policyArn=f"arn:aws:iam::aws:policy/{name}")) == []


def test_who_may_take_a_role() -> None:
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]}
    assert said("wildcard-actions", planned("aws:iam/role:Role", assumeRolePolicy=json.dumps(trust)))


@pytest.mark.parametrize("key", ["apiGroups", "resources", "verbs"])
def test_kubernetes_roles(key: str) -> None:
    rule: dict[str, Any] = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    kind = "kubernetes:rbac.authorization.k8s.io/v1:Role"
    assert said("wildcard-actions", planned(kind, rules=[rule])) == []
    assert said("wildcard-actions", planned(kind, rules=[{**rule, key: ["*"]}])) == [
        f"a rule has * for {key}: name those that are needed"
    ]


def test_a_policy_that_is_not_known_yet_waits() -> None:
    policy = planned("alicloud:ram/policy:Policy", policyDocument=UNKNOWN)
    assert said("wildcard-actions", policy) == []
    assert waits("wildcard-actions", policy) == ["policyDocument"]
    assert said("wildcard-actions", planned("aws:kms/key:Key", policy=SECRET)) == []
