"""The budget against devices made of arithmetic: what a step takes is known, so what the engine should learn is too."""

import pytest

from autoglm_serving.engine.pace import ALONE_FEWEST, FEWEST, UNKNOWN, Pace


def learned(quiet: float, token: float, *, answers: int = 8, steps: int = 200, **options: float) -> tuple[Pace, float]:
    """Pace after many steps beside a long prompt, and how many times longer than a quiet one the latest step took."""
    pace = Pace(most=4096, stall_factor=2.0, **options)
    seconds = quiet
    for _ in range(3):
        pace.observe(answers, 0, quiet)
    for _ in range(steps):
        tokens = pace.budget(answers)
        seconds = quiet + token * tokens
        pace.observe(answers, tokens, seconds)
    return pace, seconds / quiet


@pytest.mark.parametrize(
    ("quiet", "token"),
    [(0.03, 0.0001), (0.03, 0.0004), (0.3, 0.0023), (0.01, 0.00001)],
)
def test_answers_wait_for_prompts_no_longer_than_they_may_and_prompts_get_most_of_that(quiet: float, token: float):
    _, times = learned(quiet, token)
    assert 1.6 < times <= 2.0


def test_a_machine_that_becomes_slower_is_noticed_amid_a_prompt():
    pace, _ = learned(0.03, 0.0004)
    quiet_steps = 0
    for _ in range(200):
        tokens = pace.budget(8)
        quiet_steps += not tokens
        pace.observe(8, tokens, 0.12 + 0.0016 * tokens)
    assert 0 < quiet_steps <= 200 / 32
    assert 1.6 * 0.12 < 0.12 + 0.0016 * pace.budget(8) <= 2 * 0.12


def test_short_prompts_that_outnumber_the_answers_go_first():
    pace, _ = learned(0.03, 0.0004, answers=4)
    alone = pace.budget(0)
    assert pace.budget(4, 1) == pace.budget(4) < pace.budget(4, 4) < pace.budget(4, 1000) == alone


def test_a_slow_device_still_gets_prompts_done():
    pace, _ = learned(0.03, 0.5)
    assert pace.budget(8) == FEWEST


def test_dearer_tokens_late_in_a_long_prompt_are_noticed():
    pace = Pace(most=4096, stall_factor=2.0)
    pace.observe(1, 0, 0.1)
    worst = 0.0
    for place in range(2000):
        tokens = pace.budget(1)
        seconds = 0.1 + tokens * (0.0002 + place * 1e-6)
        pace.observe(1, tokens, seconds)
        worst = max(worst, seconds / 0.1) if place else worst
    assert worst <= 2.0


def test_before_anything_is_known_the_budget_is_careful():
    pace = Pace(most=4096, stall_factor=2.0)
    assert pace.budget(1) == UNKNOWN
    assert pace.budget(0) == ALONE_FEWEST


def test_alone_a_prompt_comes_in_pieces_of_half_a_second():
    pace = Pace(most=4096, stall_factor=2.0)
    pace.observe(0, 1000, 1.0)
    assert pace.budget(0) == 500
    for _ in range(50):
        pace.observe(0, 500, 0.02)
    assert pace.budget(0) == 4096


def test_one_pause_of_the_machine_changes_little():
    pace, _ = learned(0.03, 0.0004)
    before = pace.budget(8)
    pace.observe(8, before, 30.0)
    assert pace.budget(8) > before / 2


def test_a_number_of_answers_never_seen_alone_is_reckoned():
    """A burst: there are more answers in each step, and never a step without prompts."""
    pace = Pace(most=4096, stall_factor=2.0)
    pace.observe(1, 0, 0.03)
    for answers in range(1, 65):
        tokens = pace.budget(answers)
        pace.observe(answers, tokens, 0.03 + 0.002 * (answers - 1 + tokens))
    quiet = 0.03 + 0.002 * 63
    assert 0.7 * quiet < 0.002 * pace.budget(64) <= quiet


def test_a_step_never_exceeds_its_tokens():
    pace = Pace(most=64, stall_factor=2.0)
    assert pace.budget(0) == 64
    assert pace.budget(60) == 4
    assert pace.budget(64) == 1


def test_no_memory_halves_the_budget_and_it_comes_back_slowly():
    pace = Pace(most=1000, stall_factor=2.0)
    pace.observe(0, 1000, 0.001)
    pace.shrink(1000)
    assert pace.budget(0) == 500
    pace.shrink(500)
    assert pace.budget(0) == 250
    for _ in range(100):
        pace.observe(0, 250, 0.0001)
    assert pace.budget(0) == 350


def test_a_clock_that_stands_still_is_survived():
    pace = Pace(most=1000, stall_factor=2.0)
    for _ in range(5):
        pace.observe(1, 0, 0.0)
        pace.observe(1, 10, 0.0)
    assert pace.budget(1) >= 1
