"""Tells the fleet what this replica makes of its versions and how they answer; its lease says that it lives."""

import dataclasses
import json
import threading
from collections.abc import Callable, Mapping
from typing import Final

from autoglm_catalogue import records
from autoglm_catalogue.records import Replica
from autoglm_catalogue.traffic import Traffic
from autoglm_etcd.connection import Connection, EtcdError
from autoglm_etcd.keys import Keys
from autoglm_etcd.lease import Lease
from autoglm_serving import logs

LEASE_SECONDS: Final = 10
"""A replica that is gone without a word counts so long as alive."""
_PERIOD: Final = 1.0


class Reporter:
    """One thread; each key is written when its content has changed, and anew after a lease was lost."""

    def __init__(
        self, connection: Connection, model: str, replica: str, traffic: Callable[[], Mapping[str, Traffic]]
    ) -> None:
        self._connection, self._traffic = connection, traffic
        self._replica_key, self._traffic_key = records.replica(model, replica), records.traffic(model, replica)
        self._standing = Replica()
        self._written: dict[str, bytes] = {}
        self._lease: Lease | None = None
        self._wake, self._closed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="reporter", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def tell(self, standing: Replica) -> None:
        self._standing = standing
        self._wake.set()

    def close(self) -> None:
        """The replica no longer counts as alive. Any number of times."""
        self._closed.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=LEASE_SECONDS)

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                self._report()
            except EtcdError as error:
                logs.warning("the catalogue can't be told of this replica now; tried again", error=str(error))
            self._wake.wait(_PERIOD)
            self._wake.clear()
        if self._lease is not None:
            self._lease.close()

    def _report(self) -> None:
        """Raises EtcdError."""
        lease = self._lease
        if lease is None:
            lease = self._lease = Lease(self._connection, LEASE_SECONDS, on_loss=self._forget)
            self._written = {}
        told = {version: dataclasses.asdict(one) for version, one in self._traffic().items()}
        news = {self._replica_key: records.write(self._standing), self._traffic_key: json.dumps(told).encode()}
        for key, value in news.items():
            if self._written.get(key) != value:
                Keys(self._connection).put(key, value, lease.id)
                self._written[key] = value

    def _forget(self) -> None:
        self._lease = None
        self._wake.set()
