"""Steps run after what they need, side by side as memory and cores allow, and stop at the first failure."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from tools.process import ToolError, run
from tools.steps import Clock, Step, run_steps


class Trace:
    """What ran when, and how many at most at the same time."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.now, self.most = 0, 0
        self.guard = threading.Lock()
        self.lines: list[str] = []

    def step(self, name: str, needs: Sequence[str] = (), memory: float = 0.1, heavy: bool = False) -> Step:
        def work(_log: Path) -> str:
            with self.guard:
                self.now += 1
                self.most = max(self.most, self.now)
            threading.Event().wait(0.05)
            with self.guard:
                self.now -= 1
                self.order.append(name)
            return "done"

        return Step(name=name, run=work, needs=needs, memory=memory, heavy=heavy)

    def run(self, *steps: Step, logs: Path, memory: float = 8) -> None:
        run_steps(steps, memory=memory, logs=logs, clock=Clock(self.lines.append))


def test_needs_come_first_and_each_step_says_its_time(tmp_path: Path) -> None:
    trace = Trace()
    trace.run(trace.step("c", ["b"]), trace.step("b", ["a"]), trace.step("a"), logs=tmp_path)
    assert trace.order == ["a", "b", "c"]
    assert [line.split("] ")[1].split(" (")[0] for line in trace.lines] == ["a: done", "b: done", "c: done"]


def test_steps_run_side_by_side_while_memory_lasts(tmp_path: Path) -> None:
    plenty, tight = Trace(), Trace()
    plenty.run(*(plenty.step(str(n), memory=2) for n in range(3)), logs=tmp_path, memory=8)
    tight.run(*(tight.step(str(n), memory=2) for n in range(3)), logs=tmp_path, memory=3)
    assert (plenty.most, tight.most) == (3, 1)


def test_one_heavy_step_at_a_time_in_the_order_of_the_list(tmp_path: Path) -> None:
    trace = Trace()
    trace.run(*(trace.step(str(n), heavy=True) for n in range(4)), logs=tmp_path)
    assert trace.most == 1
    assert trace.order == ["0", "1", "2", "3"]


def test_a_step_that_needs_more_than_there_is_runs_alone(tmp_path: Path) -> None:
    trace = Trace()
    trace.run(trace.step("large", memory=99), trace.step("small"), logs=tmp_path, memory=1)
    assert trace.most == 1


def test_a_failure_names_the_step_and_ends_the_programs_of_others(tmp_path: Path) -> None:
    trace = Trace()
    failing = Step(name="bad", run=lambda log: run(["sh", "-c", "sleep 0.2; echo why >&2; exit 1"], log=log))
    endless = Step(name="endless", run=lambda log: run(["sleep", "600"], log=log))
    with pytest.raises(ToolError, match=r"(?s)bad: sh ended with 1.*why"):
        trace.run(failing, endless, trace.step("never", ["bad"]), logs=tmp_path)
    assert trace.order == []


@pytest.mark.parametrize(
    ("needs", "message"), [({"a": ["b"], "b": ["a"]}, "need each other"), ({"a": ["x"]}, "no step is")]
)
def test_a_graph_that_cannot_run_is_refused(tmp_path: Path, needs: dict[str, list[str]], message: str) -> None:
    trace = Trace()
    with pytest.raises(ValueError, match=message):
        trace.run(*(trace.step(name, need) for name, need in needs.items()), logs=tmp_path)
