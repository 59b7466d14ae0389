"""`python -m tests.drill`: every fault in turn, as a table; exit code 1 where a promise was not kept."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.drill.alerts_etcd import etcd_and_watching
from tests.drill.alerts_servers import servers_and_gateway
from tests.drill.disaster import disaster
from tests.drill.elections import elections
from tests.drill.quorum import disk, quorum, upgrade
from tests.drill.rows import Row, table
from tests.drill.servers import servers
from tests.drill.space import space
from tests.drill.strangers import strangers
from tests.harness import members


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.drill", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--kills", type=int, default=20, help="of etcd's leader (default: %(default)s)")
    parser.add_argument("--pauses", type=int, default=10, help="of etcd's leader (default: %(default)s)")
    parser.add_argument(
        "--hang-seconds",
        type=float,
        default=25,
        help="of a model server: past its health checks (default: %(default)s)",
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # by way of what ends the processes
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(PARTS)}")
    rows: list[Row] = []
    for part in options.parts or PARTS:
        with tempfile.TemporaryDirectory(prefix="drill-") as folder:
            for said in PARTS[part](Path(folder), options):
                rows += said
                print(*table(said), "", sep="\n", flush=True)
    kept = sum(row.passed for row in rows)
    print(f"{kept} of {len(rows)} promises kept")
    return 0 if kept == len(rows) else 1


def _etcd(folder: Path, options: argparse.Namespace) -> Iterator[list[Row]]:
    """One cluster through all of it, so that it is met in the state that the fault before has left."""
    (kept := folder / "histories").mkdir()
    with members.running(folder / "cluster") as cluster:
        yield strangers(cluster, folder)  # from then on with users, as in production
        yield elections(cluster, kept, kills=options.kills, pauses=options.pauses)
        yield upgrade(cluster, kept)
        yield quorum(cluster, kept)
        yield disk(cluster, kept)
        yield disaster(cluster)
    yield space(folder)


def _servers(folder: Path, options: argparse.Namespace) -> Iterator[list[Row]]:
    yield servers(folder, hang_seconds=options.hang_seconds)


def _alerts(folder: Path, _options: argparse.Namespace) -> Iterator[list[Row]]:
    yield servers_and_gateway(folder / "servers")
    yield etcd_and_watching(folder / "etcd")


PARTS: dict[str, Callable[[Path, argparse.Namespace], Iterator[list[Row]]]] = {
    "etcd": _etcd,
    "servers": _servers,
    "alerts": _alerts,
}


if __name__ == "__main__":
    sys.exit(main())
