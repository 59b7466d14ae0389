"""What happens to the keys of a prefix, without a gap: over dead members, lost connections and compactions."""

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import grpc

from autoglm_etcd.connection import Connection, EtcdError, Refused
from autoglm_etcd.keys import Keys, KeyValue, Listing, prefix_end
from autoglm_etcd.messages import message

_PAUSE: Final = 0.5  # seconds before the next member is asked; an election takes one or two
_DELETE: Final = 1  # Event.EventType


@dataclass(frozen=True, kw_only=True)
class Change:
    """One key's change at `revision`; without a value it is gone."""

    key: str
    revision: int
    value: KeyValue | None


class Watch:
    """Iterate over it: first a Listing, then each Change; and a Listing again when changes in between are lost to a
    compaction, which stands for all that was before. `close` it from any thread."""

    def __init__(
        self, connection: Connection, prefix: str, *, on_trouble: Callable[[str], None] = lambda reason: None
    ) -> None:
        self._connection, self._prefix, self._on_trouble = connection, prefix, on_trouble
        self._closed = threading.Event()
        self._call: Any = None

    def close(self) -> None:
        self._closed.set()
        if self._call is not None:
            self._call.cancel()

    def __iter__(self) -> Iterator[Listing | Change]:
        """Ends when closed. Raises Refused where this client may not read the prefix."""
        revision: int | None = None
        while not self._closed.is_set():
            try:
                if revision is None:
                    listing = Keys(self._connection).list(self._prefix)
                    revision = listing.revision
                    yield listing
                for changes, seen in self._changes(revision + 1):
                    yield from changes
                    revision = seen
            except _Compacted:
                revision = None
            except Refused:
                raise
            except EtcdError as error:
                self._on_trouble(str(error))
                self._connection.move_on()
                self._closed.wait(_PAUSE)

    def _changes(self, start: int) -> Iterator[tuple[list[Change], int]]:
        """Changes, and the revision up to which they are all told. Raises EtcdError when the stream has ended."""
        create = message("WatchCreateRequest")(
            key=self._prefix.encode(), range_end=prefix_end(self._prefix), start_revision=start, progress_notify=True
        )
        requests: queue.SimpleQueue[Any] = queue.SimpleQueue()  # stays open: an end of requests would end the watch
        requests.put(message("WatchRequest")(create_request=create))
        self._call = self._connection.stream("Watch/Watch", iter(requests.get, None))
        try:
            for response in self._call:
                if response.canceled:
                    if response.compact_revision:
                        raise _Compacted
                    raise _ended(response.cancel_reason)
                yield [_change(event) for event in response.events], max(start - 1, response.header.revision)
        except grpc.RpcError as error:
            if self._closed.is_set():
                return
            raise _ended(str(error.details())) from error
        finally:
            requests.put(None)
            self._call.cancel()
        if not self._closed.is_set():
            raise EtcdError("the member ended the watch")


class _Compacted(Exception):
    """The revision to go on from is no longer held."""


def _ended(reason: str) -> EtcdError:
    return Refused(reason) if "permission denied" in reason else EtcdError(reason)


def _change(event: Any) -> Change:
    gone = event.type == _DELETE
    return Change(
        key=event.kv.key.decode(), revision=event.kv.mod_revision, value=None if gone else KeyValue.read(event.kv)
    )
