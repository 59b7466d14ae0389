"""`make test`: every check, the cheap ones first; a failing one ends the run and shows its log."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import golang, toolset, venv
from tools.paths import BIN, LOG, ROOT, TOOLS, VENV
from tools.process import stream
from tools.steps import Clock, Step

SERVING = ROOT / "serving"
SERVING_VENV = TOOLS / "serving-venv"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """`programs` are looked for in the virtual environment first, `go` where `make tools` found it."""

    name: str
    argv: Sequence[str]
    folder: Path = ROOT
    python: Path = VENV / "bin" / "python"


LINT = (
    Stage(name="ruff check", argv=("python", "-m", "ruff", "check", ".")),
    Stage(name="ruff format", argv=("python", "-m", "ruff", "format", "--check", ".")),
)
STAGES = (
    *LINT,
    Stage(name="mypy", argv=("python", "-m", "mypy")),
    Stage(name="unit tests", argv=("python", "-m", "pytest", "-q", "-m", "not integration and not e2e")),
    Stage(
        name="serving mypy",
        argv=("python", "-m", "mypy"),
        folder=SERVING,
        python=SERVING_VENV / "bin" / "python",
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
    for stage in stages:
        if words and not any(word in stage.name for word in words):
            continue
        began = time.monotonic()
        clock.line(f"{stage.name} …")
        lines: list[str] = []
        try:
            _run(stage, (lambda line: print(line, flush=True)) if verbose else lines.append)
        except BaseException:
            for line in lines:
                print(f"    {line}")
            sys.stdout.flush()
            raise
        clock.line(f"{stage.name}: {_last(lines)} ({time.monotonic() - began:.1f} s)")


def _run(stage: Stage, show: Callable[[str], None]) -> None:
    log = LOG / f"test-{stage.name.replace(' ', '-')}.log"
    program = {"python": str(stage.python), "go": golang.go(log)}[stage.argv[0]]
    environment = {**os.environ, "PATH": f"{BIN}:{VENV / 'bin'}:{os.environ.get('PATH', os.defpath)}"}
    stream([program, *stage.argv[1:]], log=log, env=environment, cwd=stage.folder, show=show)


def _last(lines: Sequence[str]) -> str:
    """What a passing stage says last, which is its summary."""
    said = [line for line in lines if line.strip()]
    return said[-1].strip("= ") if said else "passed"
