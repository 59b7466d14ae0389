"""Who may do what, in CAM's language: pure renderers. https://www.tencentcloud.com/document/product/598/10603"""

import json

from components.access import Grant

AUDIENCE = "sts.cloud.tencent.com"  # whom pods' tokens are for: the default of the pod identity webhook
_READ = ("name/cos:GetBucket", "name/cos:GetObject", "name/cos:HeadObject")
_WRITE = (
    "name/cos:AbortMultipartUpload",
    "name/cos:CompleteMultipartUpload",
    "name/cos:DeleteObject",
    "name/cos:InitiateMultipartUpload",
    "name/cos:ListParts",
    "name/cos:PutObject",
    "name/cos:UploadPart",
)


def trust(account: str, provider: str, issuer: str, namespace: str, service_account: str) -> str:
    """Only pods of exactly this service account, of the cluster whose provider in CAM it is, take the role."""
    return _document(
        {
            "action": ["name/sts:AssumeRoleWithWebIdentity"],
            "effect": "allow",
            "principal": {"federated": [f"qcs::cam::uin/{account}:oidc-provider/{provider}"]},
            "condition": {
                "string_equal": {
                    "oidc:iss": [issuer],
                    "oidc:aud": [AUDIENCE],
                    "oidc:sub": [f"system:serviceaccount:{namespace}:{service_account}"],
                }
            },
        }
    )


def bucket_access(bucket: str, key: str, grant: Grant) -> str:
    """Objects below one prefix of one bucket, and the key that they are encrypted with. `bucket`: as
    `bucket.resource` writes it; `key`: as `key_resource` does."""
    actions = [*_READ, *(_WRITE if grant.write else ())]
    use = ["name/kms:Decrypt", *(["name/kms:GenerateDataKey"] if grant.write else [])]
    return _document(
        {"effect": "allow", "action": actions, "resource": [f"{bucket}/{grant.prefix}*"]},
        {"effect": "allow", "action": use, "resource": [key]},
    )


def key_resource(region: str, account: str, key: str) -> str:
    """One key, whoever of the account made it: a part of the path, which the key's id makes one of a kind."""
    return f"qcs::kms:{region}:uin/{account}:key/creatorUin/*/{key}"


def role_arn(account: str, role: str) -> str:
    return f"qcs::cam::uin/{account}:roleName/{role}"


def _document(*statements: dict[str, object]) -> str:
    return json.dumps({"version": "2.0", "statement": list(statements)})
