"""The protocol's calls for a cloud."""

import importlib
import threading
from collections.abc import Iterable, Mapping
from typing import Any, Final

from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]

from tools.providers.cloud import check, diff, lookups, naming, settings, world
from tools.providers.cloud.cloud import Cloud
from tools.providers.cloud.packages import PACKAGES
from tools.providers.cloud.resources import Resources, token_of
from tools.providers.cloud.schema import Schema
from tools.providers.cloud.store import Schemas
from tools.providers.protocol import Message, ProviderFailure, Servicer
from tools.providers.protos import provider_pb2 as pb
from tools.providers.values import Json, Path, Properties, decode, encode, format_path

_KINDS: Final = pb.PropertyDiff.Kind
DEFAULTS: Final = "__defaults"  # the official plugins' own mark of names that were given


class CloudProvider(Servicer):
    """A cloud without an account: everything is checked, nothing is made."""

    def __init__(self, package: str, schemas: Schemas | None = None) -> None:
        self.of = PACKAGES[package]
        super().__init__(package, self.of.version)
        self.cloud: Cloud = importlib.import_module(f"tools.providers.cloud.{package}").CLOUD
        self.schemas = schemas or Schemas(self.of)
        self.resources = Resources(self.cloud, settings.account(self.of, self.cloud, {}, world.World()))
        self._said = threading.Event()

    def CheckConfig(self, request: Message, context: Message) -> Message:
        schema, given = self.schemas.settings(), decode(request.news)
        found = settings.failures(self.of, schema, settings.plain(schema, given.data))
        return pb.CheckResponse(inputs=request.news, failures=_failures(found))

    def DiffConfig(self, request: Message, context: Message) -> Message:
        """Another region is another cloud: what was made in the old one must be replaced."""
        old, new = decode(request.old_inputs).data, decode(request.news).data
        changed = sorted(name for name in {*old, *new} if old.get(name) != new.get(name) and name != "version")
        return pb.DiffResponse(
            changes=pb.DiffResponse.DIFF_SOME if changed else pb.DiffResponse.DIFF_NONE,
            diffs=changed,
            replaces=[name for name in changed if name == "region"],
        )

    def Configure(self, request: Message, context: Message) -> Message:
        given = settings.plain(self.schemas.settings(), decode(request.args).data)
        self.resources = Resources(self.cloud, settings.account(self.of, self.cloud, given, world.load()), given)
        return super().Configure(request, context)

    def Invoke(self, request: Message, context: Message) -> Message:
        schema = self.schemas.function(request.tok)
        if schema is None:
            raise ProviderFailure(f"{request.tok}: the SDK {self.of.module} {self.version} has no such function")
        given = {name: value for name, value in decode(request.args).data.items() if value is not None}
        if found := list(check.failures(schema, given)):
            return pb.InvokeResponse(failures=_failures(found))
        made = lookups.answer(self.cloud, self.resources.account, request.tok, schema, given)
        return pb.InvokeResponse(**{"return": encode(Properties(data=made))})

    def Check(self, request: Message, context: Message) -> Message:
        token, schema = self._schema(request.urn)
        old, new = decode(request.olds).data, decode(request.news)
        given = {name: value for name, value in new.data.items() if value is not None}
        found = list(check.failures(schema, given))
        found += check.values(self.cloud.values.get(token, {}), given)
        place = naming.named(schema, self.cloud.named, token)
        if place and not found and not any(given.get(name) for name in (place, f"{place}Prefix")):
            kept = {"name": old.get(place)} if place in (old.get(DEFAULTS) or []) else {}
            given[place] = naming.name(request.urn, kept, given)
            given[DEFAULTS] = [place]
        return pb.CheckResponse(inputs=encode(Properties(data=given, secrets=new.secrets)), failures=_failures(found))

    def Diff(self, request: Message, context: Message) -> Message:
        token, schema = self._schema(request.urn)
        old, new = _bare(decode(request.old_inputs).data), _bare(decode(request.news).data)
        changes = list(diff.changes(old, new))
        table = self.cloud.replaced.get(token, frozenset()) | set(schema["replaced"])
        detailed, replaces = {}, set()
        for change in changes:
            value = _at(new, change.path) if change.kind == "add" else _at(old, change.path)
            replace = diff.covers(table, change, value)
            if replace:
                replaces.add(str(change.path[0]))
            kind = f"{change.kind.upper()}{'_REPLACE' if replace else ''}"
            detailed[format_path(change.path)] = pb.PropertyDiff(kind=_KINDS.Value(kind), inputDiff=True)
        return pb.DiffResponse(
            changes=pb.DiffResponse.DIFF_SOME if changes else pb.DiffResponse.DIFF_NONE,
            diffs=sorted({str(change.path[0]) for change in changes}),
            replaces=sorted(replaces),
            deleteBeforeReplace=bool(replaces) and self._same_name(token, schema, old, new),
            detailedDiff=detailed,
            hasDetailedDiff=True,
        )

    def _same_name(self, token: str, schema: Schema, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        """Two of one name can't be at once, so the old one goes first."""
        place = naming.named(schema, self.cloud.named, token)
        return place is not None and bool(new.get(place)) and old.get(place) == new.get(place)

    def Create(self, request: Message, context: Message) -> Message:
        token, schema = self._schema(request.urn)
        new = decode(request.properties)
        if not request.preview:
            self._say_so_once()
        identifier, made = self.resources.create(token, request.urn, schema, _bare(new.data), preview=request.preview)
        return pb.CreateResponse(
            id="" if request.preview else identifier, properties=encode(Properties(data=made, secrets=new.secrets))
        )

    def _say_so_once(self) -> None:
        """Nobody may take a trial for the real thing."""
        if not self._said.is_set():
            self._said.set()
            self.engine.warn("", f"{self.package} is a stand-in: what it makes is in the state alone, not in the cloud")

    def Update(self, request: Message, context: Message) -> Message:
        token, schema = self._schema(request.urn)
        state, new = decode(request.olds), decode(request.news)
        made = self.resources.update(
            token, schema, state.data, _bare(decode(request.old_inputs).data), _bare(new.data), preview=request.preview
        )
        return pb.UpdateResponse(properties=encode(Properties(data=made, secrets=state.secrets | new.secrets)))

    def Read(self, request: Message, context: Message) -> Message:
        token, schema = self._schema(request.urn)
        state, inputs = decode(request.properties), decode(request.inputs)
        found = self.resources.read(token, request.urn, schema, request.id, state.data)
        if found is None:
            return pb.ReadResponse()
        drifted = {name: found[name] for name in inputs.data if name in found and found[name] != state.data.get(name)}
        return pb.ReadResponse(
            id=request.id,
            properties=encode(Properties(data=found, secrets=state.secrets)),
            inputs=encode(Properties(data={**inputs.data, **drifted}, secrets=inputs.secrets)),
        )

    def Delete(self, request: Message, context: Message) -> Message:
        return Empty()

    def _schema(self, urn: str) -> tuple[str, Schema]:
        token = token_of(urn)
        schema = self.schemas.resource(token)
        if schema is None:
            raise ProviderFailure(f"{token}: the SDK {self.of.module} {self.version} has no such resource")
        return token, schema


def _failures(found: Iterable[check.Failure]) -> list[Message]:
    return [pb.CheckFailure(property=format_path(path), reason=reason) for path, reason in found]


def _bare(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name != DEFAULTS and value is not None}


def _at(value: Json, path: Path) -> Json:
    for step in path:
        value = value[step]
    return value
