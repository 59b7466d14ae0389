"""Names that the cloud's own plugin would give: `<resource>-<7 characters>`, kept until a replacement."""

import json
from collections.abc import Mapping
from typing import Any

from tools.providers.cloud.render import seeded
from tools.providers.cloud.schema import Schema

_SUFFIX = 7  # hex characters, as the official plugins


def named(schema: Schema, table: Mapping[str, str], token: str) -> str | None:
    """The property that gets a name where the program gives none: one that is optional, but that there always is."""
    if token in table:
        return table[token] or None
    given = schema["inputs"]["fields"].get("name")
    made = schema["outputs"]["fields"].get("name")
    if given is None or given["type"] != "string" or given.get("required") or given.get("deprecated"):
        return None  # Alibaba Cloud's old `name` beside `vpcName` and its like is no name of its own
    return "name" if made is not None and made.get("required") else None


def name(urn: str, old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> str:
    """The name that the resource keeps (`old`), or one that follows from its URN and inputs: the same in each run, and
    another one for a replacement, whose inputs differ."""
    if old.get("name"):
        return str(old["name"])
    seed = seeded(f"{urn} {json.dumps(new, sort_keys=True)}")
    return f"{prefix}{urn.rpartition('::')[2]}-{seed['HEX'][:_SUFFIX]}"
