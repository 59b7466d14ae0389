"""`make clean`: nothing of ours stays, but for what opens secrets that are kept elsewhere."""

from pathlib import Path

import pytest

from tools import down
from tools.stack import PROJECT, Stack
from tools.steps import Clock


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as commands leave it, with two stacks, of which `dev` is in its own backend."""
    folder = tmp_path / "tools"
    state = folder / "state"
    for name, value in {"TOOLS": folder, "STATE": state, "CLUSTER": folder / "cluster", "BIN": folder / "bin"}.items():
        monkeypatch.setattr(down, name, value)
    monkeypatch.setattr("tools.stack.STATE", state)
    backend = state / ".pulumi" / "stacks" / PROJECT / "dev.json"
    kept = [state / "passphrase", state / "Pulumi.yaml", state / "Pulumi.dev.yaml", state / "Pulumi.west.yaml"]
    for file in (backend, *kept, folder / "bin" / "kubectl", folder / "log" / "pulumi-up.log"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    (folder / "bin" / "etcd").symlink_to("../build/etcd")
    return folder


def test_a_stack_in_the_users_backend_keeps_what_opens_its_secrets(tools: Path) -> None:
    said: list[str] = []
    down.clean([Stack("dev"), Stack("west")], Clock(said.append))
    left = {str(path.relative_to(tools)) for path in tools.rglob("*") if path.is_file()}
    assert left == {"state/passphrase", "state/Pulumi.yaml", "state/Pulumi.west.yaml"}
    assert any("secrets of west in your own backend" in line for line in said)


def test_without_one_nothing_stays(tools: Path) -> None:
    down.clean([Stack("dev")], Clock(lambda _line: None))
    assert not tools.exists()
