"""A store that is full: writes are refused and an alarm is raised, until the keeper has made room."""

from pathlib import Path

from autoglm_etcd.cluster import NOSPACE, Cluster
from autoglm_etcd.connection import EtcdError
from autoglm_etcd.keeper import upkeep
from autoglm_etcd.keys import Keys

from tests.drill.rows import Row
from tests.harness import members

QUOTA = 16 * 1024 * 1024
_VALUE = b"x" * 500_000
_MOST = 200  # writes; a tenth fills the quota


def space(folder: Path) -> list[Row]:
    """In a cluster of its own: its quota is small."""
    with members.running(folder / "full", 3, quota=QUOTA) as cluster, cluster.connect() as connection:
        keys, known = Keys(connection), Cluster(connection)
        reason = _fill(keys)
        raised = any(alarm == NOSPACE for _, alarm in known.alarms())
        readable = keys.get("/full") is not None
        said = " ".join(upkeep.make_space(known, keys, connection.endpoints))
        left = known.alarms()
        written = keys.put("/full", _VALUE) > 0
    return [
        Row(
            fault="the store's quota reached",
            promise="writes refused, reads answered, alarm raised",
            found=f"{reason}; alarm {'raised' if raised else 'NOT raised'}",
            passed="database space exceeded" in reason and raised and readable,
        ),
        Row(
            fault="the keeper makes room",
            promise="alarm cleared, writes go on",
            found=said,
            passed="cleared" in said and not left and written,
        ),
    ]


def _fill(keys: Keys) -> str:
    """Why no more is taken."""
    for _ in range(_MOST):
        try:
            keys.put("/full", _VALUE)
        except EtcdError as error:
            return str(error)
    return f"{_MOST} writes were taken"
