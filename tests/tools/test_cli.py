"""The command line as a user meets it: help, errors, the lock, clean-up."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools import down, lock, toolset
from tools.cli import COMMANDS, parser
from tools.paths import ROOT
from tools.process import ToolError


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_help_is_the_default_and_names_every_target() -> None:
    done = make()
    assert done.returncode == 0
    for target in ("up", "down", "status", "test", "preview", "lint", "bench", "clean", "help", "output", "tools"):
        assert f"make {target} " in done.stdout


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["up", "CONTEXT=mine", "STACK=dev", "VERBOSE=1"], '--stack "dev" --context "mine" --verbose'),
        (["up", "VERBOSE=0"], 'up --stack "dev"'),
        (["down", "KEEP=1"], 'down --stack "dev" --keep'),
        (["output", "NAME=endpoint"], 'output --stack "dev" endpoint'),
    ],
)
def test_variables_of_make_become_options(arguments: list[str], command: str) -> None:
    assert make("-n", *arguments).stdout.split("python3 -m tools ")[1].strip().endswith(command)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        parser().parse_args([command, "--help"])
    assert COMMANDS[command].split(";")[0][:30] in " ".join(capsys.readouterr().out.split())


def test_the_first_python_needs_the_standard_library_only() -> None:
    code = "import sys; sys.path.insert(0, '.'); import tools.cli; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert set(done.stdout.split()) <= {*sys.stdlib_module_names, "tools", "__main__"}


def test_one_command_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "LOCK", tmp_path / "lock")
    with lock.alone("up"), pytest.raises(ToolError, match=r"`up` \(process \d+\) is running here"), lock.alone("down"):
        pass
    with lock.alone("down"):
        pass


def test_a_program_is_built_with_what_it_needs() -> None:
    assert [step.name for step in toolset.named(["kubelet"])] == ["go", "kubernetes"]
    assert [step.name for step in toolset.named(["plugins"])] == ["go", "pulumi", "plugins"]
    with pytest.raises(ValueError, match="nothing builds kubelot"):
        toolset.named(["kubelot"])


def test_mounts_below_a_folder_are_found() -> None:
    table = "36 35 98:0 / /here/inside\\040it rw - ext4 /dev/a rw\n37 35 98:0 / /hereafter rw - ext4 /dev/b rw\n"
    assert down.mounts(Path("/here"), table) == ["/here/inside it"]
