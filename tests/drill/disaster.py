"""All members and their disks are lost: a damaged snapshot is refused, a whole one brings the cluster back."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from autoglm_etcd.cluster import Cluster
from autoglm_etcd.keeper.snapshots import BUMP, Snapshot, source
from autoglm_etcd.keys import Keys

from tests.drill.rows import Row
from tests.harness.apiserver import program
from tests.harness.members import Members

KEYS = 200
_BYTES = 1000  # of a value


def disaster(cluster: Members) -> list[Row]:
    """Leaves the cluster whole, restored."""
    with cluster.connect() as connection:
        keys, known = Keys(connection), Cluster(connection)
        for number in range(KEYS):
            keys.put(f"/kept/{number:04}", f"{number}".encode().rjust(_BYTES))
        before = keys.list("/kept/")
        now = datetime.now(UTC)
        good = cluster.snapshots.take(known, *source(known, connection.endpoints), now)
        bad = cluster.snapshots.take(known, *source(known, connection.endpoints), now + timedelta(seconds=1))
        lost = keys.put("/kept/after", b"the snapshot does not have this")
    _flip_a_bit(cluster.store / bad.name)

    began = time.monotonic()
    cluster.lose(*cluster.numbers)
    refused = _refusal(cluster, bad)
    cluster.create(*cluster.numbers, more=_from(cluster, good))
    cluster.wait()
    with cluster.connect() as connection:
        keys = Keys(connection)
        revision = keys.put("/kept-on", b"1")
        took = time.monotonic() - began
        after = keys.list("/kept/")
    same = [(one.key, one.value) for one in after.items] == [(one.key, one.value) for one in before.items]
    return [
        Row(
            fault="a snapshot with one bit flipped",
            promise="refused, and says why",
            found=f"{refused[:60]}…",
            passed="is damaged" in refused and bad.name in refused,
        ),
        Row(
            fault="all members and disks lost",
            promise="all that the snapshot had is back, no revision given twice",
            found=f"{len(after.items)} of {len(before.items)} keys, RTO {took:.1f} s",
            passed=same and revision > lost + BUMP / 2,
        ),
    ]


def _refusal(cluster: Members, snapshot: Snapshot) -> str:
    process = cluster.prepare(0, *_from(cluster, snapshot))
    said, _ = process.communicate(timeout=90)
    if process.returncode == 0:
        return "was taken"
    return str(json.loads(said.splitlines()[-1])["message"])


def _from(cluster: Members, snapshot: Snapshot) -> tuple[str, ...]:
    return f"--restore={snapshot.name}", f"--store=file://{cluster.store}", f"--etcdutl={program('etcdutl')}"


def _flip_a_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
