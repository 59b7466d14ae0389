"""Values from templates: the tables of a cloud are data, and this puts a resource's inputs and the account into them.

`{name}` is an input or a key of a looked-up record, `{REGION}` and other capitals are the account's and the seed's;
`{HEX:.8}` are the first 8 characters. A text that is one field alone gives the value itself, list or table included.
"""

import hashlib
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tools.marks import UNKNOWN
from tools.providers.cloud.world import World
from tools.providers.values import Json

_ALONE: Final = re.compile(r"\{(\w+)\}")
_BASE36: Final = string.digits + string.ascii_lowercase


@dataclass(frozen=True)
class Account:
    """Whose cloud it is."""

    region: str
    account: str
    app_id: str
    world: World

    @property
    def partition(self) -> str:
        return "aws-cn" if self.region.startswith("cn-") else "aws-us-gov" if "-gov-" in self.region else "aws"

    def values(self) -> dict[str, Any]:
        """What templates may say in capitals."""
        api = self.world.api
        return {
            "REGION": self.region,
            "ACCOUNT": self.account,
            "APP_ID": self.app_id,
            "PARTITION": self.partition,
            "DNS": "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com",
            "KUBE_SERVER": api.server,
            "KUBE_HOST": api.server.partition("://")[2],
            "KUBE_CA": api.ca,
            "KUBE_CERTIFICATE": api.certificate,
            "KUBE_KEY": api.key,
            "KUBECONFIG": api.text,
        }


def seeded(seed: str) -> dict[str, str]:
    """Letters and digits that follow from a seed: as hexadecimal, in base 36, and digits alone."""
    digest = hashlib.sha256(seed.encode()).digest()
    number = int.from_bytes(digest, "big")
    base = ""
    for _ in range(32):
        number, rest = divmod(number, 36)
        base += _BASE36[rest]
    return {"HEX": digest.hex(), "BASE": base, "DIGITS": str(int.from_bytes(digest, "little"))}


def fill(template: Json, values: Mapping[str, Any]) -> Json:
    """The template with its fields filled in; None where a field that stands alone is missing."""
    if isinstance(template, Mapping):
        filled = {name: fill(item, values) for name, item in template.items()}
        return {name: item for name, item in filled.items() if item is not None}
    if isinstance(template, list):
        return [fill(item, values) for item in template]
    if not isinstance(template, str):
        return template
    if alone := _ALONE.fullmatch(template):
        return values.get(alone[1])
    return string.Formatter().vformat(template, (), _Known(values))


class _Known(dict[str, Any]):
    """A field that there is not is empty."""

    def __missing__(self, key: str) -> str:
        return ""


def known(value: Json) -> Json:
    """The value, or UNKNOWN for a text that has an unknown part."""
    if isinstance(value, str) and UNKNOWN in value:
        return UNKNOWN
    if isinstance(value, Mapping):
        return {name: known(item) for name, item in value.items()}
    return [known(item) for item in value] if isinstance(value, list) else value
