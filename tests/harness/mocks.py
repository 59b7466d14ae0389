"""A stand-in for engine and providers that records what a program registers, as strictly as the real ones."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import mocks as pulumi_mocks
from pulumi.runtime import rpc

from tools.providers.tls.resources import KINDS

# One for all programs: Pulumi opens an event loop in each of its threads and closes none.
_LOOP = asyncio.new_event_loop()


@dataclass(frozen=True)
class Registered:
    """One registration, as the engine would get it: secrets in `inputs` are still wrapped."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    provider: str

    @property
    def custom(self) -> bool:
        return not self.type.startswith(("open-autoglm:", "pulumi:"))


@dataclass(frozen=True)
class Export:
    value: Any
    secret: bool
    known: bool


@dataclass
class Recorder(pulumi_mocks.Mocks):
    """Names objects as the Kubernetes provider does, and makes passwords. Pulumi's own mocks let duplicates pass."""

    resources: list[Registered] = field(default_factory=list)
    exports: dict[str, Export] = field(default_factory=dict)
    urns: list[str] = field(default_factory=list)
    dependencies: dict[str, list[str]] = field(default_factory=dict)  # by name: its parent's, and those it names
    ignored: dict[str, list[str]] = field(default_factory=dict)  # by name: the properties whose changes are ignored
    replacing: dict[str, list[str]] = field(default_factory=dict)  # by name: those whose changes replace it
    timeouts: dict[str, dict[str, str]] = field(default_factory=dict)  # by name: how long each operation may take
    preview: bool = False
    outputs: Callable[[pulumi_mocks.MockResourceArgs], Mapping[str, Any]] = lambda args: {}  # beside its inputs
    calls: Callable[[pulumi_mocks.MockCallArgs], dict[str, Any]] | None = None  # what functions answer

    def new_resource(self, args: pulumi_mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.resources.append(Registered(args.typ, args.name, args.inputs, args.provider))
        outputs = dict(args.inputs)
        if args.typ.startswith("kubernetes:"):
            outputs["metadata"] = named(args.name, outputs.get("metadata") or {})
        if args.typ == "random:index/randomPassword:RandomPassword":
            outputs["result"] = "k" * int(args.inputs["length"])
        if args.typ.startswith("tls:") and not self.preview:
            outputs |= _certified(args)
        return f"{args.name}-id", {**outputs, **self.outputs(args)}

    def call(self, args: pulumi_mocks.MockCallArgs) -> dict[str, Any]:
        if self.calls is not None:
            return self.calls(args)
        raise AssertionError(f"the program calls {args.token}")

    def one(self, kind: str, name: str | None = None) -> Registered:
        found = [item for item in self.resources if item.type.endswith(f":{kind}") and name in (None, item.name)]
        assert len(found) == 1, f"{kind} {name or ''}: {[item.name for item in found]}"
        return found[0]

    def waits_for(self, name: str) -> set[str]:
        """Everything that is registered before it: a child waits for its parent, which waits for what it depends on."""
        found: set[str] = set()
        left = [name]
        while left:
            new = set(self.dependencies.get(left.pop(), [])) - found
            found |= new
            left += new
        return found

    def all(self, kind: str) -> list[Registered]:
        """By name: resources that wait for nothing are registered in any order."""
        found = [item for item in self.resources if item.type.endswith(f":{kind}")]
        return sorted(found, key=lambda item: item.name)


def _certified(args: pulumi_mocks.MockResourceArgs) -> dict[str, Any]:
    """A key or certificate, as the stand-in for the provider makes it."""
    kind = KINDS[args.typ.rpartition(":")[2]]
    given = {name: int(value) if isinstance(value, float) else value for name, value in plain(args.inputs).items()}
    return kind.make(kind.defaults(given))[1]


class _Monitor(pulumi_mocks.MockMonitor):
    """Also keeps what mocks are not told: which resources wait for which, and how changes of them are taken."""

    mocks: Recorder

    def RegisterResource(self, request: Any) -> Any:
        urns = [*request.dependencies, request.parent]
        self.mocks.dependencies[request.name] = [urn.rpartition("::")[2] for urn in urns]
        self.mocks.ignored[request.name] = list(request.ignoreChanges)
        self.mocks.replacing[request.name] = list(request.replaceOnChanges)
        told = request.customTimeouts
        given = {"create": told.create, "update": told.update, "delete": told.delete}
        self.mocks.timeouts[request.name] = {operation: time for operation, time in given.items() if time}
        return super().RegisterResource(request)


def run(
    program: Callable[[], Mapping[str, Any]], *, preview: bool = False, recorder: Recorder | None = None
) -> Recorder:
    """Runs a program, which returns what it exports, to its end; fails on two resources of one type and name."""
    asyncio.set_event_loop(_LOOP)
    recorder = recorder or Recorder()
    recorder.preview = preview
    monitor = _Monitor(recorder)
    pulumi_mocks.set_mocks(recorder, project="open-autoglm", stack="dev", preview=preview, monitor=monitor)

    async def read(output: pulumi.Output[Any]) -> Export:
        return Export(await output.future(), await output.is_secret(), await output.is_known())

    async def collect(exports: Mapping[str, Any]) -> None:
        for name, value in exports.items():
            recorder.exports[name] = await read(pulumi.Output.from_input(value))

    @pulumi.runtime.test
    def body() -> pulumi.Output[Any]:
        return pulumi.Output.from_input(asyncio.ensure_future(collect(program())))

    try:
        body()
    finally:
        _end_tasks()
    recorder.urns = list(monitor.resources)
    seen = [(item.type, item.name) for item in recorder.resources]
    twice = {entry for entry in seen if seen.count(entry) > 1}
    assert not twice, f"registered twice: {twice}"
    return recorder


def _end_tasks() -> None:
    """What a failed program left waiting must not disturb the next one."""
    left = asyncio.all_tasks(_LOOP)
    for task in left:
        task.cancel()
    _LOOP.run_until_complete(asyncio.gather(*left, return_exceptions=True))


def named(name: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata with the name that the provider would give, where there is none."""
    return {"name": f"{name}-0a1b2c3d", **metadata}


def is_secret(value: object) -> bool:
    """Whether an input was a Pulumi secret."""
    return isinstance(value, Mapping) and value.get(rpc._special_sig_key) == rpc._special_secret_sig


def plain(value: Any) -> Any:
    """An input without the wrapping of secrets at any depth."""
    if is_secret(value):
        return plain(value["value"])
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value
