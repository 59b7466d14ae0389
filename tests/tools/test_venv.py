"""What pip is told before there is uv, and when an environment is made again."""

from pathlib import Path

import pytest

from tools import venv
from tools.process import ToolError

LOCK = (
    "ruff==1 \\\n    --hash=sha256:a\n"
    "uv==0.13.8 \\\n    --hash=sha256:b \\\n    --hash=sha256:c\n"
    "uvicorn==2 \\\n    --hash=sha256:d\n"
)


def test_uv_is_taken_with_all_its_hashes_and_nothing_else() -> None:
    assert venv.pinned("uv", LOCK) == "uv==0.13.8 \\\n    --hash=sha256:b \\\n    --hash=sha256:c\n"
    assert "--hash=" in venv.pinned("uv", venv.LOCK.read_text())


def test_a_lock_without_uv_is_refused() -> None:
    with pytest.raises(ToolError, match="pins no uv"):
        venv.pinned("uv", "uvicorn==2\n")


def test_an_environment_is_current_until_a_lock_changes(tmp_path: Path) -> None:
    lock, folder = tmp_path / "lock", tmp_path / "venv"
    lock.write_text(LOCK)
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch()
    assert not venv.is_current(folder, [lock])
    (folder / "lock.sha256").write_text(venv._key([lock]))
    assert venv.is_current(folder, [lock])
    lock.write_text(LOCK + "more==1\n")
    assert not venv.is_current(folder, [lock])
