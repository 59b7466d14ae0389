"""How many tokens of prompts a step may carry, from how long steps took. Imports no torch.

A piece of a prompt makes the step that carries it longer, and every running answer waits for it. So the engine learns
what a step without prompts takes at each batch size and what a prompt's token adds, and carries as many as fit.
"""

from dataclasses import dataclass

SMOOTHING = 0.2
"""Weight of the latest step in the averages."""

RARE = 0.5
"""The same, of a step of a kind that there are few of."""

OUTLIER = 4.0
"""A step counts at most this many times the average: a pause of the machine is no news about the model."""

FEWEST = 2
"""Tokens that a step carries at least: prompts must come to an end too. Late in a long one they cost the most."""

UNKNOWN = 64
"""Tokens beside running answers before anything was measured. From fewer nothing is learned then."""

AIM = 0.8
"""Share of the allowed extra time that is used: steps vary."""

ALONE_SECONDS = 0.5
"""Length of a step that holds up no answer, only those who come or leave meanwhile."""

ALONE_FEWEST = 256
"""Tokens from which a longer piece computes no faster: the weights are read once for all of them."""

SHORT = 256
"""Tokens to compute of a prompt that is soon done: long ones must not hurry at the cost of running answers."""


CHEAPEST = 1e-7
"""Seconds of a prompt's token that are believed: no device computes ten million a second."""

BURST = 4.0
"""How many answers that wait longer for their next token weigh as much as one more short prompt that waits."""

REFRESH = 32
"""Steps with prompts after which one goes without: what is quiet changes with the answers' length and the machine."""

RECOVERY = 1
"""Tokens that a step may carry more after each that found memory, once one did not."""


@dataclass
class _Quiet:
    """Averages over steps without prompts."""

    answers: float
    seconds: float


class Pace:
    def __init__(self, *, most: int, stall_factor: float) -> None:
        self._most = self._limit = most
        self._extra = (stall_factor - 1) * AIM
        self._quiet: dict[int, _Quiet] = {}
        """By the answers' number rounded up to a power of two."""
        self._since_quiet = 0
        """Steps beside answers since the last quiet one."""
        self._token: float | None = None
        """Seconds that one token more adds to a step."""

    def budget(self, answers: int, short_prompts: int = 0) -> int:
        """Tokens of prompts for a step that continues this many answers, while prompts that are short wait too."""
        quiet = self._quiet_seconds(answers) if answers else None
        if answers and self._since_quiet >= REFRESH:
            return 0
        if not answers:
            wanted = self._alone()
        elif quiet is None or self._token is None:
            wanted = UNKNOWN
        else:
            # A burst: while many wait for their first token, it pays to fill the batch before it goes on.
            patience = max(1.0, BURST * (short_prompts - 1) / answers)
            wanted = max(FEWEST, min(int(patience * self._extra * quiet / self._token), self._alone()))
        return max(1, min(wanted, self._limit, self._most - answers))

    def shrink(self, tokens: int) -> None:
        """A step of this many tokens of prompts found no memory: carry half of them, and slowly more again."""
        self._limit = max(1, min(self._limit, tokens // 2))

    def observe(self, answers: int, prompt_tokens: int, seconds: float) -> None:
        """A step of this many answers and tokens of prompts has taken so long."""
        self._limit = min(self._limit + RECOVERY, self._most)
        rare = self._since_quiet >= REFRESH
        self._since_quiet = self._since_quiet + 1 if prompt_tokens and answers else 0
        if not prompt_tokens:
            quiet = self._quiet.setdefault(_size(answers), _Quiet(answers, seconds))
            quiet.answers = _smoothed(quiet.answers, answers)
            quiet.seconds = _smoothed(quiet.seconds, seconds, RARE if rare else SMOOTHING)
            return
        # A step without answers reads the weights too, as a quiet one does.
        known = self._nearest(max(answers, 1))
        if known is None and prompt_tokens < UNKNOWN:
            return  # nearly all of it may be what every step takes
        known = known or _Quiet(0, 0.0)
        more = answers + prompt_tokens - known.answers
        if more > 0:
            self._token = _smoothed(self._token, max((seconds - known.seconds) / more, CHEAPEST))

    def _alone(self) -> int:
        return ALONE_FEWEST if self._token is None else max(ALONE_FEWEST, int(ALONE_SECONDS / self._token))

    def _quiet_seconds(self, answers: int) -> float | None:
        """Measured; for a number of answers not seen yet, each more or less is taken for a prompt's token."""
        known = self._nearest(answers)
        if known is None or self._token is None:
            return None
        return max(known.seconds + self._token * (answers - known.answers), known.seconds / 4)

    def _nearest(self, answers: int) -> _Quiet | None:
        size = _size(answers)
        nearest = min(self._quiet, key=lambda other: abs(other - size), default=None)
        return None if nearest is None else self._quiet[nearest]


def _size(answers: int) -> int:
    return 1 << (answers - 1).bit_length()


def _smoothed(average: float | None, latest: float, weight: float = SMOOTHING) -> float:
    if average is None:
        return latest
    return average + weight * (min(latest, OUTLIER * average) - average)
