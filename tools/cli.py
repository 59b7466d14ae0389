"""The commands, their options and their help. Standard library only, until the virtual environment is there."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType

from tools import credentials, lock, machine, preflight, venv, where
from tools.cluster_choice import Found, Kind, choose
from tools.paths import LOG, TOOLS
from tools.process import ToolError, end_children
from tools.steps import Clock

BEGAN = "TOOLS_BEGAN"  # monotonic seconds at which the run began, handed to the Python of the virtual environment
INTERRUPTED = 130  # exit code of a shell's command that Ctrl-C ended

COMMANDS = {
    "up": "find or build what is needed, start a cluster, run pulumi up, ask the model",
    "down": "destroy the stack and stop the cluster; says what is kept",
    "status": "the machine, the tools, the cluster's processes, the stack; exit code 1 unless the cluster is well",
    "preview": "what `up` would change and cost, and whether the rules allow it; needs no cluster, root or account",
    "output": "one output of the stack, secrets in clear; all of them, secrets hidden, without a name",
    "build": "find or build the programs named, or all: pulumi and its plugins, etcd, Kubernetes, CoreDNS, …",
    "test": "every check, or those stages whose name holds one of the words given",
    "lint": "ruff check and ruff format --check",
    "drill": "faults on purpose under traffic, each with what was promised beside what was found; arguments after `--`",
    "bench": "the figures of the stack's life, each beside its limit",
    "loadtest": "the real client's requests against a stack that is up, with a report; arguments after `--`",
    "clean": "stop the cluster and remove .tools/",
    "pulumi": "pulumi with the stack's backend, passphrase and configuration; its arguments after `--`",
}
TAKE_AWAY = ("down", "clean")


def main(arguments: Sequence[str]) -> int:
    """The exit code. An error is one message without a traceback; Ctrl-C ends what was begun and gives 130."""
    options = parser().parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):  # which a shell has background jobs ignore, and they their children
        signal.signal(number, _interrupt)
    clock = Clock(_line, float(os.environ.get(BEGAN) or time.monotonic()))
    try:
        return _run(options, list(arguments), clock)
    except ToolError as problem:
        return _leave(f"error: {problem}", 1)
    except PermissionError as problem:
        return _leave(f"error: {_not_ours(problem)}", 1)
    except KeyboardInterrupt:
        end_children()
        return _leave("interrupted; the same command takes up where this one ended", INTERRUPTED)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python3 -m tools", description="Builds and runs the stack on this machine.")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    by_name = {name: commands.add_parser(name, help=text, description=text) for name, text in COMMANDS.items()}
    for name in ("up", "down", "status", "preview", "output", "pulumi", "loadtest"):
        all_of_them = ", or `all`" if name == "preview" else ""
        by_name[name].add_argument(
            "--stack", default="dev", help=f"one of stacks/*.yaml{all_of_them} (default: %(default)s)"
        )
    for name in ("up", "preview"):
        by_name[name].add_argument("--context", help="a context of your kubeconfig, instead of a cluster made here")
    for name in ("up", "test"):
        by_name[name].add_argument("--verbose", action="store_true", help="show what otherwise only the logs have")
    for name in ("--diff", "--verbose"):
        by_name["preview"].add_argument(name, dest="diff", action="store_true", help="show the engine's own diff, too")
    by_name["down"].add_argument("--keep", action="store_true", help="leave the cluster running")
    by_name["output"].add_argument("name", nargs="?", help="endpoint, apiKey or model")
    by_name["build"].add_argument("names", nargs="*", metavar="NAME", help="a program, such as kubelet")
    by_name["test"].add_argument("words", nargs="*", metavar="WORD", help="such as unit, serving, go, end")
    for name in ("bench", "drill", "loadtest", "pulumi"):
        by_name[name].add_argument("arguments", nargs="*", help="after `--`")
    return made


def _run(options: argparse.Namespace, arguments: list[str], clock: Clock) -> int:
    quiet = options.command in ("output", "pulumi", "status", "lint")
    if BEGAN not in os.environ:
        if options.command == "up":
            _preflight(options, clock)
        os.environ[BEGAN] = repr(time.monotonic())
        if options.command in TAKE_AWAY and not venv.PYTHON.exists():
            clock.line("nothing was made here yet")
            return 0
        if not venv.is_current():
            with lock.alone(options.command):
                began = time.monotonic()
                if not quiet:
                    clock.line("Python packages …")
                note = venv.ensure(LOG / "venv.log")
                if not quiet:
                    clock.line(f"Python packages: {note} ({time.monotonic() - began:.1f} s)")
        venv.enter(arguments)
    del os.environ[BEGAN]
    from tools import commands

    run: Callable[[argparse.Namespace, Clock], int] = getattr(commands, options.command)
    return run(options, clock)


def _preflight(options: argparse.Namespace, clock: Clock) -> None:
    """Reports, and raises ToolError if something stands in the way, before anything is changed."""
    if clouds := where.clouds(options.stack):
        credentials.refuse(options.stack, clouds)
        return
    facts = machine.collect(preflight.PORTS)
    for line in preflight.report(facts):
        _line(line)
    found = Found(
        context=options.context,
        embedded_runs=facts.embedded_runs,
        kind="kind" in facts.programs,
        docker=facts.docker,
        root=facts.root,
    )
    try:
        if options.context is None and where.names_a_cluster(options.stack):
            what, why = Kind.OWN, f"stacks/{options.stack}.yaml names it"
        else:
            what, why = choose(found)
    except ToolError:
        if options.context is None and _may_name_a_cluster(options.stack):
            what, why = Kind.OWN, f"Pulumi.{options.stack}.yaml may name it"
        else:
            raise
    _line(f"cluster   {what.value}: {why}")
    findings = preflight.check(facts, what)
    for finding in findings:
        _line(str(finding))
    if errors := sum(finding.error for finding in findings):
        raise ToolError(f"{errors} to put right first; nothing was changed")


def _may_name_a_cluster(stack: str) -> bool:
    from tools.paths import ROOT

    config = ROOT / f"Pulumi.{stack}.yaml"
    return config.exists() and "cluster:" in config.read_text()


def _line(text: str) -> None:
    print(text, flush=True)


def _not_ours(problem: PermissionError) -> str:
    """Files that another user, such as root with `sudo make up`, has made here."""
    file = str(problem.filename or "")
    if os.geteuid() != 0 and file.startswith(str(TOOLS)):
        return (
            f"{file} belongs to another user, as after `sudo make up`: go on with sudo, "
            f"or take it over: sudo chown -R $(id -un) {TOOLS}"
        )
    return f"{file or problem}: {problem.strerror or 'permission denied'}; make it accessible to this user"


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _leave(message: str, code: int) -> int:
    """Ends at once: steps that still run in threads are as well cut off as by SIGKILL, which the next run repairs."""
    sys.stdout.flush()
    print(message, file=sys.stderr, flush=True)
    os._exit(code)
