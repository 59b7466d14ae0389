"""Values that exist in the state alone (random ones, keys, certificates): made once, kept, replaced on any change."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]

from tools.marks import UNKNOWN
from tools.providers.protocol import Message, ProviderFailure, Servicer
from tools.providers.protos import provider_pb2 as pb
from tools.providers.values import Path, Properties, decode, encode, has_unknown

READY: Final = "readyForRenewal"
_REPLACE: Final = pb.PropertyDiff.Kind.UPDATE_REPLACE


Inputs: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """`make` returns the id and the outputs beyond the inputs; all names of `outputs` are unknown in a preview.

    `failures` gives property and reason of what can't be. `due`, asked with the outputs, says when the value has served
    its time: then the next update replaces it.
    """

    outputs: tuple[str, ...]
    make: Callable[[Inputs], tuple[str, dict[str, Any]]]
    inputs: frozenset[str]
    secret: frozenset[str] = frozenset()
    defaults: Callable[[Inputs], dict[str, Any]] = dict
    failures: Callable[[Inputs], Iterator[tuple[str, str]]] = lambda inputs: iter(())
    due: Callable[[Inputs], bool] = lambda outputs: False


class KeptProvider(Servicer):
    """A stand-in whose resources are kinds of kept values, by the token's last part. Nothing exists outside the state,
    so reading and deleting do nothing."""

    def __init__(self, package: str, version: str, kinds: Mapping[str, Kind]) -> None:
        super().__init__(package, version)
        self._kinds = kinds

    def Check(self, request: Message, context: Message) -> Message:
        kind, new = self._kind(request.urn), decode(request.news)
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
        kind, old, new = self._kind(request.urn), decode(request.old_inputs).data, decode(request.news).data
        old = kind.defaults(old)
        changed = sorted(name for name in {*old, *new} if old.get(name) != new.get(name) or has_unknown(new.get(name)))
        changed += [READY] if kind.due(decode(request.olds).data) else []
        return pb.DiffResponse(
            changes=pb.DiffResponse.DIFF_SOME if changed else pb.DiffResponse.DIFF_NONE,
            diffs=changed,
            replaces=changed,
            detailedDiff={name: pb.PropertyDiff(kind=_REPLACE, inputDiff=True) for name in changed},
            hasDetailedDiff=True,
        )

    def Create(self, request: Message, context: Message) -> Message:
        kind, new = self._kind(request.urn), decode(request.properties)
        secrets: frozenset[Path] = new.secrets | {(name,) for name in kind.secret}
        if request.preview:
            data = {**new.data, **dict.fromkeys(kind.outputs, UNKNOWN)}
            return pb.CreateResponse(properties=encode(Properties(data=data, secrets=secrets)))
        try:
            identifier, drawn = kind.make(new.data)
        except ValueError as error:
            raise ProviderFailure(f"{request.type} {request.name}: {error}") from None
        made = Properties(data={**new.data, **drawn}, secrets=secrets)
        return pb.CreateResponse(id=identifier, properties=encode(made))

    def Read(self, request: Message, context: Message) -> Message:
        if not request.properties.fields:
            raise ProviderFailure(
                f"the stand-in for {self.package} does not import values: {request.type} {request.name}"
            )
        return pb.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Update(self, request: Message, context: Message) -> Message:
        raise ProviderFailure(f"a value of {self.package} is never updated in place")

    def Delete(self, request: Message, context: Message) -> Message:
        return Empty()

    def _kind(self, urn: str) -> Kind:
        name = urn.split("::")[2].rpartition(":")[2]
        if name not in self._kinds:
            raise ProviderFailure(
                f"{name} is not part of the stand-in for {self.package}, which has {', '.join(sorted(self._kinds))}; "
                f"install the official plugin {self.package} {self.version}"
            )
        return self._kinds[name]
