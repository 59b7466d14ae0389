"""Objectives to burn-rate alerts over several windows, as Google's SRE workbook has them (chapter 5, "Alerting on
SLOs", 6: multiwindow, multi-burn-rate). Pure.

A burn rate of 1 spends a month's budget of errors in a month. A long window tells that it is worth waking someone, the
short one that it is still going on, so that the alert ends when the fault does.
"""

from dataclasses import dataclass

from components.platform.monitoring.rules import Alert, Group, Record, Severity


@dataclass(frozen=True, kw_only=True)
class Window:
    """Alert when errors burn the budget `factor` times too fast over both windows."""

    long: str
    short: str
    factor: float


PAGE = (Window(long="1h", short="5m", factor=14.4), Window(long="6h", short="30m", factor=6))  # 2% and 5% of a month's
TICKET = (Window(long="3d", short="6h", factor=1),)  # 10%
_WORST = max(window.factor for window in (*PAGE, *TICKET))
WEAKEST = 1 - 1 / _WORST
"""Objectives up to this have an alert that could not fire if everything failed."""


@dataclass(frozen=True, kw_only=True)
class Objective:
    """`share` of all requests must be good. `bad` and `all` are PromQL rates of events, with `$window` in place of the
    range; `what` completes "… of requests"."""

    name: str
    share: float
    bad: str
    all: str
    what: str

    def __post_init__(self) -> None:
        """Even if everything failed, errors could not reach the rate at which a weak objective's alert fires."""
        if not 0 < self.share < 1:
            raise ValueError(f"Objective.share: {self.share:g} of {self.name} is not allowed: between 0 and 1")
        if _WORST * (1 - self.share) >= 1:
            raise ValueError(
                f"Objective.share: {self.share:g} of {self.name} is not allowed: its alert would need "
                f"{_WORST * (1 - self.share):.0%} of errors: set it to more than {WEAKEST:.3g}"
            )


def group(objective: Objective, stack: str) -> Group:
    """The share of errors over each window, recorded; an alert that wakes, and one that asks to look."""
    windows = dict.fromkeys(name for window in (*PAGE, *TICKET) for name in (window.short, window.long))
    title = objective.name.title().replace("-", "")
    return Group(
        name=f"slo-{objective.name}",
        rules=(
            *(_recorded(objective, window) for window in windows),
            Alert(
                name=f"{title}BurnsFast",
                expr=" or ".join(_burns(objective, window, stack) for window in PAGE),
                severity=Severity.PAGE,
                summary=_summary(objective, "a month's budget of errors would be gone within days"),
            ),
            Alert(
                name=f"{title}BurnsSlowly",
                expr=" or ".join(_burns(objective, window, stack) for window in TICKET),
                severity=Severity.TICKET,
                summary=_summary(objective, "a month's budget of errors will not last the month"),
            ),
        ),
    )


def errors(objective: Objective, window: str) -> str:
    """The name under which the share of errors over a window is recorded."""
    return f"autoglm:{objective.name.replace('-', '_')}_errors:ratio_rate{window}"


def _recorded(objective: Objective, window: str) -> Record:
    bad, every = (text.replace("$window", window) for text in (objective.bad, objective.all))
    return Record(name=errors(objective, window), expr=f"{bad} / {every}")


def _burns(objective: Objective, window: Window, stack: str) -> str:
    limit = f"{window.factor * (1 - objective.share):.6g}"
    long, short = (f'{errors(objective, name)}{{stack="{stack}"}} > {limit}' for name in (window.long, window.short))
    return f"({long} and {short})"


def _summary(objective: Objective, consequence: str) -> str:
    promised = f"{objective.share * 100:.6g}% are promised"
    return f"{{{{ $value | humanizePercentage }}}} of requests {objective.what}, and {promised}: {consequence}."
