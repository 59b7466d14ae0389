"""The provider's own arguments: checked, and read into the account that they lead to."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from tools.marks import UNKNOWN
from tools.providers.cloud import check
from tools.providers.cloud.cloud import Cloud
from tools.providers.cloud.packages import Package
from tools.providers.cloud.render import Account
from tools.providers.cloud.schema import Schema
from tools.providers.cloud.world import World

_ENGINE = ("version", "pluginDownloadURL", "__internal")  # the engine's own entries among the arguments


def plain(schema: Schema, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as values: the SDK sends lists, tables, numbers and booleans of a provider as JSON text."""
    fields, found = schema["inputs"]["fields"], {}
    for name, value in given.items():
        if name in _ENGINE or value is None:
            continue
        kind = fields[name]["type"] if name in fields else "string"
        if isinstance(value, str) and value != UNKNOWN and kind != "string":
            with contextlib.suppress(ValueError):  # the check says what is wrong with it
                value = json.loads(value)
        found[name] = value
    return found


def failures(package: Package, schema: Schema, given: Mapping[str, Any]) -> Iterator[check.Failure]:
    """Unknown arguments, wrong types, and no region."""
    yield from check.failures(schema, given)
    if not given.get("region") and not _region_of_environment(package):
        variables = " or ".join(package.region_variables)
        yield ("region",), f"the provider needs a region: `region` of the provider, {variables}"


def account(package: Package, cloud: Cloud, given: Mapping[str, Any], world: World) -> Account:
    """The account that the arguments lead to. An account that they demand is the one; else the world's; else one."""
    region = given.get("region") or _region_of_environment(package) or ""
    demanded = given.get("accountId") or next(iter(given.get("allowedAccountIds") or []), None)
    if demanded == UNKNOWN:
        demanded = None
    return Account(
        region=str(region),
        account=str(demanded or world.content.get("account") or cloud.account),
        app_id=str(world.content.get("appId") or cloud.app_id),
        world=world,
    )


def _region_of_environment(package: Package) -> str | None:
    return next((os.environ[name] for name in package.region_variables if os.environ.get(name)), None)
