import pytest
import torch

from autoglm_serving.engine.base import SamplingParams
from autoglm_serving.engine.sampler import Sampler

LOGITS = torch.tensor([0.0, 3.0, 2.0, 1.0])


def sampler(**params: float) -> Sampler:
    return Sampler(SamplingParams(max_tokens=100, **params), torch.tensor([3]), len(LOGITS))


def drawn(count: int, **params: float) -> list[int]:
    it = sampler(**params)
    return [it.sample(LOGITS) for _ in range(count)]


def test_greedy_takes_the_best():
    assert drawn(3, temperature=0) == [1, 1, 1]


def test_a_seed_repeats_its_draw_and_others_differ():
    assert drawn(50, seed=1) == drawn(50, seed=1)
    assert drawn(50, seed=1) != drawn(50, seed=2)
    assert drawn(50, seed=-1) == drawn(50, seed=-1)


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
    assert set(drawn(500, seed=0, **params)) == allowed


def test_frequency_and_presence_penalties_count_what_was_generated():
    assert drawn(4, temperature=0, frequency_penalty=2.0) == [1, 2, 1, 3]
    assert drawn(3, temperature=0, presence_penalty=2.0) == [1, 2, 1]


def test_a_repetition_penalty_counts_the_prompt_too():
    it = Sampler(SamplingParams(max_tokens=9, temperature=0, repetition_penalty=4.0), torch.tensor([1]), len(LOGITS))
    assert it.sample(LOGITS) == 2


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_logits_that_are_no_numbers_are_an_error(bad: float):
    with pytest.raises(ArithmeticError):
        sampler().sample(torch.tensor([0.0, bad, 1.0, 1.0]))
