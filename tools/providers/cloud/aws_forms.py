"""AWS: how it writes ARNs, as templates (render.py), and what any cluster of EKS has.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from typing import Final

ARN: Final = "arn:{PARTITION}"


def arn(service: str, path: str, *, regional: bool = True) -> str:
    """An ARN of the account; of no region where the service is global."""
    return f"{ARN}:{service}:{'{REGION}' if regional else ''}:{'{ACCOUNT}'}:{path}"


def ec2(kind: str) -> str:
    """An ARN of the kind that ends in its id."""
    return arn("ec2", f"{kind}/{{ID}}")


ROLE: Final = arn("iam", "role/{name}", regional=False)
_OIDC: Final = "https://oidc.eks.{REGION}.{DNS}/id/{HEX:.32}"
CLUSTER: Final = {
    "arn": arn("eks", "cluster/{name}"),
    "endpoint": "{KUBE_SERVER}",
    "identities": [{"oidcs": [{"issuer": _OIDC}]}],
    "status": "ACTIVE",
    "platformVersion": "eks.1",
}
