"""When a request to a predict model was where."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from autoglm_serving.timeline import Phase, ended
from autoglm_serving.tracing import Attributes, Trace

MAX_NAME = 128
"""Characters of a model's name in a span: it is the client's word."""


@dataclass
class InferTimeline:
    """Times on the monotonic clock; None is what has not happened.

    `arrived`: the request's last byte. `queued`: its tensors are laid out, the model's queue has it. `batched`: its
    batch began. `computed`: the model has answered.
    """

    arrived: float = field(default_factory=time.monotonic)
    queued: float | None = None
    batched: float | None = None
    computed: float | None = None
    batch_rows: int = 0
    """Of its batch, its own among them; 0 until there is one."""
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)

    def phases(self) -> Iterator[Phase]:
        """Those that are over: prepare, queue, compute."""
        return ended(
            (
                ("prepare", self.arrived, self.queued),
                ("queue", self.queued, self.batched),
                ("compute", self.batched, self.computed),
            )
        )


@contextlib.contextmanager
def traced(trace: Trace, model: str) -> Iterator[InferTimeline]:
    """What is done meanwhile is a span `infer` of the request's trace, whatever its end."""
    timeline = InferTimeline()
    try:
        yield timeline
    finally:
        attributes: Attributes = {"infer.model.name": model[:MAX_NAME], "infer.batch.rows": timeline.batch_rows}
        trace.work("infer", timeline, attributes)
