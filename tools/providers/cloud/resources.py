"""Resources that exist in the state alone: their ids and outputs follow from URN and inputs."""

import json
from collections.abc import Mapping
from typing import Any

from tools.marks import UNKNOWN
from tools.providers.cloud.cloud import Cloud
from tools.providers.cloud.invent import complete
from tools.providers.cloud.lookups import zones
from tools.providers.cloud.render import Account, fill, known, seeded
from tools.providers.cloud.schema import Schema
from tools.providers.protocol import ProviderFailure
from tools.providers.values import Json

_IDENTIFIER = "{NAME}-{HEX:.12}"


def token_of(urn: str) -> str:
    """`aws:ec2/vpc:Vpc` of a URN with its parents' types."""
    return urn.split("::")[2].rpartition("$")[2]


class Resources:
    """What a cloud does with resources, in one account and region."""

    def __init__(self, cloud: Cloud, account: Account, settings: Mapping[str, Any] | None = None) -> None:
        self.cloud, self.account, self.settings = cloud, account, settings or {}

    def create(
        self, token: str, urn: str, schema: Schema, inputs: Mapping[str, Any], *, preview: bool
    ) -> tuple[str, dict[str, Any]]:
        """Id and outputs. The id differs for other inputs: a replacement is told from what it replaces."""
        name = urn.rpartition("::")[2]
        if not preview:
            self._fail(token, name)
        values = self._values(inputs, name, f"{urn} {json.dumps(inputs, sort_keys=True)}")
        identifier = str(fill(self.cloud.identifiers.get(token, _IDENTIFIER), values)) or values["HEX"][:12]
        return identifier, self._outputs(token, schema, inputs, {**values, "ID": identifier}, preview=preview)

    def _outputs(
        self, token: str, schema: Schema, inputs: Mapping[str, Any], values: Mapping[str, Any], *, preview: bool
    ) -> dict[str, Any]:
        there = {name: value for name, value in inputs.items() if name in schema["outputs"]["fields"]}
        table = self.cloud.outputs.get(token, {})
        extra = _unknown(table) if preview else known(fill(table, values))
        made = _under(there, extra)
        if "tagsAll" in schema["outputs"]["fields"]:
            made["tagsAll"] = self._all_tags(inputs)
        return complete(schema, made, values, preview=preview)

    def _all_tags(self, inputs: Mapping[str, Any]) -> Json:
        """Every tag of the provider's default ones and its own."""
        tags = inputs.get("tags") or {}
        default = (self.settings.get("defaultTags") or {}).get("tags") or {}
        return UNKNOWN if tags == UNKNOWN or default == UNKNOWN else {**default, **tags}

    def update(
        self,
        token: str,
        schema: Schema,
        state: Mapping[str, Any],
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        *,
        preview: bool,
    ) -> dict[str, Any]:
        """What the cloud gave stays; inputs that are gone go, unless the cloud has a value of its own for them."""
        fields = schema["outputs"]["fields"]
        kept = {name: value for name, value in state.items() if name not in old or name in new}
        merged = {name: _merge(kept.get(name), value) for name, value in new.items() if name in fields}
        made = {**kept, **merged}
        if "tagsAll" in fields:
            made["tagsAll"] = self._all_tags(new)
        values = self._values(new, "", str(state.get("arn") or state.get("name")))
        return complete(schema, made, values, preview=preview)

    def read(
        self, token: str, urn: str, schema: Schema, identifier: str, state: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The state as the world leaves it; without a state, what an import or a `.get` finds. None: it is gone."""
        world, name = self.account.world.content, urn.rpartition("::")[2]
        if {identifier, name} & set(world.get("gone") or []):
            return None
        drift = {**(world.get("changed") or {}).get(name, {}), **(world.get("changed") or {}).get(identifier, {})}
        if not state:
            values = {**self._values({"name": identifier}, name, urn), "ID": identifier}
            state = self._outputs(token, schema, {}, values, preview=False)
        return {**state, **drift}

    def _fail(self, token: str, name: str) -> None:
        """A failure that the world asks for, by the resource's name or its token."""
        failures = self.account.world.content.get("failures") or {}
        if reason := failures.get(name) or failures.get(token):
            raise ProviderFailure(str(reason))

    def _values(self, inputs: Mapping[str, Any], name: str, seed: str) -> dict[str, Any]:
        own = {"NAME": name, "ZONES": zones(self.cloud, self.account)}
        return {"name": name, **inputs, **self.account.values(), **seeded(seed), **own}


def _under(there: Json, extra: Json) -> Json:
    """The given values, and beneath them what a table adds where nothing is given."""
    if isinstance(there, Mapping) and isinstance(extra, Mapping):
        both = {name: _under(there[name], value) if name in there else value for name, value in extra.items()}
        return {**there, **both}
    return there


def _unknown(table: Json) -> Json:
    """What a table gives, before the cloud has given it."""
    return {name: _unknown(item) for name, item in table.items()} if isinstance(table, Mapping) else UNKNOWN


def _merge(state: Json, new: Json) -> Json:
    """New inputs over the old outputs: what the cloud added to an object stays."""
    if isinstance(state, Mapping) and isinstance(new, Mapping):
        return {**new, **{name: _merge(value, new[name]) if name in new else value for name, value in state.items()}}
    return new
