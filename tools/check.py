"""`make test`: every check, the cheap ones first; a failing one ends the run and shows its log."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

from tools import golang, machine, toolset, venv
from tools.paths import BIN, LOG, ROOT, TOOLS, VENV
from tools.process import stream
from tools.steps import Clock, Step, run_steps

SERVING = ROOT / "serving"
SERVING_VENV = TOOLS / "serving-venv"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """`programs` are looked for in the virtual environment first, `go` where `make tools` found it. `turn`: neighbours
    of one turn run side by side, since each keeps one core busy and waits for nothing. `memory`: GiB at its peak."""

    name: str
    argv: Sequence[str]
    folder: Path = ROOT
    python: Path = VENV / "bin" / "python"
    turn: str = ""
    memory: float = 1.0


LINT = (
    Stage(name="ruff check", argv=("python", "-m", "ruff", "check", ".")),
    Stage(name="ruff format", argv=("python", "-m", "ruff", "format", "--check", ".")),
)
STAGES = (
    *LINT,
    Stage(name="mypy", argv=("python", "-m", "mypy"), turn="one core", memory=5.0),
    Stage(
        name="unit tests",
        argv=("python", "-m", "pytest", "-q", "-m", "not integration and not e2e"),
        turn="one core",
    ),
    Stage(
        name="serving mypy",
        argv=("python", "-m", "mypy"),
        folder=SERVING,
        python=SERVING_VENV / "bin" / "python",
        turn="one core",
    ),
    Stage(
        name="serving tests",
        argv=("python", "-m", "pytest", "-q"),
        folder=SERVING,
        python=SERVING_VENV / "bin" / "python",
    ),
    Stage(name="go tests", argv=("go", "test", "./agent/..."), folder=golang.MODULES / "cluster"),
    Stage(name="go tests of the drill", argv=("go", "test", "./linearizable/..."), folder=golang.MODULES / "drill"),
    Stage(name="integration tests", argv=("python", "-m", "pytest", "-q", "-m", "integration")),
    Stage(name="end-to-end tests", argv=("python", "-m", "pytest", "-q", "-x", "tests/e2e")),
)


def serving_environment(log: Path) -> str:
    """The model server's own environment, with torch, which nothing else here needs."""
    return venv.ensure(log, SERVING_VENV, (SERVING / "requirements.lock", SERVING / "requirements-test.lock"))


def preparation() -> list[Step]:
    """What the tests find under `.tools`."""
    return [*toolset.everything(), Step(name="serving packages", run=serving_environment, memory=1.0)]


def drill() -> list[Step]:
    """What the drill runs: members of etcd, model servers without torch's weights, Envoy, the judge of histories."""
    return [*toolset.drill(), Step(name="serving packages", run=serving_environment, memory=1.0)]


def run(stages: Sequence[Stage], clock: Clock, *, verbose: bool, words: Sequence[str] = ()) -> None:
    """Runs the stages whose names hold one of `words`, or all. Raises ToolError at the first failure."""
    chosen = [stage for stage in stages if not words or any(word in stage.name for word in words)]
    for _, turn in groupby(chosen, key=lambda stage: stage.turn or stage.name):
        steps = [
            Step(name=stage.name, run=partial(_run, stage, verbose=verbose), memory=stage.memory) for stage in turn
        ]
        clock.line(f"{', '.join(step.name for step in steps)} …")
        if len(steps) > 1:
            run_steps(steps, memory=machine.free_memory(), logs=LOG, clock=clock)
            continue
        began = time.monotonic()
        said = steps[0].run(LOG / f"{steps[0].name.replace(' ', '-')}.log")  # in the foreground: Ctrl-C is for it
        clock.line(f"{steps[0].name}: {said} ({time.monotonic() - began:.1f} s)")


def _run(stage: Stage, log: Path, *, verbose: bool) -> str:
    """Shows what it says as it says it, or once it has failed."""
    lines: list[str] = []

    def show(line: str) -> None:
        lines.append(line)
        if verbose:
            print(line, flush=True)

    program = {"python": str(stage.python), "go": golang.go(log)}[stage.argv[0]]
    environment = {**os.environ, "PATH": f"{BIN}:{VENV / 'bin'}:{os.environ.get('PATH', os.defpath)}"}
    try:
        stream([program, *stage.argv[1:]], log=log, env=environment, cwd=stage.folder, show=show)
    except BaseException:
        if not verbose:
            print("\n".join(f"    {line}" for line in lines), flush=True)
        raise
    return _last(lines)


def _last(lines: Sequence[str]) -> str:
    """What a passing stage says last, which is its summary."""
    said = [line for line in lines if line.strip()]
    return said[-1].strip("= ") if said else "passed"
