import stat
from pathlib import Path

import pytest

from tools.cluster.files import write


def test_same_content_and_mode_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    assert write(path, "text")
    assert not write(path, "text")
    assert write(path, "text", 0o600)
    assert write(path, "other", 0o600)
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("other", 0o600)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    write(path, "old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="No space"):
        patched.setattr("tools.cluster.files.os.fsync", full)
        write(path, "new")
    assert path.read_text() == "old"
    assert write(path, "new")  # what the failed one left is in nobody's way
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
