"""How to reach an EKS cluster. Pure."""

import json
from urllib.parse import urlsplit


def kubeconfig(arn: str, endpoint: str, authority: str) -> str:
    """For the AWS command line's credentials: a token is asked for at each use, so that none is kept.

    `authority`: the certificate authority, in base64. The region is in the ARN, and the account that
    the credentials must be of is checked by the AWS provider before.
    """
    region, name = arn.split(":")[3], arn.rpartition("/")[2]
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "aws",
            "args": ["--region", region, "eks", "get-token", "--cluster-name", name, "--output", "json"],
            "interactiveMode": "Never",
        }
    }
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "clusters": [
                {"name": name, "cluster": {"server": endpoint, "certificate-authority-data": authority}},
            ],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        }
    )


def host(endpoint: str) -> str:
    return urlsplit(endpoint).hostname or endpoint


def issuer_arn(cluster_arn: str, issuer: str) -> str:
    """The name that IAM has, or would have, for a cluster's OIDC issuer."""
    partition, account = cluster_arn.split(":")[1], cluster_arn.split(":")[4]
    return f"arn:{partition}:iam::{account}:oidc-provider/{issuer.removeprefix('https://')}"
