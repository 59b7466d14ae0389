"""All rules of a region, by what they watch."""

from components.platform.monitoring import figures, slo
from components.platform.monitoring.alerts import etcd, gateway, gpus, money, platform, serving
from components.platform.monitoring.rules import Alert, Group
from components.platform.monitoring.watched import Watched


def groups(watched: Watched) -> tuple[Group, ...]:
    """Those of what the region has: no alert is on a figure that nobody shows."""
    return (
        *(slo.group(objective, watched.stack) for objective in figures.objectives(watched)),
        Group(name="demand", rules=(figures.demanded(watched),)),
        Group(name="serving", rules=tuple(serving.alerts(watched))),
        Group(name="gateway", rules=tuple(gateway.alerts(watched))),
        Group(name="etcd", rules=tuple(etcd.alerts(watched))),
        *((Group(name="gpus", rules=tuple(gpus.alerts(watched.gpus))),) if watched.gpus else ()),
        Group(name="platform", rules=tuple(platform.alerts(watched))),
        *((Group(name="costs", rules=tuple(money.rules(watched, watched.costs))),) if watched.costs else ()),
    )


def alerts(watched: Watched) -> tuple[Alert, ...]:
    return tuple(rule for group in groups(watched) for rule in group.rules if isinstance(rule, Alert))
