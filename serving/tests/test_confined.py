"""The server as a container has it: a read-only root, a user that nobody knows, no /dev/shm, and a full disk."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from harness import PACKAGE_ROOT, Server, client_request, png, running_server

USER = "1234567"
STAGE = "/media"
"""Hidden under a file system of the server's own mount namespace."""

ENTER = ("unshare", "--mount", "--propagation", "private")
SCRIPT = f"""
set -e
base=$1 site=$2 package=$3 model=$4
shift 5  # and the interpreter, which is where nobody but root may look
mount -t tmpfs -o mode=755 none {STAGE}
mkdir {STAGE}/base {STAGE}/site {STAGE}/package {STAGE}/model
mount --bind "$base" {STAGE}/base
mount --bind "$site" {STAGE}/site
mount --bind "$package" {STAGE}/package
mount --bind "$model" {STAGE}/model
mount -t tmpfs -o size=64k,mode=1777 none /tmp
head -c 1M /dev/zero > /tmp/fill 2>/dev/null || true
while umount -l /dev/shm 2>/dev/null; do :; done
mount -o remount,bind,ro {STAGE}
mount -o remount,bind,ro /
cd /
export HOME=/tmp LD_LIBRARY_PATH={STAGE}/base/lib PYTHONHOME={STAGE}/base
export PYTHONPATH={STAGE}/site:{STAGE}/package PYTHONDONTWRITEBYTECODE=1
exec setpriv --reuid {USER} --regid {USER} --clear-groups --no-new-privs --bounding-set=-all \\
  {STAGE}/base/bin/{Path(sys.executable).resolve().name} "$@"
"""


def may_enter() -> bool:
    if os.geteuid() != 0 or not Path("/dev/shm").is_mount():  # noqa: S108  looked at, not written to
        return False
    return subprocess.run([*ENTER, "mount", "-t", "tmpfs", "none", STAGE], capture_output=True).returncode == 0


@pytest.fixture
def confined(tiny_model: Path, tmp_path: Path):
    if not may_enter():
        pytest.skip("needs root, mount namespaces and a /dev/shm to take away")
    places = (sys.base_prefix, sysconfig.get_path("purelib"), str(PACKAGE_ROOT), str(tiny_model))
    launcher = (*ENTER, "sh", "-c", SCRIPT, "sh", *places)
    flags = ("--quarantine-file", "/tmp/quarantine")  # noqa: S108  the server's own /tmp
    with running_server(Path(STAGE) / "model", tmp_path / "log", *flags, launcher=launcher) as server:
        yield server


def test_it_answers_a_screenshot_and_drains_with_nothing_to_write_to(confined: Server):
    process = Path(f"/proc/{confined.process.pid}")
    assert process.stat().st_uid == int(USER)
    mounts = {line.split()[4]: line.split()[5] for line in (process / "mountinfo").read_text().splitlines()}
    assert mounts["/"].split(",")[0] == "ro"
    assert "/dev/shm" not in mounts  # noqa: S108  looked for, not written to
    response = confined.post(client_request(png(1080, 2400), max_tokens=5))
    assert response.status_code == 200
    assert response.text.endswith("data: [DONE]\n\n")
    told = [event for event in confined.events() if "quarantine's file" in event["event"]]
    assert [event["reason"] for event in told] == ["No space left on device"]
    assert confined.post(client_request(png(10, 10), max_tokens=5)).status_code == 200
