import os
import signal
import time
from pathlib import Path

import pytest

from tools.cluster import init
from tools.cluster.init import FIRST_DELAY, LOG_LIMIT, LONGEST_DELAY, SHORT_LIFE, Supervised


def supervised(*argv: str) -> Supervised:
    return Supervised("p", ["/bin/sh", "-c", *argv], waits_for_api=False)


def test_a_process_writes_to_its_log_with_the_given_environment_and_open_signals(tmp_path: Path) -> None:
    process = supervised("echo $WORD; grep -E 'Sig(Blk|Ign)' /proc/self/status; exit 3")
    log = tmp_path / "p.log"
    process.start(log, {"WORD": "hello"})
    assert (process.state, process.pid is not None) == ("running", True)
    _, status = os.waitpid(process.pid or 0, 0)
    process.ended(status)
    text = log.read_text()
    assert text.startswith("hello\n")
    masks = [int(line.split()[1], 16) for line in text.splitlines()[1:]]
    assert masks[0] == 0
    assert not masks[1] & 1 << signal.SIGPIPE - 1
    assert log.stat().st_mode & 0o777 == 0o600
    assert (process.state, process.pid, process.restarts, process.last_exit) == ("backoff", None, 1, "exit code 3")


def test_the_signal_that_ended_a_process_is_named() -> None:
    process = supervised("")
    process.ended(int(signal.SIGKILL))
    assert process.last_exit == "signal SIGKILL"


def test_a_program_that_is_not_there_is_tried_again(tmp_path: Path) -> None:
    process = Supervised("p", [str(tmp_path / "gone")], waits_for_api=False)
    process.start(tmp_path / "p.log", {})
    assert (process.state, process.pid, process.restarts) == ("backoff", None, 1)
    assert "No such file" in process.last_exit


def test_a_record_that_cannot_be_written_does_not_end_the_node(tmp_path: Path) -> None:
    init.Init({"folder": str(tmp_path / "gone"), "generation": "g", "processes": []}).record()


def test_short_lives_wait_longer_each_time_and_a_long_life_forgives() -> None:
    process = supervised("")
    delays = []
    for _ in range(8):
        process.since, process.state = time.time(), "running"
        process.ended(256)
        delays.append(process.delay)
    assert delays[:3] == [2 * FIRST_DELAY, 4 * FIRST_DELAY, 8 * FIRST_DELAY]
    assert delays[-1] == LONGEST_DELAY
    process.since, process.state = time.time() - SHORT_LIFE - 1, "running"
    process.ended(256)
    assert process.delay == FIRST_DELAY


def test_a_long_log_is_put_aside(tmp_path: Path) -> None:
    log = tmp_path / "p.log"
    with log.open("wb") as file:
        file.truncate(LOG_LIMIT + 1)
    process = supervised("echo new")
    process.start(log, {})
    os.waitpid(process.pid or 0, 0)
    assert log.read_text() == "new\n"
    assert (tmp_path / "p.log.1").stat().st_size == LOG_LIMIT + 1


def test_a_node_that_cannot_be_made_says_why_in_its_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_plan: object) -> None:
        raise init.SetupError("kernel feature CONFIG_X: not there")

    monkeypatch.setattr(init, "prepare", refuse)
    plan = {"folder": str(tmp_path), "generation": "g", "processes": []}
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    try:
        assert init.Init(plan).run() == 1
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    assert '"problem": "kernel feature CONFIG_X: not there"' in (tmp_path / "state.json").read_text()
