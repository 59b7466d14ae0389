"""Whether the cluster's addresses are free on this machine, before anything is made."""

import json
import subprocess
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network
from typing import Any

from tools.cluster.errors import ClusterError
from tools.cluster.settings import RANGES, ClusterSettings, setting_name


def check(s: ClusterSettings) -> None:
    """ClusterError names the range, the route of the machine that it overlaps, and the setting to change."""
    listed = subprocess.run(
        ["ip", "-json", "-4", "route", "show", "table", "main"], check=True, capture_output=True, text=True
    )
    if problem := overlap(s, json.loads(listed.stdout or "[]")):
        raise ClusterError(problem)


def overlap(s: ClusterSettings, routes: Iterable[Mapping[str, Any]]) -> str | None:
    """`routes` as `ip -json route` gives them. The default route is no conflict, nor are routes over our own link."""
    for route in routes:
        if route["dst"] == "default" or route.get("dev") == s.link:
            continue
        taken = IPv4Network(route["dst"])
        for field in RANGES:
            if taken.prefixlen and taken.overlaps(getattr(s, field)):
                over = f" over {route['dev']}" if "dev" in route else ""
                return (
                    f"{field}: {getattr(s, field)} overlaps this machine's route to {taken}{over}; "
                    f"choose a free range with --{field.replace('_', '-')} or {setting_name(field)}"
                )
    return None
