"""All dashboards of a region."""

from components.platform.monitoring.dashboards import costs, etcd, gateway, gpus, service
from components.platform.monitoring.dashboards.panels import Dashboard
from components.platform.monitoring.watched import Watched


def dashboards(watched: Watched) -> tuple[Dashboard, ...]:
    """Those of what the region has: no panel without data."""
    return (
        service.dashboard(watched),
        gateway.dashboard(watched.gateway, watched.objectives),
        etcd.dashboard(watched),
        *((gpus.dashboard(watched.gpus),) if watched.gpus else ()),
        *((costs.dashboard(watched),) if watched.costs else ()),
    )
