"""etcd's snapshots and images: often enough, elsewhere, and there when they are asked for (C1, F1)."""

from typing import Any

import pytest

from stacks.etcd import Snapshots
from tests.stacks.regions import refused, region

NAME = "20261121T120000Z-revision-12.db"
AWAY = {"storage": {"replicaRegion": "us-east-1"}}
LOST = {"rtoSeconds": 300, "rpoSeconds": 900}


def stored(**store: Any) -> dict[str, Any]:
    return {"etcd": {"snapshots": {"store": store}}}


@pytest.mark.parametrize(
    ("provider", "over", "problem"),
    [
        (
            "aws",
            AWAY | {"recovery": LOST, "etcd": {"snapshots": {"intervalMinutes": 60}}},
            "etcd.snapshots.intervalMinutes = 60: recovery.rpoSeconds allows to lose 900 s, and a snapshot may be 3600"
            " s old: set it to 15 or less",
        ),
        (
            "aws",
            AWAY | {"recovery": LOST | {"rpoSeconds": 30}},
            "etcd.snapshots.intervalMinutes = 1: recovery.rpoSeconds allows to lose 30 s, and a snapshot may be 60 s"
            " old: a minute is the shortest: allow 60 s",
        ),
        (
            "aws",
            {"recovery": LOST},
            "storage.replicaRegion: etcd's snapshots would be in this region alone, and be lost with it: name another"
            " region of the cloud, or a bucket elsewhere in etcd.snapshots.store",
        ),
        (
            "aws",
            stored(type="bucket", url="s3://backups/etcd", region="us-west-2"),
            "etcd.snapshots.store.region = us-west-2: it is the region that the snapshots protect, and they would be"
            " lost with it: use a bucket elsewhere",
        ),
        (
            "aws",
            stored(type="volume", size="1Gi", accessMode="ReadWriteMany"),
            "etcd.snapshots.store.type = volume: a volume is lost with the cluster that its snapshots protect: use a"
            " bucket elsewhere",
        ),
        (
            "private",
            stored(type="volume", size="1Gi") | {"environment": "development"},
            "etcd.snapshots.store.accessMode = ReadWriteOnce: each member restores from it, on a node of its own: use"
            " ReadWriteMany",
        ),
        (
            "private",
            {"etcd": {"restore": NAME}},
            f"etcd.restore = {NAME}: a private region has no bucket of its own: say in etcd.snapshots.store where the"
            " snapshot is",
        ),
        (
            "aws",
            {"etcd": {"restore": "latest"}},
            "etcd.restore = 'latest': it must be a snapshot's name, as the keeper's logs and list say it",
        ),
        (
            "aws",
            {"etcd": {"authorities": [1, 1]}},
            "etcd.authorities: one is named twice: name each once",
        ),
        (
            "aws",
            {"images": {"keeper": "localhost/autoglm/keeper:0.1.0"}},
            "images.keeper = localhost/autoglm/keeper:0.1.0: it exists on the machine that built it alone: push it"
            " (target keeper of serving/Containerfile) to a registry, and name it there",
        ),
    ],
)
def test_refused(provider: str, over: dict[str, Any], problem: str) -> None:
    assert refused(provider, over) == [problem]


@pytest.mark.parametrize(
    "over",
    [
        stored(type="bucket", url="s3://backups/etcd", region="us-east-1"),
        stored(type="bucket", url="oss://backups/etcd", region="cn-hangzhou", environmentFrom="backup"),
        stored(type="bucket", url="s3://backups/x", region="us-west-2", endpoint="https://minio.example.com:9000"),
        AWAY | {"recovery": LOST, "etcd": {"restore": NAME, "authorities": [1, 2]}},
    ],
)
def test_accepted(over: dict[str, Any]) -> None:
    assert region("aws", over)


@pytest.mark.parametrize(("rpo", "minutes"), [(None, 60), (900, 15), (7200, 60), (90, 1), (10, 1)])
def test_snapshots_are_as_often_as_was_promised(rpo: int | None, minutes: int) -> None:
    assert Snapshots().minutes(rpo) == minutes
    assert Snapshots.model_validate({"intervalMinutes": 5}).minutes(rpo) == 5
