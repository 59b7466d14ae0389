"""Batches of logits in, tokens out: against a plain reference, and no row may depend on another."""

from typing import Any

import pytest
import torch
from torch import Tensor

from autoglm_serving.engine import draws
from autoglm_serving.engine.base import SamplingParams
from autoglm_serving.engine.model_runner import Sampled
from autoglm_serving.engine.sample_state import SampleState
from autoglm_serving.engine.sampler import sample

LOGITS = torch.tensor([0.0, 3.0, 2.0, 1.0])


class Guided:
    """Allows the given tokens, the first answer ends it."""

    def __init__(self, *allowed: int, error: Exception | None = None) -> None:
        self.allowed = allowed
        self.error = error

    def fill(self, bits: Any) -> None:
        if self.error:
            raise self.error
        for token in self.allowed:
            bits[token // 32] |= 1 << token % 32

    def accept(self, token_id: int) -> bool:
        assert token_id in self.allowed
        return True


class Row:
    """One answer in the making."""

    def __init__(self, prompt: tuple[int, ...] = (3,), guide: Any = None, **params: Any) -> None:
        self.token_ids = list(prompt)
        self.state = SampleState(SamplingParams(max_tokens=100, **params), self.token_ids, len(prompt), guide)


def step(rows: list[Row], logits: Tensor) -> list[Sampled | Exception]:
    results = sample(logits.clone(), [row.state for row in rows])
    for row, result in zip(rows, results, strict=True):
        if isinstance(result, Sampled):
            row.token_ids.append(result.token_id)
    return results


def drawn(count: int, **params: Any) -> list[int]:
    row = Row(**params)
    for _ in range(count):
        step([row], LOGITS[None])
    return row.token_ids[1:]


def kept(logits: Tensor, params: SamplingParams) -> Tensor:
    """The probabilities [vocabulary] that the filters leave, by the book: everything in order, one filter at a time."""
    ordered, tokens = (logits / params.temperature).sort(descending=True)
    probabilities = ordered[: params.top_k or None].softmax(dim=-1)
    keep = probabilities.cumsum(dim=-1) - probabilities < params.top_p
    keep &= probabilities >= params.min_p * probabilities[0]
    left = torch.zeros_like(logits)
    left[tokens[: len(probabilities)]] = probabilities * keep / (probabilities * keep).sum()
    return left


FILTERS = [
    {},
    {"temperature": 0.3},
    {"top_k": 3},
    {"top_k": 500},
    {"top_k": 10**6},
    {"top_p": 0.5},
    {"top_p": 0.9},
    {"top_p": 0.9999},
    {"min_p": 0.05},
    {"top_p": 0.9, "min_p": 0.2},
    {"top_k": 40, "top_p": 0.8, "min_p": 0.01, "temperature": 1.7},
]


@pytest.mark.parametrize("spread", [0.1, 4.0])
def test_draws_follow_the_filtered_probabilities(spread: float, monkeypatch: pytest.MonkeyPatch):
    """Every hundredth of the random numbers' range, for each filter, all in one batch; a flat row needs every token."""
    monkeypatch.setattr(draws, "CANDIDATES", (8, 64))
    logits = torch.randn(700, generator=torch.Generator().manual_seed(1)) * spread
    rows, numbers = [], {}
    for params in FILTERS:
        for number in range(100):
            rows.append(Row(**params))
            numbers[rows[-1].state] = (number + 0.5) / 100
    monkeypatch.setattr(SampleState, "uniform", lambda state: numbers[state])
    results = step(rows, logits.expand(len(rows), -1))
    for place, params in enumerate(FILTERS):
        expected = kept(logits, SamplingParams(max_tokens=1, **params))
        tokens = [result.token_id for result in results[100 * place : 100 * place + 100]]
        counts = torch.bincount(torch.tensor(tokens), minlength=700)
        assert bool((expected[tokens] > 0).all()), params
        assert float((counts / 100 - expected).abs().max()) <= 0.02, params


def test_a_row_does_not_depend_on_its_batch():
    generator = torch.Generator().manual_seed(2)
    settings = [params | {"seed": seed, "frequency_penalty": 0.2} for seed, params in enumerate(FILTERS)]
    settings += [{"temperature": 0, "frequency_penalty": 0.2}, {"temperature": 0, "repetition_penalty": 1.3}]
    alone, together = ([Row((1, 2), **params) for params in settings] for _ in range(2))
    for _ in range(6):
        logits = torch.randn(len(settings), 3000, generator=generator)
        for row, values in zip(alone, logits, strict=True):
            step([row], values[None])
        step(together, logits)
    assert [row.token_ids for row in alone] == [row.token_ids for row in together]


def test_an_answer_goes_on_the_same_after_its_state_was_lost():
    kept_state, lost_state = (Row(seed=5, frequency_penalty=0.5) for _ in range(2))
    for _ in range(10):
        step([kept_state], LOGITS[None])
        step([lost_state], LOGITS[None])
        lost_state.state = SampleState(lost_state.state.params, lost_state.token_ids, 1, None)
    assert kept_state.token_ids == lost_state.token_ids


def test_greedy_takes_the_best_in_any_type():
    for kind in (torch.float32, torch.bfloat16, torch.float16):
        (result,) = step([Row(temperature=0)], LOGITS[None].to(kind))
        assert result == Sampled(token_id=1)


def test_a_seed_repeats_its_draw_and_others_differ():
    assert drawn(50, seed=1) == drawn(50, seed=1)
    assert drawn(50, seed=1) != drawn(50, seed=2)
    assert drawn(50, seed=-1) == drawn(50, seed=-1)
    assert drawn(50) != drawn(50)


def test_draws_follow_the_probabilities():
    counts = torch.bincount(torch.tensor(drawn(4000, seed=0)), minlength=4) / 4000
    assert torch.allclose(counts, LOGITS.softmax(0), atol=0.03)


@pytest.mark.parametrize(
    ("params", "allowed"),
    [
        ({"top_k": 1}, {1}),
        ({"top_k": 2}, {1, 2}),
        ({"top_k": 99}, {0, 1, 2, 3}),
        ({"top_p": 0.01}, {1}),
        ({"top_p": 0.7}, {1, 2}),  # 0.64, then 0.24
        ({"min_p": 0.3}, {1, 2}),
        ({"min_p": 1.0}, {1}),
        ({"temperature": 0.01}, {1}),
    ],
)
def test_filters_keep_the_likely_tokens(params: dict[str, float], allowed: set[int]):
    assert set(drawn(300, seed=0, **params)) == allowed


def test_frequency_and_presence_penalties_count_what_was_generated():
    assert drawn(4, temperature=0, frequency_penalty=2.0) == [1, 2, 1, 3]
    assert drawn(3, temperature=0, presence_penalty=2.0) == [1, 2, 1]


def test_penalties_reach_as_many_tokens_as_were_said():
    row = Row(temperature=0, presence_penalty=100.0)
    for _ in range(60):
        step([row], torch.arange(100.0)[None])
    assert row.token_ids[1:] == list(range(99, 39, -1))


def test_a_repetition_penalty_counts_the_prompt_too():
    (result,) = step([Row((1,), temperature=0, repetition_penalty=4.0)], LOGITS[None])
    assert result == Sampled(token_id=2)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_logits_that_are_no_numbers_fail_their_row_alone(bad: float):
    logits = LOGITS.repeat(3, 1)
    logits[1, 2] = bad
    results = step([Row(temperature=0), Row(seed=1), Row(temperature=0)], logits)
    assert isinstance(results[1], ArithmeticError)
    assert results[0] == results[2] == Sampled(token_id=1)


def test_logprobs_are_those_of_temperature_1_whatever_a_guide_allows():
    rows = [Row(temperature=0, logprobs=2), Row(temperature=0), Row(guide=Guided(0), logprobs=0)]
    results = step(rows, LOGITS.repeat(3, 1))
    wishes = LOGITS.log_softmax(0)
    first, second, third = (result.logprob for result in results)
    assert first.chosen == pytest.approx(float(wishes[1]))
    assert [token for token, _ in first.top] == [1, 2]
    assert [value for _, value in first.top] == pytest.approx(wishes[[1, 2]].tolist())
    assert second is None
    assert (third.chosen, third.top) == (pytest.approx(float(wishes[0])), ())


def test_a_guide_is_obeyed_and_can_end_the_answer():
    rows = [Row(temperature=0, guide=Guided(0, 3)), Row(seed=1, guide=Guided(2)), Row(temperature=0)]
    results = step(rows, LOGITS.repeat(3, 1))
    assert results == [Sampled(3, complete=True), Sampled(2, complete=True), Sampled(1)]


def test_a_guide_that_fails_or_allows_nothing_fails_its_row_alone():
    rows = [Row(guide=Guided(error=KeyError("schema"))), Row(guide=Guided()), Row(temperature=0, guide=Guided(35))]
    results = step(rows, torch.zeros(3, 40))
    assert isinstance(results[0], KeyError)
    assert isinstance(results[1], ValueError)
    assert results[2] == Sampled(35, complete=True)
