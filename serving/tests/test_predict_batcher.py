import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoglm_serving.engine.base import QueueFull
from autoglm_serving.predict.batcher import Batcher, BatchPolicy, LoadMeter

QUIET = 0.0
BUSY = 0.9


def batcher(*rows: int, key: str = "k", **policy) -> Batcher[int]:
    """One request a second, named 0, 1, …"""
    batcher: Batcher[int] = Batcher(BatchPolicy(**policy))
    for number, count in enumerate(rows):
        batcher.add(number, key, rows=count, size=1, now=float(number))
    return batcher


def test_a_batch_waits_for_its_oldest_requests_latency_and_not_longer():
    waiting = batcher(1, 1, max_batch_size=8, max_latency=5)
    assert waiting.take(4.9, QUIET) == []
    assert waiting.seconds_until_due(3.0) == 2.0
    assert waiting.take(5.0, QUIET) == [0, 1]
    assert waiting.seconds_until_due(5.0) is None


def test_a_full_batch_does_not_wait():
    waiting = batcher(3, 5, max_batch_size=8, max_latency=100)
    assert waiting.seconds_until_due(1.0) == 0
    assert waiting.take(1.0, QUIET) == [0, 1]


def test_a_batch_ends_before_the_request_that_does_not_fit():
    waiting = batcher(5, 4, 1, max_batch_size=8, max_latency=100)
    assert waiting.take(2.0, QUIET) == [0]
    assert waiting.take(2.0, QUIET) == []  # five rows are left, which wait for more
    assert waiting.take(101.0, QUIET) == [1, 2]


def test_without_batching_each_request_goes_alone_and_at_once():
    waiting = batcher(1, 1)
    assert [waiting.take(1.0, BUSY), waiting.take(1.0, BUSY), waiting.take(1.0, BUSY)] == [[0], [1], []]


def test_without_batching_a_scale_factor_batches_nothing():
    assert batcher(1, 1, scale_factor=4).take(1.0, BUSY) == [0]


def test_batches_grow_by_the_scale_factor_above_the_load_and_not_at_it():
    assert BatchPolicy(max_batch_size=4, scale_factor=2.5).limit(0.81) == 10
    assert batcher(*[1] * 12, max_batch_size=4, scale_factor=2).take(11.0, 0.8) == [0, 1, 2, 3]
    assert batcher(*[1] * 12, max_batch_size=4, scale_factor=2).take(11.0, 0.81) == [0, 1, 2, 3, 4, 5, 6, 7]


def test_other_shapes_go_into_another_batch_and_the_oldest_goes_first():
    waiting: Batcher[str] = Batcher(BatchPolicy(max_batch_size=4, max_latency=1))
    for now, (name, key) in enumerate([("a", "wide"), ("b", "tall"), ("c", "wide")]):
        waiting.add(name, key, rows=1, size=1, now=float(now))
    assert waiting.take(9.0, QUIET) == ["a", "c"]
    assert waiting.take(9.0, QUIET) == ["b"]


def test_a_full_queue_refuses_and_a_taken_request_makes_room():
    waiting = batcher(1, 1, max_waiting=2)
    with pytest.raises(QueueFull, match="2 requests wait already"):
        waiting.add(2, "k", rows=1, size=1, now=0)
    waiting.take(0, QUIET)
    waiting.add(2, "k", rows=1, size=1, now=0)


def test_the_memory_of_what_waits_is_bounded_but_one_large_request_is_let_in():
    waiting: Batcher[int] = Batcher(BatchPolicy(max_waiting_bytes=100))
    waiting.add(0, "k", rows=1, size=500, now=0)
    with pytest.raises(QueueFull, match="500 bytes of tensors wait already"):
        waiting.add(1, "k", rows=1, size=1, now=0)


def test_a_removed_request_is_in_no_batch():
    waiting = batcher(1, 1, 1, max_batch_size=8, max_latency=1)
    assert waiting.remove(1)
    assert not waiting.remove(1)
    assert (waiting.waiting, waiting.waiting_bytes) == (2, 2)
    assert waiting.take(9.0, QUIET) == [0, 2]


actions = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 8), st.sampled_from("ab")),
        st.tuples(st.just("remove"), st.integers(0, 60), st.just("")),
        st.tuples(st.just("take"), st.floats(0, 1), st.just("")),
        st.tuples(st.just("wait"), st.floats(0, 2), st.just("")),
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(actions)
def test_every_request_leaves_once_in_order_and_no_batch_is_too_large(steps):
    """`added` remembers each request's key and rows; what is left of it at the end must be empty."""
    waiting: Batcher[int] = Batcher(BatchPolicy(max_batch_size=8, max_latency=1, scale_factor=2, max_waiting=20))
    added: dict[int, tuple[str, int]] = {}
    numbers = itertools.count()
    now = 0.0

    def check(batch: list[int], limit: int) -> None:
        assert batch == sorted(batch)
        assert len({added[item][0] for item in batch}) <= 1
        assert sum(added[item][1] for item in batch) <= limit
        older = [item for item, (key, _) in added.items() if batch and key == added[batch[0]][0] and item < batch[-1]]
        assert set(older) <= set(batch)
        for item in batch:
            del added[item]

    for action, amount, key in steps:
        if action == "add" and len(added) < 20:
            number = next(numbers)
            waiting.add(number, key, rows=amount, size=amount, now=now)
            added[number] = (key, amount)
        elif action == "remove":
            assert waiting.remove(amount) == (added.pop(amount, None) is not None)
        elif action == "take":
            check(waiting.take(now, amount), 16 if amount > 0.8 else 8)
        elif action == "wait":
            now += amount
        assert waiting.waiting == len(added)
        assert waiting.waiting_bytes == sum(rows for _, rows in added.values())
    while added:
        check(waiting.take(now + 1, QUIET), 8)
    assert waiting.take(now + 1, QUIET) == []


def test_the_load_is_the_share_of_the_last_time_that_was_worked():
    meter = LoadMeter(0.0)
    assert meter.value(10.0) == 0
    meter.set(1.0, 10.0)
    assert meter.value(10.1) < 0.2
    assert meter.value(13.0) > 0.9
    meter.set(0.5, 13.0)  # one of two instances has ended
    assert 0.5 < meter.value(13.5) < 0.9
    assert meter.value(30.0) == pytest.approx(0.5)
