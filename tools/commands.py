"""What each command does; one function a command. Runs in the virtual environment."""

import json
import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from tools import check, cloud, load_test, lock, machine, preflight, regions, toolset, trial, where
from tools import down as taking_down
from tools import preview as previewing
from tools import preview_all as previewing_all
from tools import status as state
from tools import up as bringing_up
from tools.cluster_choice import forget_stopped
from tools.paths import LOG, ROOT, STATE
from tools.process import ToolError
from tools.quiet import Quiet
from tools.stack import Stack
from tools.steps import Clock, Step, run_steps


def up(options: Namespace, clock: Clock) -> int:
    region = regions.load(options.stack)
    if clouds := where.clouds(options.stack):
        return _up_on_cloud(region, clouds, options, clock)
    facts = machine.collect(preflight.PORTS)
    to = bringing_up.pick(region, facts, options.context)
    with lock.alone("up"):
        run = bringing_up.Up(region=region, target=to, facts=facts, clock=clock, verbose=options.verbose)
        outputs = run.run()
    _ready(options.stack, outputs, clock)
    return 0


def _up_on_cloud(region: regions.Region, clouds: Sequence[str], options: Namespace, clock: Clock) -> int:
    show = bringing_up.show if options.verbose else Quiet(bringing_up.show)
    with lock.alone("up"):
        outputs = cloud.up(region, clouds, clock, show, bringing_up.write)
    _ready(options.stack, outputs, clock)
    return 0


def _ready(name: str, outputs: dict[str, Any], clock: Clock) -> None:
    if "model" not in outputs:
        clock.line(f"ready: {outputs.get('endpoint')}")
        return
    stack = "" if name == "dev" else f" STACK={name}"
    clock.line(f"ready: {outputs['endpoint']} serves {outputs['model']}; its key: make -s output NAME=apiKey{stack}")


def down(options: Namespace, clock: Clock) -> int:
    with lock.alone("down"):
        if clouds := where.clouds(options.stack):
            cloud.down(regions.load(options.stack), clouds, clock, Quiet(bringing_up.show))
            return 0
        taking_down.down(Stack(options.stack), keep=options.keep, clock=clock, show=Quiet(bringing_up.show))
    return 0


def status(options: Namespace, clock: Clock) -> int:
    return 0 if state.show_all(Stack(options.stack), bringing_up.show) else 1


def preview(options: Namespace, clock: Clock) -> int:
    if options.stack == "all":
        return _preview_all(clock)
    stack = _prepare(options, clock)
    forget_stopped()
    clock.line(f"pulumi preview: stack {stack.name}")
    if options.diff:
        shown = subprocess.run(stack.argv("preview", "--diff"), env=stack.environment(), cwd=ROOT).returncode
        if shown:
            return shown
    outcome = previewing.preview(regions.load(options.stack), stack, clock.line)
    for line in outcome.text():
        bringing_up.show(line)
    clock.line(f"preview: {'passed' if outcome.passed else 'the policy rules forbid it'}; nothing was made")
    return 0 if outcome.passed else 1


def _preview_all(clock: Clock) -> int:
    with lock.alone("preview"):
        run_steps(cloud.steps(where.CLOUDS), memory=machine.free_memory(), logs=LOG, clock=clock)
    forget_stopped()
    rows = previewing_all.preview_all(previewing_all.names(), clock, memory=machine.free_memory())
    for line in previewing_all.table(rows):
        bringing_up.show(line)
    return 0 if all(row.passed for row in rows) else 1


def pulumi(options: Namespace, clock: Clock) -> int:
    stack = Stack(options.stack)
    if not stack.config.exists():
        _prepare(options, Clock(lambda _line: None))
    forget_stopped()
    os.execvpe(stack.argv()[0], stack.argv(*options.arguments), stack.environment())  # noqa: S606


def _prepare(options: Namespace, clock: Clock) -> Stack:
    """The engine, and a stack whose configuration names the cluster of the last `up`, or the one that it would make.

    Another context is for this preview alone: the configuration is where `down` looks for the stack's cluster.
    """
    region = regions.load(options.stack)
    stack = Stack(options.stack)
    context = getattr(options, "context", None)
    with lock.alone(options.command):
        run_steps(_engine(options.stack), memory=machine.free_memory(), logs=LOG, clock=clock)
        if trial.is_private(region):
            stack.prepare(region.with_overlay(stack.overlay() if stack.config.exists() else trial.overlay(region)))
        else:
            stack.prepare(region.with_overlay({}))
        if context:
            return stack.configured_apart(region.with_overlay(trial.overlay(region, context)))
    return stack


def _engine(name: str) -> list[Step]:
    clouds = where.clouds(name)
    return cloud.steps(clouds) if clouds else toolset.pulumi()


def output(options: Namespace, clock: Clock) -> int:
    stack = Stack(options.stack)
    if not stack.config.exists() or not stack.exists():
        raise ToolError(f"stack {stack.name}: not made yet; `make up` makes it")
    if options.name is None:
        print(stack.ask("stack", "output"), end="")
        return 0
    outputs = stack.outputs()
    if options.name not in outputs:
        there = ", ".join(sorted(outputs)) or "none, as the stack is empty: `make up` fills it"
        raise ToolError(f"NAME: the stack has no output {options.name!r}; there are: {there}")
    value = outputs[options.name]
    print(value if isinstance(value, str) else json.dumps(value))
    return 0


def build(options: Namespace, clock: Clock) -> int:
    try:
        steps = toolset.named(options.names) if options.names else toolset.everything()
    except ValueError as problem:
        raise ToolError(str(problem)) from None
    with lock.alone("build"):
        run_steps(steps, memory=machine.free_memory(), logs=LOG, clock=clock)
    return 0


def test(options: Namespace, clock: Clock) -> int:
    with lock.alone("test"):
        run_steps(check.preparation(), memory=machine.free_memory(), logs=LOG, clock=clock)
    check.run(check.STAGES, clock, verbose=options.verbose, words=options.words)
    return 0


def lint(options: Namespace, clock: Clock) -> int:
    check.run(check.LINT, clock, verbose=False)
    return 0


def bench(options: Namespace, clock: Clock) -> int:
    return subprocess.run([sys.executable, ROOT / "bench" / "life.py", *options.arguments], cwd=ROOT).returncode


def drill(options: Namespace, clock: Clock) -> int:
    with lock.alone("drill"):
        run_steps(check.drill(), memory=machine.free_memory(), logs=LOG, clock=clock)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, check.SERVING)))}
    argv = [sys.executable, "-m", "tests.drill", *options.arguments]
    return subprocess.run(argv, cwd=ROOT, env=environment).returncode


def loadtest(options: Namespace, clock: Clock) -> int:
    return load_test.run(Stack(options.stack), options.arguments)


def clean(options: Namespace, clock: Clock) -> int:
    with lock.alone("clean"):
        stacks = [Stack(path.name.split(".")[1]) for path in STATE.glob("Pulumi.*.yaml")]
        taking_down.clean(stacks, clock)
    return 0
