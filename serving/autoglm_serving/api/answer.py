"""One answer on its way from the engine's thread to a client: text, stop strings, counts and times."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from autoglm_serving.api.models import ServedModel
from autoglm_serving.engine.base import Failure, FinishReason, Output, Prompt, Request, SamplingParams, Token
from autoglm_serving.metrics import Metrics
from autoglm_serving.text import Detokenizer, StopStrings
from autoglm_serving.timeline import Timeline


@dataclass(frozen=True, kw_only=True)
class Delta:
    text: str
    finish_reason: FinishReason | None


class Answer:
    """Submits the request when made. `close` must be called in the end, whatever the end is."""

    def __init__(
        self,
        model: ServedModel,
        metrics: Metrics,
        prompt: Prompt,
        sampling: SamplingParams,
        stops: Sequence[str],
        *,
        arrived: float,
    ) -> None:
        """`arrived` is the time of the request's arrival on the monotonic clock. Raises EngineError."""
        self.timeline = Timeline(arrived)
        self.prompt_tokens = len(prompt.token_ids)
        self.completion_tokens = 0
        self.finish_reason: FinishReason | None = None
        self._metrics = metrics.of(model.name)
        self._detokenizer = Detokenizer(model.prompts.decode)
        self._stops = StopStrings(stops)
        # At most max_tokens entries: a client that reads slowly holds no more memory than its own answer.
        self._outputs: asyncio.Queue[Output] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        self.timeline.submitted = self.timeline.clock()
        self._ticket = model.engine.submit(
            Request(
                prompt=prompt,
                sampling=sampling,
                listener=lambda output: _unless_closed(loop, self._outputs, output),
            )
        )

    async def next(self) -> Delta:
        """The next piece of text, which is empty while a character is incomplete. Raises EngineError."""
        output = await self._outputs.get()
        if isinstance(output, Failure):
            self._metrics.failed(output.error)
            raise output.error
        self._count(output)
        text, stopped = self._stops.push(self._detokenizer.push(output.token_id))
        if stopped:
            self.finish_reason = FinishReason.STOP
        elif output.finish_reason is not None:
            text, self.finish_reason = self._rest(text, output.finish_reason)
        return Delta(text=text, finish_reason=self.finish_reason)

    def close(self) -> None:
        """Free the engine's part at once; count the answer if it was complete."""
        self._ticket.cancel()
        if self.finish_reason is None:
            return
        self._metrics.complete(
            self.timeline,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            finish_reason=self.finish_reason,
        )

    def usage(self) -> dict[str, int]:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
        }

    def _rest(self, text: str, reason: FinishReason) -> tuple[str, FinishReason]:
        """The last text, with what was held back; a stop string may still hide in it."""
        more, stopped = self._stops.push(self._detokenizer.flush())
        if stopped:
            return text + more, FinishReason.STOP
        return text + more + self._stops.flush(), reason

    def _count(self, token: Token) -> None:
        self._metrics.token(self.timeline.token(token.scheduled))
        self.completion_tokens += 1


def _unless_closed(loop: asyncio.AbstractEventLoop, outputs: "asyncio.Queue[Output]", output: Output) -> None:
    """Called on the engine's thread; the loop is closed when the server has ended before the engine."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(outputs.put_nowait, output)
