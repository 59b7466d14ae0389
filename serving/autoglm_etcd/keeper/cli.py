"""`python3 -m autoglm_etcd.keeper {prepare,keep,snapshots}`: what members and the keeper's pod run."""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from autoglm_etcd.connection import Connection, EtcdError
from autoglm_etcd.keeper import founded
from autoglm_etcd.keeper.config import EVERYWHERE
from autoglm_etcd.keeper.prepare import Place, prepare
from autoglm_etcd.keeper.restore import RestoreError, restore
from autoglm_etcd.keeper.shape import Shape
from autoglm_etcd.keeper.snapshots import SnapshotError, Snapshots

METRICS_PORT = 2382


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 done, 1 something is at fault, 2 the command line is."""
    arguments = _parser().parse_args(argv)
    # As process 1 of a container, a signal without a handler would be ignored.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        return int(arguments.run(arguments))
    except (EtcdError, SnapshotError, RestoreError, ValueError, OSError) as error:
        _say(f"error: {error}")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="autoglm_etcd.keeper", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    shape = argparse.ArgumentParser(add_help=False)
    shape.add_argument("--cluster", default="etcd", help="the StatefulSet's name (default: %(default)s)")
    shape.add_argument("--domain", required=True, help="the headless Service's name and namespace: etcd.autoglm.svc")
    shape.add_argument("--members", type=int, required=True, help="how many there are to be")
    shape.add_argument("--address", default=Shape.address, help="form of a URL (default: %(default)s)")
    shape.add_argument("--tls", type=Path, default=Path("/etc/etcd/tls"), help="the administrator's ca.crt, tls.crt …")
    shape.add_argument("--restore", help="a snapshot to begin from, the same for all members and the keeper")
    store = argparse.ArgumentParser(add_help=False)
    store.add_argument("--store", help="where snapshots are: file:///folder, or s3://, oss:// or cos://bucket/prefix")
    store.add_argument("--store-region", default="", help="of the bucket")
    store.add_argument("--store-endpoint", help="URL of a store of one's own that speaks S3")

    member = commands.add_parser("prepare", parents=[shape, store], help="what a member does before etcd starts")
    member.add_argument("--name", required=True, help="of this member, its pod's")
    member.add_argument("--volume", type=Path, default=Path("/var/lib/etcd"), help="the member's own disk")
    member.add_argument("--founded", type=Path, default=Path("/etc/etcd/founded"), help="the mounted ConfigMap")
    member.add_argument("--listen", default=EVERYWHERE, help="address to listen on (default: %(default)s)")
    member.add_argument("--quota-bytes", type=int, required=True, help="of the database")
    member.add_argument("--member-tls", type=Path, help="the member's own ca.crt, tls.crt and tls.key (default: --tls)")
    member.add_argument("--etcdutl", default="etcdutl", help="etcd's tool for files (default: %(default)s)")
    member.set_defaults(run=_prepare)

    keeper = commands.add_parser("keep", parents=[shape, store], help="look after a cluster until told to end")
    keeper.add_argument("--founded-in", required=True, help="name of the ConfigMap that says the cluster was whole")
    keeper.add_argument("--users", type=json.loads, default={}, help="JSON: common name -> prefixes of keys")
    keeper.add_argument("--snapshot-minutes", type=int, default=60, help="between two (default: %(default)s)")
    keeper.add_argument("--keep-days", type=int, default=7, help="of snapshots (default: %(default)s)")
    keeper.add_argument("--metrics-port", type=int, default=METRICS_PORT, help="(default: %(default)s)")
    keeper.set_defaults(run=_keep)

    commands.add_parser("snapshots", parents=[store], help="list those that are whole").set_defaults(run=_snapshots)
    return parser


def _shape(arguments: argparse.Namespace) -> Shape:
    return Shape(name=arguments.cluster, domain=arguments.domain, size=arguments.members, address=arguments.address)


def _store(arguments: argparse.Namespace) -> Snapshots | None:
    if arguments.store is None:
        return None
    from autoglm_etcd.keeper import store

    return Snapshots(store.open_store(arguments.store, arguments.store_region, arguments.store_endpoint))


def _prepare(arguments: argparse.Namespace) -> int:
    shape = _shape(arguments)
    tls = arguments.member_tls or arguments.tls
    place = Place(volume=arguments.volume, founded=arguments.founded, tls=tls, client=arguments.tls)
    # A cluster that began from the snapshot has gone on since: a member that loses its disk joins it.
    if arguments.restore and founded.told(place.founded) != arguments.restore:
        _restore(arguments, shape, place)
    prepare(shape, arguments.name, place, quota_bytes=arguments.quota_bytes, say=_say, listen=arguments.listen)
    return 0


def _restore(arguments: argparse.Namespace, shape: Shape, place: Place) -> None:
    snapshots, name = _store(arguments), arguments.restore
    if snapshots is None:
        raise ValueError(f"--restore {name}: give --store, where that snapshot is")
    if restore(place.volume, place.data, snapshots, name, shape, arguments.name, arguments.etcdutl):
        _say(f"{arguments.name} restored from {name}")


def _keep(arguments: argparse.Namespace) -> int:
    from prometheus_client import CollectorRegistry, start_http_server

    from autoglm_etcd.keeper.keep import Duties, Keeper, Metrics

    shape = _shape(arguments)
    place = Place(volume=Path("/"), founded=Path("/"), tls=arguments.tls)
    duties = Duties(
        users={user: tuple(prefixes) for user, prefixes in arguments.users.items()},
        snapshot_every=timedelta(minutes=arguments.snapshot_minutes),
        snapshots_kept=timedelta(days=arguments.keep_days),
    )
    registry, over = CollectorRegistry(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    start_http_server(arguments.metrics_port, registry=registry)
    with Connection([shape.client_url(member) for member in shape.members], place.credentials) as connection:
        Keeper(
            connection,
            shape,
            duties,
            _store(arguments),
            Metrics(registry),
            founded=lambda: founded.tell(arguments.founded_in, arguments.restore or founded.NEW),
            say=_say,
        ).run(over.wait)
    return 0


def _snapshots(arguments: argparse.Namespace) -> int:
    snapshots = _store(arguments)
    if snapshots is None:
        raise ValueError("--store is missing: say where snapshots are")
    for snapshot in snapshots.whole():
        print(snapshot.name)
    return 0


def _say(line: str) -> None:
    """JSON lines, as the other programs of the stack log."""
    print(json.dumps({"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "message": line}), flush=True)
