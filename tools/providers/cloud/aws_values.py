from typing import Any, Final

VALUES: Final[dict[str, dict[str, tuple[Any, ...]]]] = {}
