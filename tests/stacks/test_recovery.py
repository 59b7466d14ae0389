"""Storage and recovery: copies elsewhere, a standby elsewhere, time enough (F7, T5)."""

from typing import Any

import pytest

from tests.stacks.regions import refused


@pytest.mark.parametrize(
    ("provider", "over", "problem"),
    [
        (
            "aws",
            {"storage": {"replicaRegion": "us-west-2"}},
            "storage.replicaRegion = us-west-2: it is the region that the copy protects, and would be "
            "lost with it: name another one",
        ),
        (
            "aws",
            {"storage": {"replicaRegion": "us-est-1"}},
            "storage.replicaRegion = us-est-1: components/cloud_regions.py has no such region of aws: did "
            "you mean us-east-1?",
        ),
        (
            "aws",
            {"storage": {"replicaRegion": "cn-north-1"}},
            "storage.replicaRegion = cn-north-1: the border of mainland China lies between: use one "
            "outside, as us-east-1, us-east-2, eu-west-1, eu-central-1, ap-northeast-1, ap-southeast-1",
        ),
        (
            "aws",
            {"storage": {"replicaRegion": "us-east-1", "bucket": "ours"}},
            "storage.replicaRegion = us-east-1: it would change the bucket ours, which exists and stays "
            "as it is: leave one of them out, and set up the copy where that bucket is made",
        ),
        (
            "aws",
            {"storage": {"files": False}},
            "storage.files = False: model.source is a folder of the shared file system: set it to true, "
            "or use another source",
        ),
        (
            "aws",
            {
                "storage": {"replicaRegion": "us-east-1"},
                "recovery": {"standby": "here", "rtoSeconds": 300, "rpoSeconds": 60},
            },
            "recovery.standby = here: it is this stack, which fails with itself: name another",
        ),
        (
            "aws",
            {
                "storage": {"replicaRegion": "us-east-1"},
                "recovery": {"standby": "aws-us-east", "rtoSeconds": 300, "rpoSeconds": 60},
            },
            "recovery.standby = aws-us-east: there is no stacks/aws-us-east.yaml: did you mean aws-us-east-1?",
        ),
        (
            "aws",
            {
                "storage": {"replicaRegion": "us-east-1"},
                "recovery": {"standby": "aws-us-west-2", "rtoSeconds": 300, "rpoSeconds": 60},
            },
            "recovery.standby = aws-us-west-2: it is in us-west-2, too, and would be lost with it: name a "
            "stack in another region",
        ),
        (
            "aws",
            {"recovery": {"standby": "aws-us-east-1", "rtoSeconds": 300, "rpoSeconds": 60}},
            "storage.replicaRegion: recovery.standby would find no data, since the bucket has no copy: "
            "name another region of the cloud",
        ),
        (
            "aws",
            {
                "storage": {"replicaRegion": "us-east-1"},
                "recovery": {"rtoSeconds": 89, "rpoSeconds": 60},
                "dns": {"zone": "example.com", "host": "autoglm"},
            },
            "recovery.rtoSeconds = 89: failover takes 90 s (3 checks 10 s apart, then 60 s of "
            "dns.ttlSeconds): ask for that much or more, or lower the TTL",
        ),
        (
            "aws",
            {"storage": {"replicaRegion": "us-east-1"}, "recovery": {"rtoSeconds": 29, "rpoSeconds": 60}},
            "recovery.rtoSeconds = 29: failover takes 30 s (3 checks 10 s apart): ask for that much or more",
        ),
    ],
)
def test_refused(provider: str, over: dict[str, Any], problem: str) -> None:
    assert refused(provider, over) == [problem]
