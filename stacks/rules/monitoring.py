"""Monitoring: promises that alerts can keep, figures that somebody shows, someone who is told."""

from collections.abc import Iterator

from components import running_costs
from components.platform.monitoring import sizes
from components.platform.monitoring.slo import WEAKEST
from components.platform.monitoring.watched import FIRST_TOKEN_BUCKETS
from stacks import amounts
from stacks.amounts import Resources
from stacks.monitoring import NoMonitoring, Objectives, OwnMonitoring
from stacks.problems import Problem
from stacks.schema import RegionSpec


def promises_can_be_watched(region: RegionSpec) -> Iterator[Problem]:
    if isinstance(region.monitoring, NoMonitoring):
        return
    asked: Objectives = region.monitoring.objectives
    path = ("monitoring", "objectives")
    for key, share in (("availability", asked.availability), ("firstTokenShare", asked.first_token_share)):
        if share <= WEAKEST:
            reason = f"its alert could never fire, whatever failed: set it to more than {WEAKEST:.3f}"
            yield Problem(path=(*path, key), value=f"{share:g}", reason=reason)
    if asked.first_token_seconds not in FIRST_TOKEN_BUCKETS:
        known = ", ".join(f"{bucket:g}" for bucket in FIRST_TOKEN_BUCKETS)
        reason = f"servers count requests up to certain times only: use one of {known}"
        yield Problem(path=(*path, "firstTokenSeconds"), value=f"{asked.first_token_seconds:g}", reason=reason)
    if asked.p95_seconds > asked.p99_seconds:
        reason = f"the 99th percentile is never below the 95th: lower it to p99Seconds, {asked.p99_seconds:g}, or less"
        yield Problem(path=(*path, "p95Seconds"), value=f"{asked.p95_seconds:g}", reason=reason)


def budget_has_prices(region: RegionSpec) -> Iterator[Problem]:
    if isinstance(region.monitoring, NoMonitoring) or region.monitoring.budget_usd_per_month is None:
        return
    if running_costs.find(region, None) is None:
        reason = "no price of a model server is known, so nobody could tell: declare facts.usdPerHour of its pool"
        value = f"{region.monitoring.budget_usd_per_month:g}"
        yield Problem(path=("monitoring", "budgetUsdPerMonth"), value=value, reason=reason)


def someone_is_told(region: RegionSpec) -> Iterator[Problem]:
    asked = region.monitoring
    if region.environment == "production" and isinstance(asked, OwnMonitoring) and asked.receivers.page is None:
        reason = "it is missing, and in production someone must be told when users are: name a receiver"
        yield Problem(path=("monitoring", "receivers", "page"), reason=reason)


def pods(region: RegionSpec) -> list[tuple[int, Resources]]:
    """How many there are while they are rolled, and what each asks for."""
    asked = region.monitoring
    if not isinstance(asked, OwnMonitoring):
        return []
    needed = [(1, asked.resources), (1, amounts.of(sizes.ALERTMANAGER))]
    return [*needed, (2, amounts.of(sizes.GRAFANA))] if region.images.grafana else needed


def volumes(region: RegionSpec) -> list[tuple[int, str]]:
    asked = region.monitoring
    return [(1, asked.volume.size), (1, sizes.SILENCES.size)] if isinstance(asked, OwnMonitoring) else []
