"""What came of a load test's requests, and its figures. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.load import percentile


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Of one request; seconds since the beginning of the test. `due`: when it was to be sent, from which all is
    measured: a client that falls behind must not hide a server that does. `error`: why it failed."""

    due: float
    sent: float
    first: float | None
    ended: float
    tokens: int
    error: str | None = None

    @property
    def first_token(self) -> float:
        """Seconds; only of one that did not fail."""
        return (self.first or math.nan) - self.due

    @property
    def latency(self) -> float:
        return self.ended - self.due

    @property
    def per_token(self) -> float | None:
        """Seconds a token after the first; None for an answer of one."""
        return (self.ended - (self.first or math.nan)) / (self.tokens - 1) if self.tokens > 1 else None


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What a request must keep to count as good, and what the whole test must: the gate. Seconds, and shares."""

    first_token: float = 2.5
    per_token: float = 0.1
    good_share: float = 0.95
    error_share: float = 0.01

    def kept(self, outcome: Outcome) -> bool:
        if outcome.error is not None:
            return False
        return outcome.first_token <= self.first_token and (outcome.per_token or 0.0) <= self.per_token


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Percentiles are P50, P95 and P99, in seconds, of requests that did not fail; rates are a second. `late`: the
    99th percentile of how much later than due requests were sent."""

    requests: int
    seconds: float
    offered: float
    goodput: float
    good_share: float
    error_share: float
    tokens: float
    first_token: tuple[float, ...]
    per_token: tuple[float, ...]
    latency: tuple[float, ...]
    late: float
    errors: dict[str, int]


def summary(outcomes: Sequence[Outcome], seconds: float, promise: Promise) -> Summary:
    """`seconds`: in which requests came. Raises ValueError where none did."""
    if not outcomes:
        raise ValueError("no request came: a longer test, or a higher rate")
    fine = [outcome for outcome in outcomes if outcome.error is None]
    good = sum(promise.kept(outcome) for outcome in outcomes)
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    lasted = max(seconds, max(outcome.ended for outcome in outcomes))
    return Summary(
        requests=len(outcomes),
        seconds=lasted,
        offered=len(outcomes) / seconds,
        goodput=good / lasted,
        good_share=good / len(outcomes),
        error_share=len(errors) / len(outcomes),
        tokens=sum(outcome.tokens for outcome in fine) / lasted,
        first_token=_percentiles(outcome.first_token for outcome in fine),
        per_token=_percentiles(value for outcome in fine if (value := outcome.per_token) is not None),
        latency=_percentiles(outcome.latency for outcome in fine),
        late=percentile([outcome.sent - outcome.due for outcome in outcomes], 0.99),
        errors={error: errors.count(error) for error in sorted(set(errors))},
    )


def broken(told: Summary, promise: Promise) -> list[str]:
    """In words, what the test did not keep; empty when the gate is open."""
    found = []
    if told.good_share < promise.good_share:
        found.append(
            f"{told.good_share:.1%} of requests kept first token <= {promise.first_token:g} s and a token <= "
            f"{promise.per_token:g} s: {promise.good_share:.1%} must"
        )
    if told.error_share > promise.error_share:
        found.append(f"{told.error_share:.1%} of requests failed: at most {promise.error_share:.1%} may")
    return found


def _percentiles(values: Iterable[float]) -> tuple[float, ...]:
    known = list(values)
    return tuple(percentile(known, share) if known else math.nan for share in (0.5, 0.95, 0.99))
