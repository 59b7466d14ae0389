"""`python3 -m autoglm_catalogue {rollout,show,promote}`: which version of a model a fleet serves."""

import argparse
import dataclasses
import json
import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from autoglm_catalogue import fleet, folder, promotion
from autoglm_catalogue.connect import connect
from autoglm_catalogue.driver import Driver, RolloutFailed, RolloutLost
from autoglm_catalogue.judge import Checks
from autoglm_catalogue.plan import Canary, Plan
from autoglm_etcd import config_map
from autoglm_etcd.connection import Connection, EtcdError
from autoglm_etcd.keys import Keys

ENDPOINTS = "AUTOGLM_ETCD_ENDPOINTS"


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 done; 1 rolled back, or something is at fault that another try would meet again; 2 the command line
    is at fault; 75 (EX_TEMPFAIL) etcd or the cluster's API is, or 143 it was told to end: try again."""
    arguments = _parser().parse_args(argv)
    # As process 1 of a container, a signal without a handler would be ignored. Leaving by an exception gives the
    # lease back, so that servers unload at once what was being tried.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        return int(arguments.run(arguments))
    except (EtcdError, RolloutLost, OSError) as error:
        _say(f"error: {error}")
        return os.EX_TEMPFAIL
    except (RolloutFailed, promotion.Superseded, folder.FolderError, ValueError) as error:
        _say(f"error: {error}")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="autoglm_catalogue", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    way = argparse.ArgumentParser(add_help=False)
    way.add_argument(
        "--endpoints",
        default=os.environ.get(ENDPOINTS, ""),
        help=f"etcd's client URLs, separated by commas (default: {ENDPOINTS})",
    )
    way.add_argument("--tls", type=Path, help="folder of ca.crt, tls.crt and tls.key; none for http:// endpoints")

    rollout = commands.add_parser("rollout", parents=[way], help="bring a version to active, or roll it back and fail")
    rollout.add_argument("--model", required=True, help="name that clients ask for")
    rollout.add_argument("--version", required=True, help="semantic, or an integer")
    rollout.add_argument("--source", required=True, help="its folder, as the servers and this command see it")
    rollout.add_argument("--sha256", default="", help="what its SHA256SUMS must have (default: what it has)")
    rollout.add_argument("--at-least", type=int, default=1, help="replicas that must be ready (default: %(default)s)")
    rollout.add_argument("--ready-seconds", type=float, default=Plan.ready_seconds, help="to load it (%(default)s)")
    rollout.add_argument("--observe-seconds", type=float, default=Plan.observe_seconds, help="after it (%(default)s)")
    rollout.add_argument("--check-seconds", type=float, default=Plan.check_seconds, help="between looks (%(default)s)")
    rollout.add_argument("--steps", default="100", help="per cent of requests, as 5,25,50,100 (default: %(default)s)")
    rollout.add_argument("--step-seconds", type=float, default=Canary.step_seconds, help="of each (%(default)s)")
    rollout.add_argument("--failures", type=int, default=Canary.failures, help="failed checks in a row (%(default)s)")
    rollout.add_argument("--error-rate", type=float, default=Checks.error_rate, help="that may fail (%(default)s)")
    rollout.add_argument("--p95-ratio", type=float, default=Checks.p95_ratio, help="to the stable one (%(default)s)")
    rollout.add_argument("--least-requests", type=int, default=Checks.least_requests, help="of a look (%(default)s)")
    rollout.add_argument("--region", default="", help="must be the promoted one, where any is (default: not asked)")
    rollout.add_argument("--weights", default="", help="ConfigMap with the gateway's weights, to be patched")
    rollout.set_defaults(run=_rollout)

    show = commands.add_parser("show", parents=[way], help="print what the catalogue holds of a model, as JSON")
    show.add_argument("--model", required=True)
    show.set_defaults(run=_show)

    promote = commands.add_parser("promote", parents=[way], help="make a region the promoted one; prints its token")
    promote.add_argument("--region", required=True)
    promote.add_argument("--over", type=int, help="token that was seen (default: the one that is there)")
    promote.set_defaults(run=_promote)
    return parser


def _rollout(arguments: argparse.Namespace) -> int:
    found = folder.read(Path(arguments.source))
    if arguments.sha256 and arguments.sha256 != found.sha256:
        raise ValueError(f"--sha256: {arguments.source} has {found.sha256}, not {arguments.sha256}: copy it again")
    plan = Plan(
        model=arguments.model,
        version=arguments.version,
        source=arguments.source,
        sha256=found.sha256,
        size=found.size,
        at_least=arguments.at_least,
        ready_seconds=arguments.ready_seconds,
        observe_seconds=arguments.observe_seconds,
        check_seconds=arguments.check_seconds,
        region=arguments.region,
        canary=Canary(
            steps=tuple(int(step) for step in arguments.steps.split(",")),
            step_seconds=arguments.step_seconds,
            failures=arguments.failures,
            checks=Checks(
                error_rate=arguments.error_rate,
                p95_ratio=arguments.p95_ratio,
                least_requests=arguments.least_requests,
            ),
        ),
    )
    weigh = partial(_weigh, arguments.weights) if arguments.weights else None
    with _connect(arguments) as connection:
        Driver(connection, plan, _say, weigh).run()
    return 0


def _weigh(name: str, candidate: int) -> None:
    """As the gateway's Envoy reads them: see components/envoy_traffic.py."""
    config_map.patch(name, {"traffic.serving": str(100 - candidate), "traffic.candidate": str(candidate)})


def _connect(arguments: argparse.Namespace) -> Connection:
    if not arguments.endpoints:
        raise ValueError(f"--endpoints is missing: give etcd's client URLs, or set {ENDPOINTS}")
    return connect(arguments.endpoints, arguments.tls)


def _show(arguments: argparse.Namespace) -> int:
    with _connect(arguments) as connection:
        found = fleet.ask(arguments.model, Keys(connection))
    print(json.dumps(dataclasses.asdict(found), indent=2))
    return 0


def _promote(arguments: argparse.Namespace) -> int:
    with _connect(arguments) as connection:
        keys = Keys(connection)
        seen = promotion.current(keys)
        if arguments.over is not None:
            seen = dataclasses.replace(seen, token=arguments.over)
        print(promotion.promote(keys, arguments.region, seen).token)
    return 0


def _say(line: str) -> None:
    """JSON lines, as the other programs of the stack log."""
    print(json.dumps({"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "message": line}), flush=True)
