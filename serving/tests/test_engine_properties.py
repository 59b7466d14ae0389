"""Random requests, cancels, deadlines, bad requests and little memory: whatever comes, the books of the engine balance.

The runner checks what a model could not: that each place of a block holds what its sequence put there, or an equal one.
"""

from typing import Any

from fake_runner import BAD_LOGITS, EOS, POISON, FakeRunner, hashing, request
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from autoglm_serving.engine.base import (
    DeadlineExceeded,
    Failure,
    Images,
    Output,
    QueueFull,
    Request,
    RequestFailed,
)
from autoglm_serving.engine.config import EngineConfig
from autoglm_serving.engine.core import Core
from autoglm_serving.engine.pace import FEWEST
from autoglm_serving.engine.sequence import Sequence

IMAGE = 7
"""The placeholder of an image's tokens."""

PROMPTS = st.lists(st.sampled_from([1, 2]), min_size=1, max_size=40)
PICTURES = st.one_of(st.none(), st.tuples(st.integers(0, 20), st.sampled_from([b"cat", b"dog"])))


class Client:
    def __init__(self, tokens: list[int]) -> None:
        self.tokens = tokens
        self.outputs: list[Output] = []
        self.sequence: Sequence
        self.request: Request
        self.cancelled = False

    @property
    def ended(self) -> bool:
        last = self.outputs[-1] if self.outputs else None
        return isinstance(last, Failure) or (last is not None and last.finish_reason is not None)


def alone(client: Client, capacity: int) -> list[int]:
    """The answer that a sequence without company, cache or interruption gets."""
    sequence = Sequence(client.request, 0.0)
    while len(sequence.token_ids) <= capacity and sequence.generated < client.request.sampling.max_tokens:
        sequence.token_ids.append(hashing(sequence))
    return sequence.token_ids[sequence.prompt_length :]


class EngineMachine(RuleBasedStateMachine):
    @initialize(
        num_blocks=st.integers(4, 24),
        block_size=st.integers(1, 5),
        max_num_seqs=st.integers(1, 5),
        tokens=st.integers(5, 40),
        memory=st.sampled_from([1, 3, 20, 10**9]),
        image_steps=st.integers(0, 2),
        caching=st.booleans(),
        quantum=st.sampled_from([3.0, 30.0, 2048.0]),
    )
    def begin(
        self,
        max_num_seqs: int,
        tokens: int,
        memory: int,
        caching: bool,
        quantum: float,
        **sizes: int,
    ) -> None:
        self.now = 100.0
        self.runner = FakeRunner(next_token=hashing, memory_tokens=memory, **sizes)
        self.enough_memory = memory >= FEWEST
        config = EngineConfig(
            max_num_seqs=max_num_seqs,
            max_num_waiting=6,
            step_timeout=60,
            max_num_batched_tokens=tokens,
            prefix_caching=caching,
            user_quantum=quantum,
        )
        self.core = Core(self.runner, config, lambda: self.now)
        self.clients: list[Client] = []

    @rule(
        tokens=PROMPTS,
        picture=PICTURES,
        bad=st.sampled_from([None] * 8 + [POISON, BAD_LOGITS]),
        user=st.sampled_from("abc"),
        priority=st.integers(0, 2),
        max_tokens=st.integers(1, 30),
        seconds=st.sampled_from([1.0, 5.0, float("inf"), float("inf")]),
    )
    def submit(self, tokens: list[int], picture: Any, bad: int | None, seconds: float, **fields: Any) -> None:
        images = None
        if picture is not None:
            place, digest = min(picture[0], len(tokens)), picture[1]
            tokens = [*tokens[:place], *[IMAGE] * 3, *tokens[place:]]
            images = Images(pixel_values=None, grid_thw=None, spans=((place, 3),), digests=(digest,))
        if bad is not None:
            tokens = [bad, *tokens]
            images = None
        client = Client(tokens)
        client.request = request(
            tokens, client.outputs.append, images=images, deadline=self.now + seconds, ignore_eos=True, **fields
        )
        try:
            client.sequence = self.core.add(client.request)
        except (QueueFull, RequestFailed):
            return
        self.clients.append(client)

    @precondition(lambda self: self._open())
    @rule(data=st.data(), amid_a_step=st.booleans())
    def cancel(self, data: st.DataObject, amid_a_step: bool) -> None:
        client = data.draw(st.sampled_from(self._open()))

        def cancel() -> None:
            """As from another thread."""
            if not client.ended:
                client.cancelled = True
                self.core.cancel(client.sequence)

        if not amid_a_step:
            return cancel()
        self.runner.during = cancel
        self.core.step(lambda: None)
        self.runner.during = lambda: None

    def _open(self) -> list[Client]:
        return [client for client in self.clients if not client.ended]

    @rule(steps=st.integers(1, 12), seconds=st.sampled_from([0.0, 0.1, 2.0]))
    def step(self, steps: int, seconds: float) -> None:
        for _ in range(steps):
            self.now += seconds
            self.core.step(lambda: None)

    @invariant()
    def blocks_are_counted(self) -> None:
        blocks, running = self.core._blocks, self.core._scheduler.running
        held = [block for sequence in running for block in sequence.blocks]
        assert [held.count(block) for block in range(blocks.num_blocks)] == blocks._counts
        assert set(blocks._free) == set(range(blocks.num_blocks)) - set(held)
        assert {name: block for block, name in blocks._names.items()} == blocks._by_name
        for sequence in running:
            assert len(sequence.blocks) == len(set(sequence.blocks))
            assert sequence.computed < len(sequence.token_ids)
        for sequence in self.core._scheduler.waiting:
            assert not sequence.blocks
        assert len(running) <= self.core._config.max_num_seqs

    @invariant()
    def ended_and_cancelled_requests_hear_no_more(self) -> None:
        for client in self.clients:
            ends = [out for out in client.outputs if isinstance(out, Failure) or out.finish_reason is not None]
            assert ends in ([], client.outputs[-1:])

    def teardown(self) -> None:
        if not hasattr(self, "core"):
            return
        for _ in range(3000):
            if not self.core.busy:
                break
            self.core.step(lambda: None)
        stats = self.core.stats()
        assert (stats.running, stats.waiting, stats.cached_tokens) == (0, 0, 0)
        assert not self.runner.live
        assert not self.runner.faults
        assert not self.core._scheduler._fairness._served
        for client in self.clients:
            self._check(client, stats.capacity_tokens)

    def _check(self, client: Client, capacity: int) -> None:
        said = [output.token_id for output in client.outputs if not isinstance(output, Failure)]
        expected = alone(client, capacity)
        assert EOS not in said
        assert said == expected[: len(said)]
        if client.cancelled:
            return
        assert client.ended
        last = client.outputs[-1]
        if not isinstance(last, Failure):
            assert said == expected
        elif isinstance(last.error, RequestFailed):
            assert client.tokens[0] in (POISON, BAD_LOGITS) or not self.enough_memory, last.error
        else:
            assert isinstance(last.error, DeadlineExceeded | QueueFull)


EngineMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestEngine = EngineMachine.TestCase
