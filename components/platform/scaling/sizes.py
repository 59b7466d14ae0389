"""How large the waiting room is."""

from typing import Final

from components.types import Resources

ROOMS: Final = 2
ROOM: Final = Resources(cpu_request="20m", cpu_limit="500m", memory_request="96Mi", memory_limit="192Mi")
