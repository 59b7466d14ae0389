"""A lease: keys that are held with it are gone some seconds after its holder is."""

import threading
import time
from collections.abc import Callable
from typing import Final

import grpc

from autoglm_etcd.connection import Connection, EtcdError
from autoglm_etcd.messages import message

_RENEWALS: Final = 3  # within its time to live, so that one may fail


class Lease:
    """Kept alive by a thread until closed. `on_loss` is called once, on that thread, when it is gone before: whatever
    was held with it belongs to nobody now, or to another."""

    def __init__(self, connection: Connection, ttl: int, on_loss: Callable[[], None] = lambda: None) -> None:
        """`ttl` in seconds. Raises EtcdError."""
        self._connection, self.ttl, self._on_loss = connection, ttl, on_loss
        self.id = int(connection.call("Lease/LeaseGrant", TTL=ttl).ID)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Give it back: its keys are gone at once, if a member can be reached, and else with its time."""
        self._closed.set()
        self._thread.join(timeout=self.ttl)
        try:
            self._connection.call("Lease/LeaseRevoke", ID=self.id)
        except EtcdError:
            return

    def _keep(self) -> None:
        until = time.monotonic() + self.ttl
        while not self._closed.wait(self.ttl / _RENEWALS):
            asked = time.monotonic()
            left = self._renew()
            if left is not None:
                # Counted from before the question: the member began to count after it.
                until = asked + left
            if left == 0 or time.monotonic() >= until:
                self._on_loss()
                return

    def _renew(self) -> int | None:
        """Seconds that it has from now on; 0 when it is gone, None when nobody answers."""
        asked = iter([message("LeaseKeepAliveRequest")(ID=self.id)])
        try:
            call = self._connection.stream("Lease/LeaseKeepAlive", asked)
        except EtcdError:
            return None
        timer = threading.Timer(self.ttl / _RENEWALS, call.cancel)
        timer.start()
        try:
            return max(0, int(next(call).TTL))
        except (grpc.RpcError, StopIteration):
            self._connection.move_on()
            return None
        finally:
            timer.cancel()
