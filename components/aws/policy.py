"""IAM policy documents: how they are written, and who may assume a role. Pure."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Statement = Mapping[str, Any]


def document(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(
    actions: Sequence[str], resources: Sequence[str] | str | None = None, conditions: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A statement. Without `resources` it is for a trust policy, which has none; the caller adds the principal."""
    made: dict[str, Any] = {"Effect": "Allow", "Action": list(actions)}
    if resources is not None:
        made["Resource"] = resources if isinstance(resources, str) else list(resources)
    if conditions:
        made["Condition"] = conditions
    return made


def service_trust(service: str, conditions: Mapping[str, Any] | None = None) -> str:
    """A role that one service of AWS assumes."""
    return document({**allow(["sts:AssumeRole"], conditions=conditions), "Principal": {"Service": service}})


def pod_identity_trust(cluster_arn: str, namespace: str, service_account: str) -> str:
    """A role for one service account, through EKS Pod Identity: its agent states cluster, namespace and account as
    session tags. https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html"""
    conditions = {
        "StringEquals": {
            "aws:RequestTag/eks-cluster-arn": cluster_arn,
            "aws:RequestTag/kubernetes-namespace": namespace,
            "aws:RequestTag/kubernetes-service-account": service_account,
        }
    }
    statement = allow(["sts:AssumeRole", "sts:TagSession"], conditions=conditions)
    return document({**statement, "Principal": {"Service": "pods.eks.amazonaws.com"}})


def web_identity_trust(issuer: str, issuer_arn: str, namespace: str, service_account: str) -> str:
    """The same through the cluster's OIDC issuer, where there is no Pod Identity.
    https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html"""
    host = issuer.removeprefix("https://")
    conditions = {
        "StringEquals": {
            f"{host}:sub": f"system:serviceaccount:{namespace}:{service_account}",
            f"{host}:aud": "sts.amazonaws.com",
        }
    }
    statement = allow(["sts:AssumeRoleWithWebIdentity"], conditions=conditions)
    return document({**statement, "Principal": {"Federated": issuer_arn}})
