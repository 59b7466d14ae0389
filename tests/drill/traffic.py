"""Steady traffic of clients that each talk to one member and go on to the next when it fails: all of it recorded."""

import contextlib
import random
import threading
import time
from collections.abc import Iterator, Sequence

from autoglm_etcd import keys
from autoglm_etcd.connection import Connection, Credentials, EtcdError
from autoglm_etcd.keys import Keys

from tests.drill.history import History, Operation

CLIENTS = 4
KEYS = 4
FRESH = 5.0  # seconds until other keys are taken: a call without an answer may have happened at any time since, so
# the orders to look through double with each that a key has seen
PAUSE = 0.02  # seconds between two calls of a client: steady, not as many as there can be
TIMEOUT = 1.0  # seconds; a client that waits for a paused member any longer loses what the others have long again


class Traffic:
    """Puts, reads and swaps on a few keys of its own under `/drill/`. A call that failed is not repeated: its outcome
    is unknown, and a repetition that is done twice would look like a fault of the store."""

    def __init__(self, endpoints: Sequence[str], credentials: Credentials) -> None:
        self.history = History()
        self._endpoints, self._credentials = endpoints, credentials
        self._prefix, self._began = f"/drill/{time.time_ns()}", time.monotonic()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._client, args=(number,)) for number in range(CLIENTS)]
        self.trouble: list[BaseException] = []

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)
        if self.trouble:
            raise self.trouble[0]

    def next_write(self, after: int, patience: float = 60.0) -> float:
        """Seconds from this moment (ns) to the end of the first write that was begun after it and done.

        Raises TimeoutError.
        """
        end = time.monotonic() + patience
        while time.monotonic() < end:
            done = [one.returned for one in self.history.all() if one.wrote and one.call > after and one.returned]
            if done:
                return (min(done) - after) / 1e9
            time.sleep(0.02)
        raise TimeoutError(f"no write was done for {patience:.0f} s")

    def _client(self, number: int) -> None:
        try:
            with contextlib.ExitStack() as held:
                made = [Connection([one], self._credentials, timeout=TIMEOUT) for one in self._endpoints]
                opened = [held.enter_context(one) for one in made]
                self._run(number, opened)
        except BaseException as error:  # told by stop(), on the thread that can do something about it
            self.trouble.append(error)

    def _run(self, number: int, connections: Sequence[Connection]) -> None:
        chance = random.Random(number)  # noqa: S311  what it asks, not what it keeps secret
        place, seen = number, dict[str, str]()
        for count in range(10**9):
            if self._over.wait(PAUSE):
                return
            key = f"{self._prefix}/{(time.monotonic() - self._began) // FRESH:.0f}/{chance.randrange(KEYS)}"
            kind = chance.choices(("put", "get", "swap"), (4, 4, 2))[0]
            asked = Operation(
                client=number,
                key=key,
                kind=kind,
                value="" if kind == "get" else f"{number}-{count}",
                expected=seen.get(key, "") if kind == "swap" else "",
                call=time.monotonic_ns(),
                returned=None,
            )
            answer = _ask(connections[place % len(connections)], asked)
            self.history.add(answer)
            if answer.returned is None:
                place += 1
            elif answer.kind == "get":
                seen[key] = answer.found
            elif answer.wrote:
                seen[key] = answer.value


def _ask(connection: Connection, asked: Operation) -> Operation:
    found, succeeded = "", False
    store = Keys(connection)
    try:
        if asked.kind == "get":
            read = store.get(asked.key)
            found = read.value.decode() if read else ""
        elif asked.kind == "put":
            store.put(asked.key, asked.value.encode())
        else:
            expected = keys.equals(asked.key, asked.expected.encode()) if asked.expected else keys.absent(asked.key)
            succeeded = store.transact([expected], [keys.put(asked.key, asked.value.encode())]).succeeded
    except EtcdError:
        return asked
    return Operation(**{**vars(asked), "found": found, "succeeded": succeeded, "returned": time.monotonic_ns()})


@contextlib.contextmanager
def flowing(endpoints: Sequence[str], credentials: Credentials) -> Iterator[Traffic]:
    """Traffic for the length of a `with` block; raises what its clients did not expect."""
    traffic = Traffic(endpoints, credentials)
    traffic.start()
    try:
        traffic.next_write(0)
        yield traffic
    finally:
        traffic.stop()
