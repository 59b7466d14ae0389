"""What hadolint says of the Containerfile."""

import subprocess
import sysconfig
from pathlib import Path

import pytest
from harness import PACKAGE_ROOT

HADOLINT = Path(sysconfig.get_path("scripts")) / "hadolint"


def lint(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([HADOLINT, "--no-color", path], capture_output=True, text=True)


def test_hadolint_finds_no_fault_in_any_target():
    found = lint(PACKAGE_ROOT / "Containerfile")
    assert (found.stdout, found.returncode) == ("", 0)


@pytest.mark.parametrize(
    ("line", "rule"),
    [("RUN curl -s https://example.com/install | sh", "DL4006"), ("FROM debian:latest", "DL3007")],
)
def test_it_would_find_one(tmp_path: Path, line: str, rule: str):
    path = tmp_path / "Containerfile"
    path.write_text(f"FROM docker.io/library/debian:12\n{line}\n")
    found = lint(path)
    assert rule in found.stdout
    assert found.returncode == 1
