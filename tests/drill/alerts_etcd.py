"""Faults of etcd, its keeper and its bucket, and of the watching itself, each with the alerts that it must fire."""

import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from itertools import count
from pathlib import Path

from autoglm_etcd.cluster import Cluster
from autoglm_etcd.connection import EtcdError
from autoglm_etcd.keeper.keep import Duties, Keeper, Metrics
from autoglm_etcd.keeper.shape import METRICS_PORT
from autoglm_etcd.keys import Keys
from prometheus_client import CollectorRegistry, start_http_server

from components.platform.monitoring import receivers
from components.platform.monitoring.receivers import Receiver
from components.platform.monitoring.rules import Severity
from components.platform.monitoring.scrape import SecretKey
from components.platform.monitoring.watched import Watched
from tests.catalogue import fleet as fleets
from tests.catalogue.fleet import Fleet
from tests.drill.rows import Row
from tests.drill.watching import Watch, watching
from tests.harness import etcd, members, prometheus
from tests.harness.members import Members

_SNAPSHOT = 5  # seconds between two; the alert is on twice as long
_ROUND = 1.0  # seconds between two of the keeper's
_WATCHED = Watched(
    stack="t",
    serving="t-serving",
    gateway="t-gateway",
    etcd="t-etcd",
    keeper="t-etcd-keeper",
    own=True,
    servers=0,
    members=3,
    snapshot_seconds=_SNAPSHOT,
)
_QUOTA = 16 * 1024 * 1024
_VALUE = b"x" * 200_000
_PAUSES = 12  # of a member, amid its writes
_PAUSED = 0.9  # seconds, of which a write that was under way took as long
_UNRULY = {"name": "unruly", "rules": [{"record": "twice", "expr": "up * on() group_left() up"}]}


def etcd_and_watching(folder: Path) -> list[Row]:
    """What etcd does not get over is last."""
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        cluster = stack.enter_context(members.running(folder / "etcd", quota=_QUOTA))
        away = stack.enter_context(prometheus.alertmanager(folder, _to_nobody(folder)))
        addresses = [f"{cluster.address(number)}:{METRICS_PORT}" for number in cluster.numbers]
        alertmanager = away.url.removeprefix("http://")
        store = stack.enter_context(etcd.running(folder / "catalogue", size=1))
        fleet = stack.enter_context(fleets.running(store, folder / "fleet"))
        fleet.version("1")
        fleet.version("2", refuses="its weights are another model's")
        fleet.serve(1)
        assert fleet.rolled_out("1")[0] == 0
        jobs = {
            _WATCHED.serving: [f"127.0.0.1:{server.port}" for server in fleet.servers],
            _WATCHED.etcd: addresses,
            str(_WATCHED.keeper): [stack.enter_context(_keeper(cluster))],
            "t-alertmanager": [alertmanager],
        }
        made = watching(folder / "watch", _WATCHED, jobs, alertmanager=alertmanager, more=[_UNRULY])
        watch = stack.enter_context(made)
        return [
            watch.fires("all is well", ["Watchdog"], None),
            watch.fires("certificates end within hours", ["EtcdCertificateExpires"], None),
            watch.fires("a receiver that is away", ["AlertsNotDelivered"], None),
            watch.fires("a rule that can't be computed", ["RulesFail"], None),
            watch.fires("a version that can't be loaded", ["RolloutFailed"], lambda: _roll_out(fleet)),
            *_of_members(watch, cluster),
            *_of_space(watch, cluster),
            *_of_quorum(watch, cluster),
        ]


def _roll_out(fleet: Fleet) -> None:
    code, said = fleet.rolled_out("2")
    assert code == 1, said


def _of_members(watch: Watch, cluster: Members) -> Iterator[Row]:
    with cluster.connect() as connection:
        known = Cluster(connection)

        def elect() -> None:
            for _ in range(6):
                leader = cluster.leader()
                follower = cluster.endpoints[(leader + 1) % 3]
                known.move_leader(cluster.endpoints[leader], known.status(follower).id)
                time.sleep(1.2)  # each is to be seen

        yield watch.fires("leaders change, and change", ["EtcdLeaderChanges"], elect)
        with _writing(cluster):
            slow = (cluster.leader() + 1) % 3
            yield watch.fires("a member's disk stands still", ["EtcdDiskSlow"], lambda: _stall(cluster, slow))

    def lose_bucket() -> None:
        (cluster.store).rename(cluster.folder / "away")
        (cluster.store).touch()

    yield watch.fires("a bucket that takes nothing", ["EtcdUpkeepFails", "EtcdSnapshotOld"], lose_bucket)


def _stall(cluster: Members, number: int) -> None:
    """The process is stopped amid its writes, so that those take as long as it is."""
    for _ in range(_PAUSES):
        cluster.send(number, signal.SIGSTOP)
        time.sleep(_PAUSED)
        cluster.send(number, signal.SIGCONT)
        time.sleep(0.05)


def _of_space(watch: Watch, cluster: Members) -> Iterator[Row]:
    """Every key is another one: there is nothing that the keeper could take away."""
    with cluster.connect() as connection:
        keys, known, numbers = Keys(connection), Cluster(connection), count()

        def fill() -> None:
            while max(status.size for status in known.statuses(cluster.endpoints).values()) < 0.81 * _QUOTA:
                keys.put(f"/full/{next(numbers)}", _VALUE)

        def overflow() -> None:
            while True:
                try:
                    keys.put(f"/full/{next(numbers)}", _VALUE)
                except EtcdError as error:
                    if "database space exceeded" in str(error):
                        return

        yield watch.fires("a store that is nearly full", ["EtcdQuotaNear"], fill)
        yield watch.fires("a store that is full", ["EtcdAlarm"], overflow)


def _of_quorum(watch: Watch, cluster: Members) -> Iterator[Row]:
    yield watch.fires("a member dies", ["EtcdMemberMissing"], lambda: cluster.kill(0))
    yield watch.fires("two members are dead", ["EtcdQuorumLost", "EtcdNoLeader"], lambda: cluster.kill(1))


@contextmanager
def _writing(cluster: Members) -> Iterator[None]:
    ended = threading.Event()
    with cluster.connect() as connection:
        keys = Keys(connection)

        def write() -> None:
            while not ended.is_set():
                with suppress(EtcdError):
                    keys.put("/busy", b"1")

        threads = [threading.Thread(target=write) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            ended.set()
            for thread in threads:
                thread.join()


@contextmanager
def _keeper(cluster: Members) -> Iterator[str]:
    """The keeper's rounds, each second; the address of its figures."""
    registry, ended = CollectorRegistry(), threading.Event()
    server, serving = start_http_server(0, "127.0.0.1", registry)
    duties = Duties(snapshot_every=timedelta(seconds=_SNAPSHOT), snapshots_kept=timedelta(seconds=_SNAPSHOT))
    with cluster.connect() as connection:
        keeper = Keeper(
            connection,
            cluster.shape,
            duties,
            cluster.snapshots,
            Metrics(registry),
            founded=cluster.found,
            say=lambda _: None,
        )
        thread = threading.Thread(target=keeper.run, args=(lambda _: ended.wait(_ROUND),))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            ended.set()
            thread.join()
            server.shutdown()
            server.server_close()
            serving.join()


def _to_nobody(folder: Path) -> dict[str, object]:
    """The region's configuration, in a hurry, to a webhook that nobody listens at."""
    address = SecretKey(name="receivers", key="url")
    made = receivers.config({severity: Receiver(type="webhook", address=address) for severity in Severity})
    for route in made["route"]["routes"]:
        route |= {"group_wait": "0s", "group_interval": "1s"}
    text = json.dumps(made).replace(f"{receivers.SECRETS_FOLDER}/{address}", str(folder / "url"))
    (folder / "url").write_text("http://127.0.0.1:1/")
    found: dict[str, object] = json.loads(text)
    return found
