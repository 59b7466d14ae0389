"""Who is computed when: the engine's steps, one by one, without its thread."""

from itertools import pairwise
from typing import Any

import pytest
from fake_runner import FakeRunner, hashing, request

from autoglm_serving.engine.base import Failure, Images, Output, QueueFull
from autoglm_serving.engine.config import EngineConfig
from autoglm_serving.engine.core import Core


class Bench:
    """A Core whose clock moves by what the steps would cost: `quiet` seconds each and `token` a prompt's token."""

    def __init__(self, *, quiet: float = 1.0, token: float = 0.01, runner: FakeRunner | None = None, **options: Any):
        self.now = 0.0
        self.quiet, self.token = quiet, token
        self.runner = runner or FakeRunner(next_token=hashing, num_blocks=8192)
        self._execute = self.runner.execute
        self.runner.execute = self.execute  # type: ignore[method-assign]
        config = {"max_num_seqs": 4, "max_num_waiting": 100, "step_timeout": 60}
        self.core = Core(self.runner, EngineConfig(**(config | options)), lambda: self.now)
        self.heard: dict[str, list[Output]] = {}
        self.tickets: dict[str, Any] = {}

    def execute(self, batch: Any) -> Any:
        self.now += self.quiet + self.token * sum(piece.count for piece in batch if not piece.sequence.generated)
        return self._execute(batch)

    def submit(self, name: str, tokens: int | list[int] = 1, **fields: Any) -> None:
        prompt = [1 + hash(name) % 1000] * tokens if isinstance(tokens, int) else tokens
        self.heard[name] = []
        fields = {"ignore_eos": True, "user": name[0]} | fields
        self.tickets[name] = self.core.add(request(prompt, self.heard[name].append, request_id=name, **fields))

    def steps(self, count: int) -> None:
        for _ in range(count):
            self.core.step(lambda: None)

    def finish(self) -> None:
        while self.core.busy:
            self.core.step(lambda: None)

    def counts(self, name: str) -> list[int]:
        """Tokens of a request in each step that had some."""
        return [count for step in self.runner.steps for one, _, count in step if one == name]

    def first_steps(self) -> list[str]:
        """Requests in the order in which they were first computed."""
        return list(dict.fromkeys(name for step in self.runner.steps for name, _, _ in step))

    def said(self, user: str) -> int:
        return sum(len(heard) for name, heard in self.heard.items() if name[0] == user)


def test_a_long_prompt_is_cut_into_pieces_beside_running_answers():
    bench = Bench(token=0.01)
    bench.submit("a1", 4, max_tokens=10**6)
    bench.steps(20)
    bench.submit("b1", 5000, max_tokens=1)
    began = len(bench.heard["a1"])
    times = []
    while not bench.heard["b1"]:
        bench.steps(1)
        times.append(bench.now)
    assert len(bench.heard["a1"]) - began == len(times)  # a token of the answer in every step
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert max(gaps) <= 2 * bench.quiet
    assert sum(bench.counts("b1")) == 5000


def test_many_short_prompts_are_not_held_up_by_a_few_answers():
    bench = Bench(max_num_seqs=64)
    bench.submit("a0", 4, max_tokens=10**6)
    bench.steps(20)
    for number in range(40):
        bench.submit(f"b{number}", 50, max_tokens=100)
    bench.steps(6)
    assert sum(bool(bench.heard[f"b{number}"]) for number in range(40)) > 15  # 9 at the pace of a long prompt


def test_a_short_prompt_does_not_wait_for_the_end_of_a_long_one():
    bench = Bench()
    bench.submit("a0", 4, max_tokens=10**6)
    bench.submit("a1", 20000, max_tokens=1)
    bench.steps(3)
    bench.submit("a2", 30, max_tokens=1)
    bench.steps(2)
    assert bench.heard["a2"]
    assert not bench.heard["a1"]


def test_users_get_places_in_turn_however_many_requests_one_has():
    bench = Bench(max_num_seqs=1)
    for number in range(4):
        bench.submit(f"a{number}", 10, max_tokens=5)
    bench.submit("b0", 10, max_tokens=5)
    bench.submit("c0", 10, max_tokens=5)
    bench.finish()
    assert bench.first_steps() == ["a0", "b0", "c0", "a1", "a2", "a3"]


def test_of_a_users_requests_the_lower_priority_goes_first_then_the_earlier():
    bench = Bench(max_num_seqs=1)
    bench.submit("a0")
    bench.steps(1)
    for name, priority in (("a1", 1), ("a2", 0), ("a3", -1), ("a4", 0)):
        bench.submit(name, priority=priority, max_tokens=2)
    bench.core.cancel(bench.tickets["a0"])
    bench.finish()
    assert bench.first_steps() == ["a0", "a3", "a2", "a4", "a1"]


def test_a_priority_gives_no_right_over_other_users():
    bench = Bench(max_num_seqs=1)
    for number in range(3):
        bench.submit(f"a{number}", 10, max_tokens=5, priority=-9)
    bench.submit("b0", 10, max_tokens=5, priority=9)
    bench.finish()
    assert bench.first_steps().index("b0") == 1


@pytest.mark.parametrize("quantum", [200.0, 1000.0])
def test_no_user_gets_far_ahead_of_one_who_always_waits(quantum: float):
    """One user has all places with endless answers before the other comes with short requests, again and again."""
    bench = Bench(max_num_seqs=2, user_quantum=quantum)
    for number in range(6):
        bench.submit(f"a{number}", 20, max_tokens=10**6)
    bench.steps(50)
    for number in range(6):
        bench.submit(f"b{number}", 20, max_tokens=100)
    before = {user: bench.said(user) for user in "ab"}
    for turn in range(1200):
        bench.steps(1)
        if len(bench.core._scheduler.waiting) < 8:
            bench.submit(f"b{turn + 6}", 20, max_tokens=100)
        a, b = (bench.said(user) - before[user] for user in "ab")
        # An answer's token counts twice, a request's prompt is paid with its place, and two answers run at most.
        assert 2 * abs(a - b) <= quantum + 4 * (20 + 2 * 100)
    assert min(a, b) > 400


def test_an_absent_user_saves_up_no_turns():
    bench = Bench(max_num_seqs=1)
    bench.submit("a0", 10, max_tokens=10**6)
    bench.steps(300)
    for number in range(1, 4):
        bench.submit(f"a{number}", 10, max_tokens=5)
        bench.submit(f"b{number}", 10, max_tokens=5)
    bench.core.cancel(bench.tickets["a0"])
    bench.finish()
    order = "".join(name[0] for name in bench.first_steps()[1:])
    assert "bbb" not in order
    assert "aaa" not in order


def test_those_with_the_same_prefix_compute_it_once():
    bench = Bench(max_num_seqs=4, max_num_batched_tokens=64)
    shared = list(range(100, 400))
    for number in range(4):
        bench.submit(f"a{number}", [*shared, number + 1], max_tokens=3)
    bench.finish()
    computed = sum(sum(bench.counts(f"a{number}")) for number in range(4))
    assert computed < 300 + 4 * (4 + 1 + 3) + 64
    assert all(len(heard) == 3 for heard in bench.heard.values())


def test_one_with_another_image_computes_its_own():
    bench = Bench()
    tokens = [5, *[7] * 40, 6]
    for name, digest in (("a0", b"cat"), ("a1", b"cat"), ("a2", b"dog")):
        images = Images(pixel_values=None, grid_thw=None, spans=((1, 40),), digests=(digest,))
        bench.submit(name, tokens, images=images, max_tokens=1)
        bench.finish()
    assert [sum(bench.counts(name)) for name in ("a0", "a1", "a2")] == [42, 2, 42]
    assert [heard[0].cached_tokens for heard in bench.heard.values()] == [0, 40, 0]


def test_little_memory_lets_some_wait_and_none_fail():
    runner = FakeRunner(num_blocks=20, block_size=4, next_token=hashing)
    bench = Bench(runner=runner)
    for number in range(8):
        bench.submit(f"{'ab'[number % 2]}{number}", [number + 1] * 20, max_tokens=40)
    bench.finish()
    assert all(len(heard) == 40 for heard in bench.heard.values())
    assert bench.core.stats().preemptions > 0


def test_an_answer_ends_with_the_cache():
    bench = Bench(runner=FakeRunner(num_blocks=4, block_size=4, next_token=hashing))
    bench.submit("a0", 10, max_tokens=100)
    bench.finish()
    assert len(bench.heard["a0"]) == 7  # the last one needs no place
    assert bench.heard["a0"][-1].finish_reason == "length"


def test_an_image_under_way_holds_up_nobody_else():
    bench = Bench(runner=FakeRunner(next_token=hashing, image_steps=5))
    images = Images(pixel_values=None, grid_thw=None, spans=((1, 3),), digests=(b"cat",))
    bench.submit("a0", [5, 7, 7, 7], images=images, max_tokens=1)
    bench.submit("b0", 4, max_tokens=9)
    bench.steps(5)
    assert (len(bench.heard["a0"]), len(bench.heard["b0"])) == (0, 5)
    bench.finish()
    assert (len(bench.heard["a0"]), len(bench.heard["b0"])) == (1, 9)


def test_who_is_cancelled_amid_the_telling_hears_nothing():
    bench = Bench()
    bench.heard["a1"] = []
    first = request([5], lambda output: bench.core.cancel(bench.tickets["a1"]), max_tokens=1)
    bench.core.add(first)
    bench.submit("a1", max_tokens=5)
    bench.finish()
    assert bench.heard["a1"] == []


def test_a_full_queue_takes_from_who_fills_it():
    bench = Bench(max_num_seqs=1, max_num_waiting=4)
    for number in range(5):
        bench.submit(f"a{number}", max_tokens=50)
        bench.steps(1)
    with pytest.raises(QueueFull):
        bench.submit("a5")
    bench.submit("b0", max_tokens=5)
    bench.submit("b1", max_tokens=5)
    with pytest.raises(QueueFull):
        bench.submit("b2")
    bench.finish()
    refused = [name for name, heard in bench.heard.items() if heard and isinstance(heard[-1], Failure)]
    assert refused == ["a3", "a4"]
    assert isinstance(bench.heard["a4"][0].error, QueueFull)


def test_who_is_refused_hears_when_a_place_will_be_free():
    bench = Bench(max_num_seqs=1, max_num_waiting=1, quiet=1.0, token=0.0)
    for number in range(6):
        bench.submit(f"a{number}", max_tokens=10)
        bench.submit(f"a{number}+", max_tokens=10)
        bench.finish()
    for number in range(6, 10):
        bench.submit(f"a{number}", max_tokens=10)
        bench.steps(10)
    bench.submit("a", max_tokens=10)
    bench.steps(1)
    bench.submit("a+", max_tokens=10)
    waits = []
    for _ in range(3):
        with pytest.raises(QueueFull) as refused:
            bench.submit("a++")
        waits.append(refused.value.retry_after)
    assert waits == [pytest.approx(10 * turn, rel=0.3) for turn in (1, 2, 3)]
