"""What HTTP and gRPC share: a request's tensors are checked, laid out, run and named."""

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from autoglm_serving import __version__, logs
from autoglm_serving.api.models import UnknownModel
from autoglm_serving.engine.base import RequestFailed
from autoglm_serving.lifecycle.state import State, VersionStatus
from autoglm_serving.predict.codec import from_raw, from_values, to_raw
from autoglm_serving.predict.faults import BadRequest
from autoglm_serving.predict.model import PredictModel
from autoglm_serving.predict.tensors import Array, TensorSpec, check_complete, spec_of
from autoglm_serving.predict.timeline import InferTimeline
from autoglm_serving.quarantine.ledger import Ledger

SERVER_NAME = "autoglm-serving"
SERVER_VERSION = __version__
EXTENSIONS = ("binary_tensor_data",)

IN_MEMORY = (State.ACTIVE, State.READY)

LARGE_BYTES = 256 * 1024
"""Contents from here on are laid out on a thread: the event loop has other requests."""


class Models(Protocol):
    """The lifecycle's registry, as far as it is used here."""

    def lease(self, name: str | None, version: str | None = None) -> AbstractContextManager[PredictModel]:
        """Raises UnknownModel or ModelNotReady."""

    def statuses(self) -> Sequence[VersionStatus]: ...

    def alive(self) -> bool: ...

    def ready(self) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class GivenTensor:
    """An input as it came: exactly one of `values` and `raw` is there."""

    name: str
    datatype: str
    shape: Sequence[int]
    values: Sequence[Any] | None = None
    raw: bytes | memoryview | None = None

    def array(self, spec: TensorSpec) -> Array:
        """Raises TensorError."""
        spec.check(self.datatype, self.shape)
        if self.raw is not None:
            return from_raw(self.name, self.datatype, self.shape, self.raw)
        return from_values(self.name, self.datatype, self.shape, self.values or ())


@dataclass(frozen=True, kw_only=True)
class InferRequest:
    model: str
    version: str | None
    inputs: Sequence[GivenTensor]
    outputs: Sequence[str]
    """Names of what is asked for; empty for all."""
    size: int
    """Bytes it came in."""


@dataclass(frozen=True, kw_only=True)
class InferAnswer:
    model: str
    version: str
    outputs: Sequence[tuple[TensorSpec, Array]]


class PredictService:
    def __init__(self, models: Models, is_draining: Callable[[], bool], ledger: Ledger | None = None) -> None:
        """`ledger` is the quarantine's."""
        self.models = models
        self._ledger = ledger
        self._is_draining = is_draining

    def ready(self) -> bool:
        """Whether new requests are welcome."""
        return not self._is_draining() and self.models.alive() and self.models.ready()

    async def infer(self, request: InferRequest, timeline: InferTimeline | None = None) -> InferAnswer:
        """Raises one of `faults.EXPECTED`. Cancelling it takes the request out of the queue."""
        with self._lease(request.model, request.version) as model:
            wanted = _outputs(model, request.outputs)
            inputs = await _off_loop(request.size, lambda: lay_out(model.inputs, request.inputs))
            with self._suspected(model, inputs):
                results = await _run(model, inputs, timeline)
            return InferAnswer(
                model=model.name, version=model.version, outputs=[(spec, results[spec.name]) for spec in wanted]
            )

    @contextmanager
    def _lease(self, name: str, version: str | None) -> Iterator[PredictModel]:
        with ExitStack() as held:
            try:
                model = held.enter_context(self.models.lease(name, version))
            except UnknownModel:
                self.is_ready(name, version)  # says what there is
                raise
            yield model

    @contextmanager
    def _suspected(self, model: PredictModel, inputs: Mapping[str, Array]) -> Iterator[None]:
        """If the process dies meanwhile, this request may be why. Raises Quarantined when it was so too often."""
        if self._ledger is None:
            yield
            return
        digest = _digest(model, inputs)
        began = self._ledger.enter(digest)
        try:
            yield
        finally:
            self._ledger.leave(digest, began, crashed=False)

    def versions(self, name: str) -> list[str]:
        """Versions that may be asked for, newest first. Raises UnknownModel."""
        found = [status for status in self.models.statuses() if status.model == name]
        if not found:
            raise self._unknown(name)
        return [status.version for status in found if status.state in IN_MEMORY]

    def is_ready(self, name: str, version: str | None) -> bool:
        """Whether requests would be answered now; asking loads nothing. Raises UnknownModel."""
        self.versions(name)
        states = {status.version: status.state for status in self.models.statuses() if status.model == name}
        if version is None:
            return State.ACTIVE in states.values()
        if version not in states:
            raise UnknownModel(f"the model {name!r} has no version {version[:100]!r}; it has {', '.join(states)}")
        return states[version] in IN_MEMORY

    def metadata(self, name: str, version: str | None) -> tuple[PredictModel, list[str]]:
        """A model that is in memory, and its versions that may be asked for. Raises UnknownModel or ModelNotReady."""
        with self._lease(name, version) as model:
            return model, self.versions(name)

    def _unknown(self, name: str) -> UnknownModel:
        names = ", ".join(sorted({repr(status.model) for status in self.models.statuses()})) or "none"
        return UnknownModel(f"the model {name[:128]!r} does not exist; this server has {names}")


async def _run(model: PredictModel, inputs: Mapping[str, Array], timeline: InferTimeline | None) -> Mapping[str, Array]:
    try:
        return await asyncio.wrap_future(model.worker.submit(inputs, timeline))
    except RequestFailed as error:
        reason = str(error.__cause__ or error)
        logs.warning("predict request failed", model=model.name, version=model.version, reason=reason)
        raise


def _digest(model: PredictModel, inputs: Mapping[str, Array]) -> str:
    """Of what the model computes; the version counts, for another may be without the fault."""
    digest = hashlib.blake2b(f"{model.name} {model.version}".encode(), digest_size=16)
    for array in inputs.values():
        digest.update(repr(array.shape).encode() + to_raw(array))
    return digest.hexdigest()


def _outputs(model: PredictModel, names: Sequence[str]) -> Sequence[TensorSpec]:
    for name in names:
        if names.count(name) > 1:
            raise BadRequest(f"outputs: {name[:100]!r} is asked for twice")
    return [spec_of(model.outputs, name, what="output") for name in names] or model.outputs


def lay_out(specs: Sequence[TensorSpec], given: Sequence[GivenTensor]) -> Mapping[str, Array]:
    """What a model of these inputs is run on, in their order. Raises TensorError."""
    tensors = {tensor.name: (spec_of(specs, tensor.name), tensor) for tensor in given}
    check_complete(specs, [tensor.name for tensor in given])
    arrays = {name: tensor.array(spec) for name, (spec, tensor) in tensors.items()}
    return {spec.name: arrays[spec.name] for spec in specs}


async def _off_loop(size: int, work: Callable[[], Mapping[str, Array]]) -> Mapping[str, Array]:
    return work() if size < LARGE_BYTES else await asyncio.to_thread(work)
