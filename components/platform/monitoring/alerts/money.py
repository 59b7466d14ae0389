"""What the region costs, by the prices of its machines and the servers that answer."""

from collections.abc import Iterator

from components.platform.monitoring import figures
from components.platform.monitoring.rules import Alert, Record, Severity
from components.platform.monitoring.watched import Costs, Watched


def rules(watched: Watched, costs: Costs) -> Iterator[Record | Alert]:
    servers = f'(sum(up{{job="{watched.serving}"}}) or vector(0))'
    yield Record(name="autoglm:cost:usd_per_hour", expr=f"{costs.base:g} + {costs.server:g} * {servers}")
    if costs.budget:
        month = f"{figures.HOURS} * avg_over_time({figures.cost(watched)}[6h])"
        yield Alert(
            name="BudgetExceeded",
            expr=f"{month} > {costs.budget:g}",
            lasts="1h",
            severity=Severity.TICKET,
            summary="At the pace of the last 6 hours the month costs ${{ printf `%.0f` $value }}, and "
            f"${costs.budget:g} is the budget.",
        )
