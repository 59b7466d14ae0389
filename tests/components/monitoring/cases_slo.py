"""Faults that spend a month's budget of errors: fast, and slowly."""

from tests.components.monitoring.cases import Case, answers, first_tokens

_DAY = 24 * 12  # steps of 5 minutes

SLO = (
    Case(
        alert="AvailabilityBurnsFast",
        series=answers(600, "0x120 0+30x60 1800x120", 300),
        quiet="2h",
        fires="3h",
        clears="4h",
        severity="page",
        summary="4.917% of requests got a server error, and 99.9% are promised: a month's budget of errors would be "
        "gone within days.",
    ),
    Case(
        alert="FirstTokenBurnsFast",
        series=first_tokens("0+60x120 7200x60 7200+60x120", "0+60x300"),
        quiet="2h",
        fires="3h",
        clears="4h",
        severity="page",
        summary="100% of requests waited more than 2.5 s for their first token, and 95% are promised: a month's budget "
        "of errors would be gone within days.",
    ),
)
SLOWLY = (
    Case(
        alert="AvailabilityBurnsSlowly",
        series=answers(1000, f"0x{_DAY} 0+3x{4 * _DAY} {12 * _DAY}x{2 * _DAY}", 7 * _DAY),
        step="5m",
        quiet="1d",
        fires="4d",
        clears="6d",
        summary="0.2997% of requests got a server error, and 99.9% are promised: a month's budget of errors will not "
        "last the month.",
    ),
    Case(
        alert="FirstTokenBurnsSlowly",
        series=first_tokens(
            f"0+100x{_DAY} {100 * _DAY}+90x{4 * _DAY} {460 * _DAY}+100x{2 * _DAY}", f"0+100x{7 * _DAY}"
        ),
        step="5m",
        quiet="1d",
        fires="4d",
        clears="6d",
        summary="10% of requests waited more than 2.5 s for their first token, and 95% are promised: a month's budget "
        "of errors will not last the month.",
    ),
)
