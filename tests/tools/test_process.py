"""Programs that the tools start: their errors, their ends, Ctrl-C, and the death of who started them."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.waiting import until
from tools.paths import ROOT
from tools.process import ToolError, run


def test_output_is_returned_and_logged(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert run(["sh", "-c", "echo said; echo wrong >&2"], log=log) == "said\n"
    assert {"said", "wrong"} <= set(log.read_text().splitlines())


def test_a_failure_shows_the_end_of_the_log(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"sh ended with 3\n(.*\n)*.*the reason"):
        run(["sh", "-c", "echo the reason >&2; exit 3"], log=tmp_path / "log")


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="no-such-program: no such program"):
        run(["no-such-program"], log=tmp_path / "log")


def test_a_program_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    with pytest.raises(ToolError, match="not done after"):
        run(["sh", "-c", f"sleep 600 & echo $! > {note}; wait"], log=tmp_path / "log", timeout=0.5)
    until(lambda: ended(int(note.read_text())), "the program ends")


def test_ctrl_c_reaches_the_program_once_and_waits_for_it(tmp_path: Path) -> None:
    begun = start(
        tmp_path,
        "stream",
        "trap 'echo cleaning; sleep 0.3; echo clean; exit 1' INT; echo ready; while :; do sleep 0.1; done",
    )
    wait_for(tmp_path / "log", "ready")
    begun.send_signal(signal.SIGINT)
    assert begun.wait(30) == 42  # KeyboardInterrupt
    assert (tmp_path / "log").read_text().splitlines()[-2:] == ["cleaning", "clean"]


@pytest.mark.parametrize(("function", "said"), [("run", "begun"), ("stream", "cleaning")])
def test_sigkill_of_the_tools_leaves_no_program(tmp_path: Path, function: str, said: str) -> None:
    """`run` kills; `stream` interrupts, so that an update can be cancelled."""
    note = tmp_path / "pid"
    said_so = f"echo $$ > {note}; echo begun > {tmp_path}/said"
    script = f"trap 'echo cleaning >> {tmp_path}/said; exit' INT; {said_so}; while :; do sleep 0.1; done"
    begun = start(tmp_path, function, script)
    wait_for(tmp_path / "said", "begun")
    begun.kill()
    begun.wait()
    until(lambda: ended(int(note.read_text())), "the program ends")
    assert (tmp_path / "said").read_text().splitlines()[-1] == said


def start(folder: Path, function: str, script: str) -> subprocess.Popen[bytes]:
    options = "env=dict(os.environ), cwd=Path('/'), show=lambda line: None" if function == "stream" else ""
    code = (
        f"import os, sys\nfrom pathlib import Path\nfrom tools.process import {function}\n"
        f"try: {function}(['sh', '-c', {script!r}], log=Path({str(folder / 'log')!r}), {options})\n"
        "except KeyboardInterrupt: sys.exit(42)\n"
    )
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)


def wait_for(file: Path, text: str) -> None:
    until(lambda: file.exists() and text in file.read_text(), f"{file} holds {text!r}")


def ended(pid: int) -> bool:
    """A zombie that nobody waits for has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] == "Z"
    except OSError:
        return True
