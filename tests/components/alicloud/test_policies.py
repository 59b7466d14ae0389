"""Policy documents say exactly what they should."""

import json

from components.access import GRANTS, Grant
from components.alicloud import policies
from tests.components.alicloud.cloud import ACCOUNT, statements

BUCKET = policies.bucket_arn(ACCOUNT, "here")
KEY = policies.key_arn("cn-hangzhou", ACCOUNT, "key-1")


def test_a_role_is_bound_to_one_service_account_of_one_cluster() -> None:
    (one,) = statements(
        policies.workload_trust("https://issuer/c1", "acs:ram::1:oidc-provider/c1", "phones", "here-etcd")
    )
    assert one["Principal"] == {"Federated": ["acs:ram::1:oidc-provider/c1"]}
    assert one["Condition"] == {
        "StringEquals": {
            "oidc:iss": ["https://issuer/c1"],
            "oidc:aud": ["sts.aliyuncs.com"],
            "oidc:sub": ["system:serviceaccount:phones:here-etcd"],
        }
    }


def test_a_reader_reads_its_prefix_and_nothing_else() -> None:
    objects, listing, key = statements(policies.workload_access(BUCKET, KEY, Grant(prefix="models/")))
    assert (objects["Action"], objects["Resource"]) == (["oss:GetObject"], [f"acs:oss:*:{ACCOUNT}:here/models/*"])
    assert (listing["Action"], listing["Resource"]) == (["oss:ListObjects"], [f"acs:oss:*:{ACCOUNT}:here"])
    assert listing["Condition"] == {"StringLike": {"oss:Prefix": ["models/", "models/*"]}}
    assert (key["Action"], key["Resource"]) == (["kms:Decrypt"], [f"acs:kms:cn-hangzhou:{ACCOUNT}:key/key-1"])


def test_a_writer_may_also_put_and_delete() -> None:
    objects, _, key = statements(policies.workload_access(BUCKET, KEY, Grant(prefix="snapshots/", write=True)))
    assert {"oss:GetObject", "oss:PutObject", "oss:DeleteObject"} <= set(objects["Action"])
    assert "kms:GenerateDataKey" in key["Action"]


def test_nothing_is_allowed_by_wildcard() -> None:
    documents = [policies.workload_access(BUCKET, KEY, grant) for grant in GRANTS.values()]
    documents += [policies.replication(BUCKET, KEY, BUCKET, KEY), policies.service_trust("oss.aliyuncs.com")]
    for document in documents:
        for statement in statements(document):
            actions = statement["Action"]
            assert not any("*" in action for action in ([actions] if isinstance(actions, str) else actions))
            assert "*" not in statement.get("Resource", [])


def test_the_copy_is_written_and_never_deleted_from() -> None:
    actions = json.dumps(statements(policies.replication(BUCKET, KEY, "acs:oss:*:1:there", "acs:kms:x:1:key/2")))
    assert "ReplicatePut" in actions
    assert "Delete" not in actions


def test_nobody_comes_without_tls() -> None:
    (one,) = statements(policies.tls_only(BUCKET))
    assert (one["Effect"], one["Principal"]) == ("Deny", ["*"])
    assert one["Condition"] == {"Bool": {"acs:SecureTransport": ["false"]}}
    assert one["Resource"] == [BUCKET, f"{BUCKET}/*"]
