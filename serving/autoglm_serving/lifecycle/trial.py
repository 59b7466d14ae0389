"""Whether a version that was just loaded, or just switched to, really answers."""

import queue
from dataclasses import replace

from autoglm_serving.api.models import ServedModel
from autoglm_serving.engine.base import (
    Engine,
    EngineError,
    EngineStats,
    Failure,
    Output,
    Request,
    RequestFailed,
    SamplingParams,
    Ticket,
)
from autoglm_serving.errors import ModelError
from autoglm_serving.model.messages import Message, PromptError

PROBATION_REQUESTS = 20
"""The first requests of a version tell whether it works."""

LEAST_FAILURES = 3
"""One request that breaks the engine may be poison; several, and half of all, are the version's fault."""


def answer_once(model: ServedModel, timeout: float) -> None:
    """Make it generate a token, which also warms it up; `timeout` is in seconds. Raises ModelError."""
    outputs: queue.SimpleQueue[Output] = queue.SimpleQueue()
    # Its own words for each version: one that breaks on them must not put them in quarantine for the next.
    greeting = Message(role="user", parts=(f"Hello, version {model.version}.",))
    try:
        prompt = model.prompts.build([greeting])
    except PromptError as error:
        raise ModelError(f"a first request can't be made for it: {error}") from error
    request = Request(
        prompt=prompt,
        sampling=SamplingParams(max_tokens=1, temperature=0.0, ignore_eos=True),
        listener=outputs.put,
        request_id="lifecycle-trial",
        user="lifecycle",
    )
    try:
        model.engine.submit(request)
        output = outputs.get(timeout=timeout)
    except queue.Empty:
        raise ModelError(f"no answer to a first request within {timeout:.0f} s") from None
    except EngineError as error:
        raise ModelError(f"a first request was refused: {error}") from error
    if isinstance(output, Failure):
        raise ModelError(f"a first request failed: {output.error}")


class ProbationEngine:
    """An Engine that counts how its first requests end. Afterwards it only passes requests on."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._answered = 0
        self._failed = 0

    def submit(self, request: Request) -> Ticket:
        if self._answered + self._failed >= PROBATION_REQUESTS:
            return self._engine.submit(request)
        listener = request.listener

        def counted(output: Output) -> None:
            # On the engine's one thread, so nothing is lost between reading and writing.
            if isinstance(output, Failure):
                self._failed += isinstance(output.error, RequestFailed)
            elif output.finish_reason is not None:
                self._answered += 1
            listener(output)

        return self._engine.submit(replace(request, listener=counted))

    def fault(self) -> str:
        total = self._answered + self._failed
        if self._failed >= LEAST_FAILURES and 2 * self._failed >= total:
            return f"{self._failed} of its first {total} requests failed in the engine"
        return ""

    def alive(self) -> bool:
        return self._engine.alive()

    def stats(self) -> EngineStats:
        return self._engine.stats()

    def stop(self) -> None:
        self._engine.stop()
