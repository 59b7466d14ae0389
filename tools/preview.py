"""`make preview`: what an update of a stack would do, what it costs, and whether the policy rules allow it.

Nothing is made and nobody is asked: it needs no cluster, no root and no credentials.
"""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from components.cost import Estimate, estimate
from policies import Report, judge
from tools import where
from tools.paths import LOG, ROOT
from tools.plan import Plan
from tools.preview_text import lines, real
from tools.process import ToolError, stream
from tools.regions import Region
from tools.stack import Stack
from tools.steps import Show

QUIET = 5.0  # seconds between two signs of life
_SAYS_NOTHING = re.compile(r"preview failed$|an unhandled error occurred: program exited with non-zero", re.IGNORECASE)
_EVENTS = {"PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "1"}  # one event a line, instead of one document at the end


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`estimate`: None where it can't be told, and `unpriced` says why."""

    stack: str
    plan: Plan
    report: Report
    estimate: Estimate | None
    unpriced: str = ""
    seconds: float

    @property
    def resources(self) -> int:
        return len(real(self.plan))

    @property
    def passed(self) -> bool:
        return not self.report.mandatory

    def text(self) -> Iterator[str]:
        yield from lines(self.plan, self.report, self.estimate, self.unpriced)


def preview(region: Region, stack: Stack, progress: Show) -> Outcome:
    """Plans the stack, whose configuration has been written. Raises ToolError in the engine's own words."""
    began = time.monotonic()
    plan = Plan()
    with _signs_of_life(plan, progress):
        _run(stack, plan)
    if plan.errors or not plan.finished:
        raise ToolError(f"stack {stack.name}: {problem(plan)}")
    return Outcome(
        stack=stack.name,
        plan=plan,
        report=judge(plan.resources()),
        estimate=estimate(region.stack, region.spec) if region.spec else None,
        unpriced=unpriced(region),
        seconds=time.monotonic() - began,
    )


def unpriced(region: Region) -> str:
    """Why a stack has no cost of its own to show."""
    if where.is_fleet(region.stack):
        return "its regions have theirs; VPN gateways, health checks and traffic between regions come on top"
    return "" if region.spec else "not known here, as the stack's configuration has encrypted values"


def _run(stack: Stack, plan: Plan) -> None:
    log = LOG / f"pulumi-preview-{stack.name}.log"
    try:
        stream(
            stack.argv("preview", "--json"),
            log=log,
            env=stack.environment() | _EVENTS,
            cwd=ROOT,
            show=plan.read,
        )
    except ToolError as error:
        if not plan.errors and not plan.said:
            raise
        if not plan.errors:
            plan.errors.append(f"{error}")


@contextmanager
def _signs_of_life(plan: Plan, progress: Show) -> Iterator[None]:
    """A line when it takes longer, with how far the plan is."""
    began, done = time.monotonic(), threading.Event()

    def tell() -> None:
        while not done.wait(QUIET):
            progress(f"… {len(plan.steps)} resources planned after {time.monotonic() - began:.0f} s")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def problem(plan: Plan) -> str:
    """Why there is no plan: the engine's errors, or the program's last words, once each and without a traceback."""
    told = [text for text in plan.errors if not _SAYS_NOTHING.match(text)] or plan.said
    return "\n".join(dict.fromkeys(told)) or "the engine ended without a plan and without a word"
