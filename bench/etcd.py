"""Writes to our etcd against a bare one, by etcd's own benchmark: what TLS, users and our settings cost.

Both are three members of the same etcd on this machine, with the same heartbeat, quota and compaction. Ours speak
mutual TLS and know users; the bare ones speak neither. Sides take turns, so that what else the machine does meets both.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "serving")]

import pulumi as pulumi  # noqa: E402  the whole SDK, before a stand-in makes do with parts of it
from autoglm_etcd.cluster import Users  # noqa: E402
from autoglm_etcd.keeper.config import ELECTION_MS, HEARTBEAT_MS  # noqa: E402

from tests.harness import members  # noqa: E402
from tests.harness.apiserver import program  # noqa: E402
from tests.harness.ports import free_ports  # noqa: E402

LEAST = 0.9  # of the bare side's writes/s, and of its P99 turned round
QUOTA = 2 * 1024**3  # bytes
_KEY, _VALUE = 32, 256  # bytes: a model's version in the catalogue
_SHAPES = ((1, 1), (8, 64))  # connections and clients: one that waits for each write, and as many as a fleet


@dataclass(frozen=True)
class Figures:
    """`p99` in milliseconds."""

    writes: float
    p99: float


Side = Callable[[int, int, int], Figures]


@contextmanager
def ours(folder: Path) -> Iterator[Side]:
    with members.running(folder, quota=QUOTA) as cluster:
        with cluster.connect() as connection:
            users = Users(connection)
            users.add("root", "root")
            users.enable()
        made = cluster.credentials
        flags = (f"--cacert={made.ca}", f"--cert={made.certificate}", f"--key={made.key}")
        yield lambda conns, clients, total: _measure(cluster.endpoints, conns, clients, total, flags)


@contextmanager
def bare(folder: Path) -> Iterator[Side]:
    ports = free_ports(6)
    peers = ",".join(f"m{number}=http://127.0.0.1:{ports[number + 3]}" for number in range(3))
    folder.mkdir()
    running = [_begin(folder, f"m{number}", ports[number], ports[number + 3], peers) for number in range(3)]
    try:
        endpoints = [f"http://127.0.0.1:{port}" for port in ports[:3]]
        yield lambda conns, clients, total: _measure(endpoints, conns, clients, total)
    finally:
        for process in running:
            process.kill()
            process.wait()


def _begin(folder: Path, name: str, port: int, peer_port: int, peers: str) -> subprocess.Popen[bytes]:
    client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}"
    argv = [
        *(str(program("etcd")), f"--name={name}", f"--data-dir={folder / name}"),
        *(f"--listen-client-urls={client}", f"--advertise-client-urls={client}"),
        *(f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}", f"--initial-cluster={peers}"),
        *(f"--quota-backend-bytes={QUOTA}", "--auto-compaction-mode=periodic", "--auto-compaction-retention=1h"),
        *(f"--heartbeat-interval={HEARTBEAT_MS}", f"--election-timeout={ELECTION_MS}"),
    ]
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(argv, stdout=log, stderr=log)


def _measure(endpoints: list[str], conns: int, clients: int, total: int, flags: tuple[str, ...] = ()) -> Figures:
    argv = [
        *(str(program("etcd-benchmark")), "put", "--sequential-keys", f"--endpoints={','.join(endpoints)}"),
        *(f"--conns={conns}", f"--clients={clients}", f"--total={total}", f"--key-space-size={total}"),
        *(f"--key-size={_KEY}", f"--val-size={_VALUE}", *flags),
    ]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=600)
    if done.returncode or "Error distribution" in done.stdout:
        raise SystemExit(f"{' '.join(argv)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    writes = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    p99 = re.search(r"99% in ([\d.]+) secs", done.stdout)
    assert writes and p99, done.stdout  # noqa: S101  etcd's own format
    return Figures(float(writes[1]), float(p99[1]) * 1000)


def _show(clients: int, mine: list[Figures], plain: list[Figures]) -> bool:
    """One line: medians, and the median of each turn's ratio."""
    writes = median(one.writes / other.writes for one, other in zip(mine, plain, strict=True))
    p99 = median(other.p99 / one.p99 for one, other in zip(mine, plain, strict=True))
    print(
        f"{clients:7}  {median(one.writes for one in mine):9.0f}  {median(one.writes for one in plain):9.0f}"
        f"  {writes:5.2f}  {median(one.p99 for one in mine):9.1f}  {median(one.p99 for one in plain):9.1f}  {p99:5.2f}",
        flush=True,
    )
    return writes >= LEAST


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=5, help="of each side (default: %(default)s)")
    parser.add_argument("--writes", type=int, default=200, help="by each client in a turn (default: %(default)s)")
    options = parser.parse_args()
    if options.writes < 200:
        parser.error(f"--writes: of {options.writes} there is no slowest hundredth: at least 200")
    kept = True
    print("clients  ours /s    bare /s    ratio  ours P99   bare P99   ratio   (ms; ratio of P99: bare/ours)")
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        ours(Path(folder) / "ours") as mine,
        bare(Path(folder) / "bare") as plain,
    ):
        for side in (mine, plain):
            side(8, 8, 200)  # what is made at first use
        for conns, clients in _SHAPES:
            total = options.writes * clients
            turns = [(mine(conns, clients, total), plain(conns, clients, total)) for _ in range(options.turns)]
            kept &= _show(clients, [turn[0] for turn in turns], [turn[1] for turn in turns])
    print(f"writes/s: {'at least' if kept else 'LESS than'} {LEAST} of the bare side's")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
