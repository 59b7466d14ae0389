"""What each command does; one function a command. Runs in the virtual environment."""

import json
import os
import subprocess
import sys
from argparse import Namespace

from tools import check, contexts, lock, machine, preflight, regions, toolset
from tools import down as taking_down
from tools import status as state
from tools import up as bringing_up
from tools.cluster_choice import Kind, forget_stopped, target
from tools.paths import LOG, ROOT, STATE
from tools.process import ToolError
from tools.quiet import Quiet
from tools.stack import Stack
from tools.steps import Clock, run_steps


def up(options: Namespace, clock: Clock) -> int:
    region = regions.load(options.stack)
    facts = machine.collect(preflight.PORTS)
    to = bringing_up.pick(region, facts, options.context)
    with lock.alone("up"):
        run = bringing_up.Up(region=region, target=to, facts=facts, clock=clock, verbose=options.verbose)
        outputs = run.run()
    stack = "" if options.stack == "dev" else f" STACK={options.stack}"
    clock.line(f"ready: {outputs['endpoint']} serves {outputs['model']}; its key: make -s output NAME=apiKey{stack}")
    return 0


def down(options: Namespace, clock: Clock) -> int:
    with lock.alone("down"):
        taking_down.down(Stack(options.stack), keep=options.keep, clock=clock, show=Quiet(bringing_up.show))
    return 0


def status(options: Namespace, clock: Clock) -> int:
    return 0 if state.show_all(Stack(options.stack), bringing_up.show) else 1


def preview(options: Namespace, clock: Clock) -> int:
    _prepare(options, clock)
    forget_stopped()
    stack = Stack(options.stack)
    clock.line(f"pulumi preview: stack {stack.name}")
    return subprocess.run(stack.argv("preview", "--diff"), env=stack.environment(), cwd=ROOT).returncode


def pulumi(options: Namespace, clock: Clock) -> int:
    stack = Stack(options.stack)
    if not stack.config.exists():
        _prepare(options, Clock(lambda _line: None))
    forget_stopped()
    os.execvpe(stack.argv()[0], stack.argv(*options.arguments), stack.environment())  # noqa: S606


def _prepare(options: Namespace, clock: Clock) -> None:
    """The engine, and a stack whose configuration names the cluster of the last `up`, or the one that it would make."""
    region = regions.load(options.stack)
    stack = Stack(options.stack)
    with lock.alone(options.command):
        run_steps(toolset.pulumi(), memory=machine.free_memory(), logs=LOG, clock=clock)
        if stack.config.exists():
            below = stack.overlay()
        else:
            context = getattr(options, "context", None)
            found = contexts.find(context) if context else None
            to = target(
                Kind.OWN if found else Kind.EMBEDDED,
                "",
                kubeconfig=found[0] if found else None,
                context=found[1] if found else None,
            )
            below = bringing_up.overlay(to, {})
        stack.prepare(region.with_overlay(below))


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


def clean(options: Namespace, clock: Clock) -> int:
    with lock.alone("clean"):
        stacks = [Stack(path.name.split(".")[1]) for path in STATE.glob("Pulumi.*.yaml")]
        taking_down.clean(stacks, clock)
    return 0
