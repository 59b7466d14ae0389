"""The client against real members: keys, transactions, watches that go on, leases that end, users."""

import signal
import threading
import time

import pytest
from autoglm_etcd import keys
from autoglm_etcd.cluster import Cluster, Users
from autoglm_etcd.connection import Connection, EtcdError, Refused
from autoglm_etcd.keys import Keys, Listing
from autoglm_etcd.lease import Lease
from autoglm_etcd.watch import Change, Watch

from tests.harness.waiting import until

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def connection(shared):
    with shared.connect() as made:
        yield made


@pytest.fixture
def store(connection):
    return Keys(connection)


class Heard:
    """What a watch has told so far, on a thread of its own."""

    def __init__(self, watch):
        self.events = []
        self.ended = None
        self._watch = watch
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self):
        try:
            for event in self._watch:
                self.events.append(event)
        except EtcdError as error:
            self.ended = error

    def until(self, done):
        until(lambda: done(self.events), lambda: f"events as wanted, not {self.events}")

    def close(self):
        self._watch.close()
        self._thread.join(60)
        assert not self._thread.is_alive()


def test_a_key_is_put_read_and_deleted(store):
    first = store.put("/a/one", b"1")
    second = store.put("/a/one", b"2")
    found = store.get("/a/one")
    assert (found.value, found.created, found.revision, found.version) == (b"2", first, second, 2)
    assert store.delete("/a/one") == 1
    assert store.get("/a/one") is None


def test_a_listing_has_all_keys_of_its_prefix_and_no_other(store):
    for number in range(1203):
        store.put(f"/b/{number:04}", b"x")
    store.put("/b0", b"not in it")
    listing = store.list("/b/")
    assert [item.key for item in listing.items] == [f"/b/{number:04}" for number in range(1203)]
    assert store.delete("/b/", prefix=True) == 1203


def test_a_transaction_is_done_whole_or_not_at_all(store):
    done = store.transact([keys.absent("/c/one")], [keys.put("/c/one", b"1"), keys.put("/c/two", b"2")])
    assert done.succeeded
    assert not store.transact([keys.absent("/c/one")], [keys.put("/c/two", b"3")]).succeeded
    assert not store.transact([keys.unchanged("/c/one", done.revision - 1)], [keys.delete("/c/two")]).succeeded
    assert store.get("/c/two").value == b"2"
    assert store.transact([keys.unchanged("/c/one", done.revision), keys.equals("/c/two", b"2")],
                          [keys.delete("/c/one")]).succeeded  # fmt: skip
    assert store.get("/c/one") is None


def test_a_watch_tells_what_was_and_each_change(connection, store):
    store.put("/d/one", b"1")
    heard = Heard(Watch(connection, "/d/"))
    heard.until(lambda events: len(events) == 1)
    assert isinstance(heard.events[0], Listing)
    assert [item.value for item in heard.events[0].items] == [b"1"]
    store.put("/d/two", b"2")
    store.put("/elsewhere", b"3")
    store.delete("/d/one")
    heard.until(lambda events: len(events) == 3)
    heard.close()
    assert [(event.key, event.value and event.value.value) for event in heard.events[1:]] == [
        ("/d/two", b"2"),
        ("/d/one", None),
    ]


def test_a_lease_that_is_not_renewed_takes_its_keys_along(shared, store):
    lost = threading.Event()
    with shared.connect() as apart:
        lease = Lease(apart, 2, lost.set)
        store.put("/e/one", b"here", lease.id)
        time.sleep(3)
        assert store.get("/e/one").value == b"here"  # its thread renews it
        apart.close()
    assert lost.wait(60)
    until(lambda: store.get("/e/one") is None, "the key is gone")


def test_a_lease_that_is_given_back_is_gone_at_once(connection, store):
    lease = Lease(connection, 60)
    store.put("/f/one", b"here", lease.id)
    lease.close()
    assert store.get("/f/one") is None


def test_without_a_certificate_nobody_comes_in(shared):
    with pytest.raises(ValueError, match="https:// needs credentials"):
        Connection(shared.endpoints)
    other = shared.credentials("stranger")
    other.certificate.write_text(other.ca.read_text())  # not this key's
    with pytest.raises(EtcdError), Connection(shared.endpoints, other) as made:
        Keys(made).get("/a")


def test_after_a_compaction_a_watch_lists_again(own):
    with own.connect() as made, Connection(own.endpoints[:1], own.credentials("root")) as watching:
        store = Keys(made)
        store.put("/g/one", b"1")
        heard = Heard(Watch(watching, "/g/"))
        heard.until(lambda events: len(events) == 1)
        own.members[0].send(signal.SIGSTOP)
        store.delete("/g/one")
        store.compact(store.put("/g/two", b"2"))
        own.members[0].kill()
        own.start(own.members[0])
        own.wait()
        heard.until(lambda events: (isinstance(events[-1], Listing) and len(events) > 1) or _changed(events, "/g/two"))
        heard.close()
    # Whichever way it learnt of it: what it knows is what is there.
    known = {}
    for event in heard.events:
        if isinstance(event, Listing):
            known = {item.key: item.value for item in event.items}
        elif event.value is None:
            known.pop(event.key, None)
        else:
            known[event.key] = event.value.value
    assert known == {"/g/two": b"2"}


def test_a_dead_leader_stops_neither_calls_nor_watches(own):
    with own.connect() as made:
        store = Keys(made)
        heard = Heard(Watch(made, "/h/"))
        heard.until(lambda events: len(events) == 1)
        leader = own.leader(made)
        leader.kill()
        until(lambda: _put(store, "/h/after", b"1"), "a write is done")
        heard.until(lambda events: _changed(events, "/h/after"))
        heard.close()
        own.start(leader)
        own.wait()
        assert {member.name for member in Cluster(made).members()} == {"etcd-0", "etcd-1", "etcd-2"}


def test_a_user_reads_and_writes_its_own_prefix_only(own):
    with own.connect() as made:
        users = Users(made)
        users.add("root", "root")
        for _ in range(2):  # the second time changes nothing
            users.add("serving", "serving", ("/autoglm/",))
        users.enable()
        assert users.enabled()
        Keys(made).put("/other", b"1")
    with own.connect("serving") as made:
        store = Keys(made)
        store.put("/autoglm/models/one", b"1")
        assert store.get("/autoglm/models/one").value == b"1"
        with pytest.raises(Refused, match="permission denied"):
            store.get("/other")
        with pytest.raises(Refused, match="permission denied"):
            store.put("/other", b"2")
        heard = Heard(Watch(made, "/other/"))
        until(lambda: heard.ended is not None, "the watch ends")
        assert isinstance(heard.ended, Refused)
        assert Cluster(made).healthy(own.endpoints[0])
    with own.connect("stranger") as made, pytest.raises(Refused):
        Keys(made).get("/autoglm/models/one")


def _changed(events, key):
    return any(isinstance(event, Change) and event.key == key for event in events)


def _put(store, key, value):
    try:
        return store.put(key, value)
    except EtcdError:
        return None
