from typing import Final

REPLACED: Final[dict[str, frozenset[str]]] = {}
