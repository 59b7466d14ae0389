"""Who may do what is said action by action: no `*`, no managed policy that allows everything, nobody unnamed."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from policies.rules.base import SECRET, Rule, by_type, each, get

Props = Mapping[str, Any]
Check = Callable[[Props], Iterator[str]]

# Managed policies and roles of all three clouds and of Kubernetes
_BROAD = re.compile(r"Administrator(Access)?$|PowerUserAccess$|FullAccess$|^cluster-admin$")
_ROOT = re.compile(r"arn:aws(-cn)?:iam::\d{12}:root|acs:ram::\d+:(root|\*)")


def document(value: object) -> list[Mapping[str, Any]]:
    """The statements of a policy, whichever cloud's spelling."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return []
    if not isinstance(value, Mapping):
        return []
    found = _either(value, "Statement")
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, Mapping)]


def _either(value: Mapping[str, Any], key: str) -> Any:  # noqa: ANN401  plain data
    """AWS and Alibaba Cloud write keys with a capital, Tencent Cloud without."""
    return value.get(key, value.get(key.lower()))


def _texts(value: object) -> list[str]:
    if isinstance(value, Mapping):
        return [text for one in value.values() for text in _texts(one)]
    return [str(one) for one in value] if isinstance(value, list) else [] if value is None else [str(value)]


def _allows(statement: Mapping[str, Any]) -> bool:
    return str(_either(statement, "Effect")).lower() == "allow"


def wildcards(value: object) -> Iterator[str]:
    """What a policy allows by wildcard."""
    for statement in document(value):
        if not _allows(statement):
            continue
        if _either(statement, "NotAction") is not None:
            yield "it allows all but some actions: name those that are needed"
        broad = [action for action in _texts(_either(statement, "Action")) if "*" in action]
        if broad and not _is_key_owner(statement):
            yield f"it allows {', '.join(broad)}: name the actions that are needed"


def _is_key_owner(statement: Mapping[str, Any]) -> bool:
    """A KMS key's policy must leave the key to its account, or nobody could manage it any more (AWS KMS guide)."""
    principals = _texts(_either(statement, "Principal"))
    return bool(principals) and all(_ROOT.fullmatch(one) for one in principals)


def _policy(key: str) -> Check:
    def check(props: Props) -> Iterator[str]:
        if (found := get(props, key)) is not SECRET:
            yield from wildcards(found)

    return check


def _resource_policy(key: str) -> Check:
    """A policy of a bucket: nor may it allow everyone."""

    def check(props: Props) -> Iterator[str]:
        yield from wildcards(get(props, key))
        for statement in document(get(props, key)):
            if _allows(statement) and any(one.endswith("*") for one in _texts(_either(statement, "Principal"))):
                yield "it allows everyone: name the principals"

    return check


def _aws_role(props: Props) -> Iterator[str]:
    for inline in each(props, "inlinePolicies"):
        yield from wildcards(get(inline, "policy"))
    for arn in each(props, "managedPolicyArns"):
        yield from _broad(arn)
    for statement in document(get(props, "assumeRolePolicy")):
        if _allows(statement) and "*" in _texts(_either(statement, "Principal")):
            yield "everyone may take the role: name the principals of assumeRolePolicy"


def _attached(key: str) -> Check:
    def check(props: Props) -> Iterator[str]:
        yield from _broad(get(props, key))

    return check


def _broad(name: object) -> Iterator[str]:
    if isinstance(name, str) and _BROAD.search(name.rpartition("/")[2]):
        yield f"{name} allows everything there is of a service or of all: attach a policy of just what is needed"


def _rbac(props: Props) -> Iterator[str]:
    for rule in each(props, "rules"):
        for key in ("apiGroups", "resources", "verbs"):
            if "*" in each(rule, key):
                yield f"a rule has * for {key}: name those that are needed"


def _binding(props: Props) -> Iterator[str]:
    yield from _broad(get(props, "roleRef", "name"))


WILDCARD_ACTIONS = Rule(
    id="wildcard-actions",
    description="Policies and roles name each action; none is given a managed policy that allows everything.",
    check=by_type(
        {
            "aws:iam/policy:Policy": _policy("policy"),
            "aws:iam/rolePolicy:RolePolicy": _policy("policy"),
            "aws:iam/role:Role": _aws_role,
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _attached("policyArn"),
            "aws:kms/key:Key": _policy("policy"),
            "aws:s3/bucketPolicy:BucketPolicy": _resource_policy("policy"),
            "aws:ecr/repositoryPolicy:RepositoryPolicy": _resource_policy("policy"),
            "alicloud:ram/policy:Policy": _policy("policyDocument"),
            "alicloud:ram/rolePolicyAttachment:RolePolicyAttachment": _attached("policyName"),
            "alicloud:oss/bucketPolicy:BucketPolicy": _resource_policy("policy"),
            "alicloud:kms/key:Key": _policy("policy"),
            "tencentcloud:Cam/policy:Policy": _policy("document"),
            "tencentcloud:Cam/rolePolicyAttachmentByName:RolePolicyAttachmentByName": _attached("policyName"),
            "tencentcloud:Cos/bucketPolicy:BucketPolicy": _resource_policy("policy"),
            "kubernetes:rbac.authorization.k8s.io/v1:Role": _rbac,
            "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole": _rbac,
            "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding": _binding,
            "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding": _binding,
        }
    ),
)
