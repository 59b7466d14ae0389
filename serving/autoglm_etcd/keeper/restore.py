"""A member's folder from a snapshot, by etcd's own tool, once for each snapshot that is asked for."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

from autoglm_etcd.keeper.join import initial_cluster
from autoglm_etcd.keeper.shape import Shape
from autoglm_etcd.keeper.snapshots import BUMP, Snapshots, life

MARK: Final = "restored-from"


class RestoreError(Exception):
    """The snapshot could not be made a member of."""


def restore(volume: Path, data: Path, snapshots: Snapshots, name: str, shape: Shape, member: str, tool: str) -> bool:
    """Replaces `data`, a folder on `volume`, unless it stems from this snapshot already: then False.

    What was there is kept beside it, once. All members must restore the same snapshot. Raises SnapshotError, or
    RestoreError.
    """
    mark = volume / MARK
    if mark.exists() and mark.read_text() == name:
        return False
    file, made = volume / "snapshot.db", volume / "restoring"
    chosen = snapshots.fetch(name, file)
    # Past every life that a snapshot was taken of, should this one be restored from again or be an older one. The
    # keeper takes one as soon as a life has begun, and none while members restore: all find the same number.
    bump = BUMP * (1 + life(snapshots.whole()) - chosen.life)
    shutil.rmtree(made, ignore_errors=True)
    every = initial_cluster({one: shape.peer_url(one) for one in shape.members})
    done = subprocess.run(  # noqa: S603  fixed flags, names that the program chose
        [
            *(tool, "snapshot", "restore", str(file), f"--data-dir={made}"),
            *(f"--name={member}", f"--initial-advertise-peer-urls={shape.peer_url(member)}"),
            *(f"--initial-cluster={every}", f"--initial-cluster-token={shape.domain}"),
            *(f"--bump-revision={bump}", "--mark-compacted"),
        ],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RestoreError(f"{tool} can't restore {name}: {done.stderr.strip().splitlines()[-1:]}")
    before = volume / "before-restore"
    if data.exists():
        shutil.rmtree(before, ignore_errors=True)
        data.rename(before)
    made.rename(data)
    mark.write_text(name)
    file.unlink()
    return True
