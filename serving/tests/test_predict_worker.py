import contextlib
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future

import numpy as np
import pytest
from fake_runtime import POISON, Doubler, rows
from harness import eventually

from autoglm_serving.engine.base import Aborted, EngineDead, QueueFull, RequestFailed
from autoglm_serving.predict.batcher import BatchPolicy
from autoglm_serving.predict.tensors import Array, TensorError, TensorSpec
from autoglm_serving.predict.worker import FAULTY_AFTER, BatchReport, Worker

BATCHED = BatchPolicy(max_batch_size=8, max_latency=0.02)


@contextlib.contextmanager
def working(model: Doubler, policy: BatchPolicy = BATCHED, **options) -> Iterator[Worker]:
    worker = Worker(model, policy, **options)
    try:
        yield worker
    finally:
        model.gate.set()
        worker.stop()


def hold(model: Doubler, worker: Worker) -> "Future[dict[str, Array]]":
    """A request under way, behind which all others wait until the gate is open."""
    model.gate.clear()
    first = worker.submit(rows(0))
    assert model.entered.acquire(timeout=60)
    return first


def answer(future) -> list[float]:
    return future.result(timeout=60)["y"][:, 0].tolist()


def test_requests_that_wait_together_run_as_one_batch_and_each_gets_its_own_rows():
    model = Doubler()
    reports: list[BatchReport] = []
    with working(model, on_batch=reports.append) as worker:
        first = hold(model, worker)
        others = [worker.submit(rows(1)), worker.submit(rows(2, 3)), worker.submit(rows(4))]
        model.gate.set()
        assert answer(first) == [0]
        assert [answer(future) for future in others] == [[2], [4, 6], [8]]
    assert model.batches == [1, 4]
    assert [(report.rows, len(report.waited), report.failed) for report in reports] == [(1, 1, 0), (4, 3, 0)]


def test_other_widths_are_batched_apart():
    model = Doubler()
    with working(model) as worker:
        hold(model, worker)
        others = [worker.submit(rows(1, width=3)), worker.submit(rows(2)), worker.submit(rows(3, width=3))]
        model.gate.set()
        assert [answer(future) for future in others] == [[2], [4], [6]]
    assert sorted(model.batches) == [1, 1, 2]


def test_without_batching_a_request_of_several_rows_runs_as_it_is():
    model = Doubler()
    with working(model, BatchPolicy()) as worker:
        assert answer(worker.submit(rows(1, 2, 3))) == [2, 4, 6]


def test_a_request_that_breaks_its_batch_fails_alone():
    model = Doubler()
    with working(model) as worker:
        hold(model, worker)
        good, bad, other = worker.submit(rows(1)), worker.submit(rows(POISON)), worker.submit(rows(3))
        model.gate.set()
        assert (answer(good), answer(other)) == ([2], [6])
        with pytest.raises(RequestFailed, match="the model failed: poison"):
            bad.result(timeout=60)
        assert worker.alive()
        assert answer(worker.submit(rows(5))) == [10]


def test_a_full_queue_refuses_and_says_when_to_come_again():
    model = Doubler()
    with working(model, BatchPolicy(max_waiting=1)) as worker:
        hold(model, worker)
        waits = worker.submit(rows(1))
        with pytest.raises(QueueFull, match="the model is busy: 1 requests wait already; try again later") as caught:
            worker.submit(rows(2))
        assert caught.value.retry_after >= 0
        model.gate.set()
        assert answer(waits) == [2]


def test_a_cancelled_request_frees_its_place_at_once_and_never_runs():
    model = Doubler()
    with working(model) as worker:
        first = hold(model, worker)
        cancelled, kept = worker.submit(rows(1)), worker.submit(rows(2))
        assert cancelled.cancel()
        assert worker.waiting == 1
        model.gate.set()
        assert (answer(first), answer(kept)) == ([0], [4])
        with pytest.raises(CancelledError):
            cancelled.result(timeout=1)
    assert model.batches == [1, 1]


@pytest.mark.parametrize(
    ("inputs", "fault"),
    [
        (rows(*range(9)), "tensor 'x': 9 rows, but this model takes at most 8"),
        (rows(1) | {"z": np.zeros((2, 1))}, "tensor 'z': 2 rows, but tensor 'x' has 1"),
    ],
)
def test_rows_that_make_no_batch_are_refused(inputs: dict[str, Array], fault: str):
    with working(Doubler()) as worker, pytest.raises(TensorError, match=fault):
        worker.submit(inputs)


def test_a_batch_that_does_not_return_means_a_dead_worker():
    now = [0.0]
    model = Doubler()
    with working(model, BatchPolicy(), step_timeout=60, clock=lambda: now[0]) as worker:
        hold(model, worker)
        now[0] = 59
        assert worker.alive()
        now[0] = 61
        assert not worker.alive()


def test_stopping_ends_what_waits_and_lets_what_runs_end():
    model = Doubler()
    with working(model, BatchPolicy()) as worker:
        running = hold(model, worker)
        waits = worker.submit(rows(1))
        eventually(lambda: worker.waiting == 1)
        waits.add_done_callback(lambda future: model.gate.set())
        worker.stop()
        assert answer(running) == [0]
        with pytest.raises(Aborted):
            waits.result(timeout=60)
        with pytest.raises(EngineDead):
            worker.submit(rows(2))
        assert model.closed
        assert not worker.alive()


def test_a_model_that_never_answers_is_at_fault_and_one_that_did_is_not():
    with working(Doubler()) as worker:
        for _ in range(FAULTY_AFTER):
            assert worker.fault() == ""
            with pytest.raises(RequestFailed):
                worker.submit(rows(POISON)).result(timeout=60)
        assert worker.fault() == "5 requests and no answer; the last error: the model failed: poison"
        answer(worker.submit(rows(1)))
        assert worker.fault() == ""


class Summer(Doubler):
    """Its outputs have a row less for each batch: it says it is batched, and is not."""

    def run(self, inputs):
        return {"y": super().run(inputs)["y"].sum(axis=0, keepdims=True)}


def test_a_model_that_mixes_the_rows_of_requests_is_run_request_by_request():
    model = Summer()
    with working(model) as worker:
        hold(model, worker)
        others = [worker.submit(rows(1)), worker.submit(rows(2))]
        model.gate.set()
        assert [answer(future) for future in others] == [[2], [4]]


class Liar(Doubler):
    outputs = (TensorSpec("y", "INT64", (-1, -1)),)


def test_a_model_that_gives_another_type_than_it_says_fails_the_request():
    with working(Liar()) as worker, pytest.raises(RequestFailed, match="tensor 'y': datatype 'FP32' given"):
        worker.submit(rows(1)).result(timeout=60)


def test_instances_run_side_by_side():
    model = Doubler()
    with working(model, BatchPolicy(), instances=2) as worker:
        first = hold(model, worker)
        second = worker.submit(rows(1))
        assert model.entered.acquire(timeout=60)
        model.gate.set()
        assert (answer(first), answer(second)) == ([0], [2])
