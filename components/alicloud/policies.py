"""Policy documents of RAM and OSS. Pure: what they say is what the tests read."""

import json
from typing import Any

from components.access import Grant

Statement = dict[str, Any]
# RAM keeps five versions of a policy, and by itself refuses a sixth change.
ROTATION = "DeleteOldestNonDefaultVersionWhenLimitExceeded"


def workload_trust(issuer: str, issuer_arn: str, namespace: str, service_account: str) -> str:
    """Only this service account of this cluster may take the role."""
    equal = {
        "oidc:iss": [issuer],
        "oidc:aud": ["sts.aliyuncs.com"],
        "oidc:sub": [f"system:serviceaccount:{namespace}:{service_account}"],
    }
    return _document(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Federated": [issuer_arn]},
            "Condition": {"StringEquals": equal},
        }
    )


def service_trust(service: str) -> str:
    """A service of the cloud may take the role."""
    return _document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": [service]}})


def workload_access(bucket: str, key: str, grant: Grant) -> str:
    """Objects of one prefix, the listing of it, and the key they are encrypted with. `bucket`, `key`: their ARNs."""
    objects = ["oss:GetObject"]
    keys = ["kms:Decrypt"]
    if grant.write:
        objects += ["oss:PutObject", "oss:DeleteObject", "oss:AbortMultipartUpload", "oss:ListParts"]
        keys += ["kms:GenerateDataKey"]
    return _document(
        _allow(objects, f"{bucket}/{grant.prefix}*"),
        {
            **_allow(["oss:ListObjects"], bucket),
            "Condition": {"StringLike": {"oss:Prefix": [grant.prefix, f"{grant.prefix}*"]}},
        },
        _allow(keys, key),
    )


def replication(source: str, source_key: str, copy: str, copy_key: str) -> str:
    """OSS reads here, writes there, and uses the key of each side. All four: ARNs."""
    return _document(
        _allow(["oss:ReplicateList", "oss:ReplicateGet"], source, f"{source}/*"),
        _allow(["oss:ReplicateList", "oss:ReplicateGet", "oss:ReplicatePut"], copy, f"{copy}/*"),
        _allow(["kms:Decrypt"], source_key),
        _allow(["kms:GenerateDataKey"], copy_key),
    )


def tls_only(bucket: str) -> str:
    """For the bucket itself: nobody comes without TLS. `bucket`: its ARN."""
    return _document(
        {
            "Effect": "Deny",
            "Action": ["oss:*"],
            "Principal": ["*"],
            "Resource": [bucket, f"{bucket}/*"],
            "Condition": {"Bool": {"acs:SecureTransport": ["false"]}},
        }
    )


def bucket_arn(account: str, bucket: str) -> str:
    return f"acs:oss:*:{account}:{bucket}"


def key_arn(region: str, account: str, key: str) -> str:
    return f"acs:kms:{region}:{account}:key/{key}"


def _allow(actions: list[str], *resources: str) -> Statement:
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources)}


def _document(*statements: Statement) -> str:
    return json.dumps({"Version": "1", "Statement": list(statements)})
