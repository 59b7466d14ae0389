"""The stages of `make test`: those of one turn run side by side, a failing one shows what it said."""

import sys
from pathlib import Path

import pytest

from tools import check
from tools.check import Stage
from tools.process import ToolError
from tools.steps import Clock

# Says that it is there, and waits for the other.
MEET = """
import pathlib, sys, time
here, there = map(pathlib.Path, sys.argv[1:])
here.touch()
end = time.monotonic() + 60
while not there.exists():
    assert time.monotonic() < end, "the other one has not begun"
    time.sleep(0.01)
print("met")
"""


def stage(name: str, program: str, *arguments: Path, turn: str = "") -> Stage:
    argv = ("python", "-c", program, *map(str, arguments))
    return Stage(name=name, argv=argv, python=Path(sys.executable), turn=turn, memory=0.1)


@pytest.fixture(autouse=True)
def no_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(check.golang, "go", lambda log: "go")
    monkeypatch.setattr(check, "LOG", tmp_path)


def test_stages_of_one_turn_run_side_by_side_and_others_after_them(tmp_path: Path) -> None:
    said: list[str] = []
    one, two = tmp_path / "one", tmp_path / "two"
    stages = (
        stage("one", MEET, one, two, turn="both"),
        stage("two", MEET, two, one, turn="both"),
        stage("three", "print('alone')"),
    )
    check.run(stages, Clock(said.append), verbose=False)
    told = [line.partition("] ")[2].partition(" (")[0] for line in said]
    assert told[0] == "one, two …" and set(told[1:3]) == {"one: met", "two: met"}
    assert told[3:] == ["three …", "three: alone"]


@pytest.mark.parametrize("turn", ["", "both"])
def test_a_failing_stage_shows_what_it_said(tmp_path: Path, capsys: pytest.CaptureFixture[str], turn: str) -> None:
    stages = (
        stage("broken", "print('the reason'); raise SystemExit(1)", turn=turn),
        stage("other", "print('fine')", turn=turn),
    )
    with pytest.raises(ToolError, match="ended with 1"):
        check.run(stages, Clock(lambda _: None), verbose=False)
    assert "    the reason\n" in capsys.readouterr().out
