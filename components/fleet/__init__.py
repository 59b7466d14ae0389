"""Several regions as one service: `Fleet` joins their networks and leads clients to a live one."""

from components.fleet.fleet import Fleet, FleetArgs

__all__ = ["Fleet", "FleetArgs"]
