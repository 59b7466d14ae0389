"""Functions: what they find in the world, or what they would plausibly find in one that has everything asked for."""

import re
from collections.abc import Mapping
from typing import Any, Final

from tools.providers.cloud.cloud import Cloud, Lookup
from tools.providers.cloud.invent import complete
from tools.providers.cloud.render import Account, fill, seeded
from tools.providers.cloud.schema import Schema
from tools.providers.protocol import ProviderFailure
from tools.providers.values import Json

Record = dict[str, Any]
ZONES: Final = "zones"  # no section of the file: what a region has, see zones()


def answer(cloud: Cloud, account: Account, token: str, schema: Schema, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a function returns. Raises ProviderFailure where the world has no such thing, or several."""
    values = {**account.values(), **seeded(f"{token} {sorted(given.items())}"), "ZONES": zones(cloud, account)}
    outputs: dict[str, Any] = {name: value for name, value in given.items() if name in schema["outputs"]["fields"]}
    if token in cloud.lookups:
        outputs |= _looked_up(cloud.lookups[token], account, token, given, values)
    outputs |= fill(cloud.answers.get(token, {}), {**values, **given, **outputs})
    outputs.setdefault("id", str(given.get("id") or values["BASE"][:12]))
    values |= {"ID": outputs["id"], "NAME": str(given.get("name") or "")}
    return complete(schema, outputs, values, preview=False)


def zones(cloud: Cloud, account: Account) -> list[str]:
    """The availability zones of the region: the world's, else the usual letters or numbers."""
    found = account.world.content.get("availabilityZones")
    if isinstance(found, Mapping):
        found = found.get(account.region)
    return list(found) if found else [f"{account.region}{suffix}" for suffix in cloud.zones]


def _looked_up(
    lookup: Lookup, account: Account, token: str, given: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, Any]:
    asked = _asked(lookup, given)
    ids = given.get(lookup.ids) if lookup.ids else None
    records = account.world.records(lookup.section)
    if lookup.section == ZONES:
        records = [{"id": zone} for zone in values["ZONES"]]
    if records is None:
        found = _plausible(lookup, asked, ids, values)
    else:
        found = [record for record in records if _matches(record, asked) and (ids is None or record.get("id") in ids)]
        found = [_whole(lookup, record, {}, values) for record in found]
    if not lookup.items:
        return dict(fill(lookup.answer, {**values, **_only(lookup, token, found, asked)}))
    outputs: dict[str, Any] = {
        lookup.items: [fill(lookup.answer, {**values, **record}) for record in found] if lookup.answer else found
    }
    return outputs | {name: [record.get(key) for record in found] for name, key in lookup.lists.items()}


def _asked(lookup: Lookup, given: Mapping[str, Any]) -> Record:
    asked = {key: _plain(argument, given[argument]) for argument, key in lookup.by.items() if given.get(argument)}
    for entry in given.get("filters") or []:
        if entry.get("name") in lookup.filters and entry.get("values"):
            asked[lookup.filters[entry["name"]]] = entry["values"][0]
    return asked


def _plain(argument: str, value: Json) -> Json:
    """Of a pattern, as Alibaba Cloud's lookups take them, the name that it is made from."""
    return re.sub(r"^\^|\$$|\\", "", value) if argument.endswith("Regex") and isinstance(value, str) else value


def _matches(record: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """A record that does not say is taken to fit, but for tags, of which it must have those asked for."""
    for key, value in asked.items():
        if key == "tags":
            if any((record.get("tags") or {}).get(name) != wanted for name, wanted in value.items()):
                return False
        elif key in record and record[key] != value:
            return False
    return True


def _plausible(lookup: Lookup, asked: Record, ids: list[str] | None, values: Mapping[str, Any]) -> list[Record]:
    if ids:
        return [_whole(lookup, {"id": one}, asked, values) for one in ids]
    if lookup.items and lookup.ready and not asked.get("id"):
        return [_whole(lookup, dict(fill(dict(record), values)), asked, values) for record in lookup.ready]
    return [_whole(lookup, {}, asked, values)]


def _whole(lookup: Lookup, record: Record, asked: Record, values: Mapping[str, Any]) -> Record:
    """A record with what was asked for and what the table adds, which may use the keys that are there."""
    start = {**asked, **record}
    return {**fill(dict(lookup.record), {**values, **start}), **start}


def _only(lookup: Lookup, token: str, found: list[Record], asked: Record) -> Record:
    if len(found) == 1:
        return found[0]
    wanted = ", ".join(f"{key} {value!r}" for key, value in sorted(asked.items())) or "anything"
    what = "nothing" if not found else f"{len(found)} of them"
    raise ProviderFailure(f"{token.rpartition(':')[2]}: {what} in {lookup.section} matches {wanted}")
