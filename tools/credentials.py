"""What to set before a cloud can be reached: `make up` refuses without, before anything is made."""

import os
from collections.abc import Mapping, Sequence

from tools.plugins import CLOUDS
from tools.process import ToolError

_PAIRS = {  # half of a key -> the other half
    "AWS_ACCESS_KEY_ID": "AWS_SECRET_ACCESS_KEY",
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "ALICLOUD_ACCESS_KEY": "ALICLOUD_SECRET_KEY",
    "TENCENTCLOUD_SECRET_ID": "TENCENTCLOUD_SECRET_KEY",
}


def missing(provider: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """In a sentence; None where nothing is missing, or where the provider is no cloud."""
    cloud = CLOUDS.get(provider)
    if cloud is None:
        return None
    for half, other in _PAIRS.items():
        if half in cloud.signs and environment.get(half) and not environment.get(other):
            return f"{half} is set without {other}: set both"
    if cloud.has_credentials(environment):
        return None
    ways = [f"{sign} with {_PAIRS[sign]}" if sign in _PAIRS else sign for sign in cloud.signs]
    files = "".join(f", or write ~/{name}" for name in cloud.files)
    return f"set {', or '.join(ways)}{files}"


def refuse(stack: str, clouds: Sequence[str]) -> None:
    """Raises ToolError unless the clouds can be asked: before anything is built or made."""
    lacking = [f"{cloud}: {what}" for cloud in clouds if (what := missing(cloud))]
    if lacking:
        raise ToolError(
            f"stack {stack}: no credentials for {'; '.join(lacking)}. "
            f"Nothing was made; `make preview STACK={stack}` needs none"
        )
