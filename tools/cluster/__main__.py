"""`python -m tools.cluster {start,stop,status,wipe,shell,kubectl}`: the embedded cluster by hand."""

import argparse
import os
import sys
from collections.abc import Sequence

from tools.cluster.errors import ClusterError
from tools.cluster.host import enter, find_init
from tools.cluster.lifecycle import kubectl, start, stop, wipe
from tools.cluster.settings import DEFAULTS, RANGES, ClusterSettings
from tools.cluster.state import status, table
from tools.images import MissingInput, build
from tools.paths import LOG
from tools.process import ToolError

COMMANDS = {
    "start": "bring the cluster up, or repair it; does nothing to one that is well",
    "stop": "end it; its data stays",
    "status": "which process runs, was restarted, is down; exit code 1 unless all is well",
    "wipe": "end it and remove its data",
    "shell": "a shell inside the node's namespaces, or the command after `--`",
    "kubectl": "kubectl as the cluster's administrator, with the arguments after `--`",
}


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    end = given.index("--") if "--" in given else len(given)
    options, rest = parser().parse_args(given[:end]), given[end + 1 :]
    try:
        settings = ClusterSettings.load(options.name, **{field: getattr(options, field) for field in RANGES})
        return run(settings, options.command, rest)
    except (ToolError, MissingInput) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """Without what follows `--`."""
    lines = "\n".join(f"  {name:9}{text}" for name, text in COMMANDS.items())
    made = argparse.ArgumentParser(
        prog="python -m tools.cluster",
        usage="%(prog)s COMMAND [--name NAME] [--…-range CIDR] [-- ARGUMENT …]",
        description=f"A Kubernetes node in namespaces of its own; needs root.\n\n{lines}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("command", choices=COMMANDS)
    made.add_argument("--name", default="dev", help="of the cluster; two names run side by side (default: %(default)s)")
    for field in RANGES:
        made.add_argument(f"--{field.replace('_', '-')}", metavar="CIDR", help=f"(default: {DEFAULTS[field]})")
    return made


def run(s: ClusterSettings, command: str, arguments: Sequence[str]) -> int:
    if command == "start":
        LOG.mkdir(parents=True, exist_ok=True)
        start(s, list(build(("pause", "coredns", "metrics-server"), LOG / "images.log").values()))
    elif command == "stop":
        stop(s)
    elif command == "wipe":
        wipe(s)
    elif command == "status":
        state = status(s)
        print(table(state))
        return 0 if state.healthy else 1
    elif command == "kubectl":
        os.execv(kubectl(s)[0], [*kubectl(s), *arguments])  # noqa: S606
    else:
        shell(s, arguments or [os.environ.get("SHELL", "/bin/sh")])
    return 0


def shell(s: ClusterSettings, arguments: Sequence[str]) -> None:
    init = find_init(s)
    if init is None:
        raise ClusterError(f"cluster {s.name!r} does not run; start it first")
    argv = [*enter(init, "mount", "net", "pid", "uts"), *arguments]
    os.execvp(argv[0], argv)  # noqa: S606


if __name__ == "__main__":
    sys.exit(main())
