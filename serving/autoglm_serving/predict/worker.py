"""One model's queue and threads: collects batches, runs them, hands each request its rows."""

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from autoglm_serving.engine.base import Aborted, EngineDead, QueueFull, RequestFailed
from autoglm_serving.predict.batcher import Batcher, BatchPolicy, LoadMeter
from autoglm_serving.predict.codec import byte_size
from autoglm_serving.predict.execute import Result, Tensors, execute
from autoglm_serving.predict.runtime import Runtime
from autoglm_serving.predict.tensors import TensorError
from autoglm_serving.predict.timeline import InferTimeline

FAULTY_AFTER = 5
"""Failures without one success, after which the model and not its requests are at fault."""

STOP_SECONDS = 10.0
"""How long a batch under way is waited for; its thread is left behind then, as no thread can be ended."""


@dataclass(frozen=True, kw_only=True)
class BatchReport:
    """Of one batch that ran, for metrics; times in seconds."""

    rows: int
    waited: Sequence[float]
    """Of each request, from its arrival to the start of the batch."""
    computed: float
    failed: int
    """Requests that got an error."""


@dataclass(eq=False)
class _Job:
    inputs: Tensors
    rows: int
    timeline: InferTimeline
    arrived: float
    future: "Future[Tensors]" = field(default_factory=Future)


class Worker:
    """Of one version of a model. Every method is for any thread."""

    def __init__(
        self,
        runtime: Runtime,
        policy: BatchPolicy,
        *,
        instances: int = 1,
        step_timeout: float = math.inf,
        on_batch: Callable[[BatchReport], None] = lambda report: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`step_timeout` is in seconds: a batch that runs for longer hangs."""
        self._runtime = runtime
        self._policy = policy
        self._step_timeout = step_timeout
        self._on_batch = on_batch
        self._clock = clock
        self._changed = threading.Condition()
        self._batcher: Batcher[_Job] = Batcher(policy)
        self._load = LoadMeter(clock())
        self._running: dict[int, float] = {}
        self._stopping = False
        self._succeeded = 0
        self._failed = 0
        self._reason = ""
        self._seconds_a_request = 0.0
        self._threads = [
            threading.Thread(target=self._work, args=(number,), name=f"predict-{number}", daemon=True)
            for number in range(instances)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, inputs: Tensors, timeline: InferTimeline | None = None) -> "Future[Tensors]":
        """Inputs that were checked against the runtime's. Cancelling the future frees its place in the queue.
        `timeline` gets the times.

        Raises QueueFull, EngineDead, or TensorError for rows that make no batch. The future raises RequestFailed,
        TensorError or Aborted.
        """
        job = _Job(inputs, self._rows(inputs), timeline or InferTimeline(), self._clock())
        job.timeline.queued = job.arrived
        key = tuple((name, array.dtype.str, array.shape[1:]) for name, array in sorted(inputs.items()))
        size = sum(map(byte_size, inputs.values()))
        with self._changed:
            if self._stopping:
                raise EngineDead("the model was unloaded")
            try:
                self._batcher.add(job, key, rows=job.rows, size=size, now=job.arrived)
            except QueueFull as error:
                raise QueueFull(f"the model is busy: {error}; try again later", retry_after=self._patience()) from None
            self._changed.notify()
        job.future.add_done_callback(lambda future: self._forget(job) if future.cancelled() else None)
        return job.future

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return self._batcher.waiting

    @property
    def load(self) -> float:
        """Share of the last second that it worked, of all its instances."""
        with self._changed:
            return self._load.value(self._clock())

    def _patience(self) -> float:
        """Seconds in which the requests that wait now are answered at the present rate."""
        return self._batcher.waiting * self._seconds_a_request / len(self._threads)

    def alive(self) -> bool:
        """False once it is stopped, or a batch has run for longer than any should."""
        oldest = min(self._running.copy().values(), default=math.inf)
        working = all(thread.is_alive() for thread in self._threads)
        return working and not self._stopping and self._clock() - oldest < self._step_timeout

    def fault(self) -> str:
        """Why the model itself is taken to be broken; empty once it has answered."""
        return self._reason if not self._succeeded and self._failed >= FAULTY_AFTER else ""

    def stop(self) -> None:
        """End what waits with Aborted and free the model, after the batches under way."""
        waiting: list[_Job] = []
        with self._changed:
            self._stopping = True
            while batch := self._batcher.take(math.inf, 0.0):
                waiting += batch
            self._changed.notify_all()
        for job in waiting:
            if job.future.set_running_or_notify_cancel():
                job.future.set_exception(Aborted("the model was unloaded"))
        for thread in self._threads:
            thread.join(timeout=STOP_SECONDS)
        self._runtime.close()

    def _rows(self, inputs: Tensors) -> int:
        if self._policy.max_batch_size == 1:
            return 1
        first = next(iter(inputs))
        rows = len(inputs[first])
        for name, array in inputs.items():
            if len(array) != rows:
                raise TensorError(
                    name, f"{len(array)} rows, but tensor {first!r} has {rows}; all of a request have as many"
                )
        if rows > self._policy.max_batch_size:
            raise TensorError(
                first, f"{rows} rows, but this model takes at most {self._policy.max_batch_size}; send several requests"
            )
        return rows

    def _forget(self, job: _Job) -> None:
        with self._changed:
            self._batcher.remove(job)

    def _work(self, number: int) -> None:
        while batch := self._next(number):
            self._run(batch)
            with self._changed:
                del self._running[number]
                self._load.set(len(self._running) / len(self._threads), self._clock())

    def _next(self, number: int) -> list[_Job]:
        """Waits for the next batch; nothing when the worker stops."""
        with self._changed:
            while not self._stopping:
                now = self._clock()
                batch = self._batcher.take(now, self._load.value(now))
                jobs = [job for job in batch if job.future.set_running_or_notify_cancel()]
                if jobs:
                    self._running[number] = now
                    self._load.set(len(self._running) / len(self._threads), now)
                    return jobs
                self._changed.wait(timeout=self._batcher.seconds_until_due(now))
            return []

    def _run(self, batch: list[_Job]) -> None:
        began = self._clock()
        results: list[Result]
        try:
            results = execute(self._runtime, [job.inputs for job in batch], [job.rows for job in batch])
        except Exception as error:  # memory for the batch's inputs, say: this thread must live on
            results = [RequestFailed(f"its batch could not be made: {error}") for _ in batch]
        report = BatchReport(
            rows=sum(job.rows for job in batch),
            waited=[began - job.arrived for job in batch],
            computed=self._clock() - began,
            failed=sum(isinstance(result, Exception) for result in results),
        )
        self._judge(results, report.computed)
        self._on_batch(report)
        for job, result in zip(batch, results, strict=True):
            times = job.timeline
            times.batched, times.computed, times.batch_rows = began, began + report.computed, report.rows
            if isinstance(result, Exception):
                job.future.set_exception(result)
            else:
                job.future.set_result(result)

    def _judge(self, results: list[Result], computed: float) -> None:
        failures = [result for result in results if isinstance(result, RequestFailed)]
        self._succeeded += sum(not isinstance(result, Exception) for result in results)
        self._failed += len(failures)
        if failures:
            self._reason = f"{self._failed} requests and no answer; the last error: {failures[-1]}"
        self._seconds_a_request = 0.8 * self._seconds_a_request + 0.2 * computed / len(results)
