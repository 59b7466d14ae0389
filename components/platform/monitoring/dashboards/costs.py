"""What the region costs: machines by the price lists; no disks, traffic or support."""

from components.platform.monitoring import figures
from components.platform.monitoring.dashboards.panels import Dashboard, Panel, Query, Unit
from components.platform.monitoring.watched import Watched


def dashboard(watched: Watched) -> Dashboard:
    hour, of = figures.cost(watched), f'{{job="{watched.serving}"}}'
    budget = watched.costs.budget if watched.costs else None
    return Dashboard(
        key="costs",
        title="costs",
        panels=(
            Panel(
                title="An hour",
                text="Machines at their list prices, with the servers that answer now.",
                unit=Unit.USD,
                queries=(Query(expr=hour, legend="USD an hour"),),
            ),
            Panel(
                title="A month",
                text="At the pace of the last 6 hours.",
                unit=Unit.USD,
                limit=budget,
                queries=(Query(expr=f"{figures.HOURS} * avg_over_time({hour}[6h])", legend="USD a month"),),
            ),
            Panel(
                title="A million tokens",
                text="Of prompts and answers together, over the last hour.",
                unit=Unit.USD,
                queries=(
                    Query(
                        expr=f"scalar(avg_over_time({hour}[1h])) * 1e6 / 3600 / (sum(rate("
                        f"vllm:prompt_tokens_total{of}[1h])) + sum(rate(vllm:generation_tokens_total{of}[1h])))",
                        legend="USD",
                    ),
                ),
            ),
        ),
    )
