"""The protocol's calls for random values: drawn at creation, kept in the state, replaced on any change."""

from typing import Final

from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]

from tools.marks import UNKNOWN
from tools.providers.protocol import Message, ProviderFailure, Servicer
from tools.providers.protos import provider_pb2 as pb
from tools.providers.random import VERSION
from tools.providers.random.resources import KINDS, RandomKind
from tools.providers.values import Path, Properties, decode, encode, has_unknown

_REPLACE: Final = pb.PropertyDiff.Kind.UPDATE_REPLACE


class RandomProvider(Servicer):
    """Random values. Nothing exists outside the state, so reading and deleting do nothing."""

    def __init__(self) -> None:
        super().__init__("random", VERSION)

    def Check(self, request: Message, context: Message) -> Message:
        kind, new = _kind(request.urn), decode(request.news)
        given = {name: value for name, value in new.data.items() if value is not None}
        failures = [(name, f"{name} is no argument; there are {', '.join(sorted(kind.inputs))}")
                    for name in sorted({*given} - kind.inputs)]  # fmt: skip
        checked = kind.defaults(given)
        if not failures and not has_unknown(checked):
            failures = list(kind.failures(checked))
        return pb.CheckResponse(
            inputs=encode(Properties(data=checked, secrets=new.secrets)),
            failures=[pb.CheckFailure(property=name, reason=reason) for name, reason in failures],
        )

    def Diff(self, request: Message, context: Message) -> Message:
        kind, old, new = _kind(request.urn), decode(request.old_inputs).data, decode(request.news).data
        old = kind.defaults(old)
        changed = sorted(name for name in {*old, *new} if old.get(name) != new.get(name) or has_unknown(new.get(name)))
        return pb.DiffResponse(
            changes=pb.DiffResponse.DIFF_SOME if changed else pb.DiffResponse.DIFF_NONE,
            diffs=changed,
            replaces=changed,
            detailedDiff={name: pb.PropertyDiff(kind=_REPLACE, inputDiff=True) for name in changed},
            hasDetailedDiff=True,
        )

    def Create(self, request: Message, context: Message) -> Message:
        kind, new = _kind(request.urn), decode(request.properties)
        secrets: frozenset[Path] = new.secrets | {(name,) for name in kind.secret}
        if request.preview:
            data = {**new.data, **dict.fromkeys(kind.outputs, UNKNOWN)}
            return pb.CreateResponse(properties=encode(Properties(data=data, secrets=secrets)))
        identifier, drawn = kind.make(new.data)
        made = Properties(data={**new.data, **drawn}, secrets=secrets)
        return pb.CreateResponse(id=identifier, properties=encode(made))

    def Read(self, request: Message, context: Message) -> Message:
        if not request.properties.fields:
            raise ProviderFailure(f"the stand-in for random does not import values: {request.type} {request.name}")
        return pb.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Update(self, request: Message, context: Message) -> Message:
        raise ProviderFailure("a random value is never updated in place")

    def Delete(self, request: Message, context: Message) -> Message:
        return Empty()


def _kind(urn: str) -> RandomKind:
    name = urn.split("::")[2].rpartition(":")[2]
    if name not in KINDS:
        raise ProviderFailure(
            f"{name} is not part of the stand-in for random, which has {', '.join(sorted(KINDS))}; "
            f"install the official plugin random {VERSION}"
        )
    return KINDS[name]
