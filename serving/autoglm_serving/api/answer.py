"""The answers to one request on their way from the engine's thread to a client: text, stop strings, counts, times."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from autoglm_serving.api.mailbox import Mailbox
from autoglm_serving.api.order import Order
from autoglm_serving.engine.base import Failure, FinishReason, Guide, Logprob, Output, Request, Ticket, Token
from autoglm_serving.metrics import Metrics, ModelMetrics
from autoglm_serving.text import Detokenizer, StopStrings
from autoglm_serving.timeline import Timeline

Outputs = asyncio.Queue[tuple[int, Output]]


@dataclass(frozen=True, kw_only=True)
class Reported:
    """A token with its logprobs."""

    token_id: int
    logprob: Logprob


@dataclass(frozen=True, kw_only=True)
class Delta:
    """The next piece of answer `index`. The text is empty while a character, or a stop string, is incomplete."""

    index: int
    text: str
    finish_reason: FinishReason | None
    reported: tuple[Reported, ...] = ()


class Choice:
    """One of the answers."""

    def __init__(self, index: int, order: Order, metrics: ModelMetrics) -> None:
        self.timeline = Timeline(order.arrived)
        self.completion_tokens = 0
        self.cached_tokens = 0
        self.finish_reason: FinishReason | None = None
        self.ticket: Ticket | None = None
        self._index = index
        self._order = order
        self._metrics = metrics
        self._detokenizer = Detokenizer(order.model.prompts.decode)
        self._stops = StopStrings(order.stops)

    def submit(self, request_id: str, guide: Guide | None, outputs: Outputs, mailbox: Mailbox) -> None:
        """Raises EngineError."""
        order, index = self._order, self._index
        sampling = order.sampling
        if index and sampling.seed is not None:
            # Answers of the same seed would be the same answer.
            sampling = replace(sampling, seed=sampling.seed + index)
        self.timeline.submitted = self.timeline.clock()
        self.ticket = order.model.engine.submit(
            Request(
                prompt=order.prompt,
                sampling=sampling,
                listener=lambda output: mailbox.post(partial(outputs.put_nowait, (index, output))),
                request_id=f"{request_id}-{index}",
                user=order.user,
                priority=order.priority,
                deadline=order.deadline,
                guide=guide,
            )
        )

    def take(self, token: Token) -> Delta:
        self._metrics.token(self.timeline.token(token.scheduled))
        self.completion_tokens += 1
        self.cached_tokens = token.cached_tokens
        if token.token_id in self._order.stop_token_ids:
            text, self.finish_reason = self._rest("", FinishReason.STOP)
        else:
            text, stopped = self._stops.push(self._detokenizer.push(token.token_id))
            if stopped:
                self.finish_reason = FinishReason.STOP
            elif token.finish_reason is not None:
                text, self.finish_reason = self._rest(text, token.finish_reason)
        if self.finish_reason is not None:
            self.free()
        reported = () if token.logprob is None else (Reported(token_id=token.token_id, logprob=token.logprob),)
        return Delta(index=self._index, text=text, finish_reason=self.finish_reason, reported=reported)

    def free(self) -> None:
        if self.ticket is not None:
            self.ticket.cancel()

    def count(self, prompt_tokens: int) -> None:
        """Only an answer that was complete counts as one."""
        if self.finish_reason is not None:
            self._metrics.complete(
                self.timeline,
                prompt_tokens=prompt_tokens,
                completion_tokens=self.completion_tokens,
                finish_reason=self.finish_reason,
            )

    def _rest(self, text: str, reason: FinishReason) -> tuple[str, FinishReason]:
        """The last text, with what was held back; a stop string may still hide in it."""
        more, stopped = self._stops.push(self._detokenizer.flush())
        if stopped:
            return text + more, FinishReason.STOP
        return text + more + self._stops.flush(), reason


class Answer:
    """Submits the request when made, once for each answer that is asked for. `close` must be called in the end."""

    def __init__(self, order: Order, metrics: Metrics, answer_id: str, mailbox: Mailbox) -> None:
        """`mailbox` is the running event loop's. Raises EngineError."""
        self.id = answer_id
        self.model = order.model
        self.prompt_tokens = len(order.prompt.token_ids)
        self._metrics = metrics.of(order.model.name)
        # At most max_tokens entries each: a client that reads slowly holds no more memory than its own answers.
        self._outputs: Outputs = asyncio.Queue()
        self.choices = [Choice(index, order, self._metrics) for index in range(len(order.guides))]
        try:
            for choice, guide in zip(self.choices, order.guides, strict=True):
                choice.submit(answer_id, guide, self._outputs, mailbox)
        except BaseException:
            self.close()
            raise

    @property
    def done(self) -> bool:
        return all(choice.finish_reason is not None for choice in self.choices)

    @property
    def completion_tokens(self) -> int:
        return sum(choice.completion_tokens for choice in self.choices)

    @property
    def cached_tokens(self) -> int:
        """Tokens of the prompt that were computed before this request came; its other answers share its own."""
        return self.choices[0].cached_tokens

    async def next(self) -> Delta:
        """The next piece of any of the answers. Raises EngineError."""
        while True:
            index, output = await self._outputs.get()
            choice = self.choices[index]
            if choice.finish_reason is not None:
                continue  # what was under way when a stop string ended it
            if isinstance(output, Failure):
                self._metrics.failed(output.error)
                raise output.error
            return choice.take(output)

    async def rest(self, first: Delta) -> list[Delta]:
        """Each answer whole, in order. Raises EngineError."""
        texts: list[list[str]] = [[] for _ in self.choices]
        reported: list[list[Reported]] = [[] for _ in self.choices]
        delta = first
        while True:
            texts[delta.index].append(delta.text)
            reported[delta.index] += delta.reported
            if self.done:
                break
            delta = await self.next()
        return [
            Delta(
                index=index,
                text="".join(texts[index]),
                finish_reason=choice.finish_reason,
                reported=tuple(reported[index]),
            )
            for index, choice in enumerate(self.choices)
        ]

    def close(self) -> None:
        """Free the engine's part at once; count the answers that were complete."""
        for choice in self.choices:
            choice.free()
            choice.count(self.prompt_tokens)


def finish_reasons(choices: Sequence[Choice]) -> str | None:
    """As the access log has them: one for all answers, or theirs."""
    reasons = dict.fromkeys(str(choice.finish_reason) for choice in choices if choice.finish_reason is not None)
    return ",".join(reasons) or None
