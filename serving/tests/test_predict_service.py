import asyncio
import contextlib
from collections.abc import Iterator

import pytest
from fake_runtime import POISON, Doubler

from autoglm_serving.engine.base import QueueFull, RequestFailed
from autoglm_serving.lifecycle.state import State, VersionStatus
from autoglm_serving.predict.batcher import BatchPolicy
from autoglm_serving.predict.faults import fault_of
from autoglm_serving.predict.model import PredictModel
from autoglm_serving.predict.service import GivenTensor, InferRequest, PredictService
from autoglm_serving.predict.worker import Worker
from autoglm_serving.quarantine.ledger import Ledger, Quarantined


class OneModel:
    """Models with one, which counts its leases."""

    def __init__(self, runtime: Doubler) -> None:
        self.leases = 0
        self.model = PredictModel(
            name="double",
            version="1",
            platform="fake",
            inputs=runtime.inputs,
            outputs=runtime.outputs,
            worker=Worker(runtime, BatchPolicy()),
        )

    @contextlib.contextmanager
    def lease(self, name, version=None) -> Iterator[PredictModel]:
        self.leases += 1
        try:
            yield self.model
        finally:
            self.leases -= 1

    def statuses(self):
        return [VersionStatus(model="double", version="1", state=State.ACTIVE, since=0)]

    def alive(self) -> bool:
        return True

    def ready(self) -> bool:
        return True


class Remembering(Ledger):
    """Keeps the digests it was given."""

    def enter(self, digest: str) -> float:
        self.last = digest
        return super().enter(digest)


def ask(service: PredictService, *values: float):
    tensor = GivenTensor(name="x", datatype="FP32", shape=[1, len(values)], values=values)
    request = InferRequest(model="double", version=None, inputs=[tensor], outputs=[], size=10)
    return asyncio.run(service.infer(request)).outputs[0][1].tolist()


@pytest.fixture
def models() -> Iterator[OneModel]:
    models = OneModel(Doubler())
    yield models
    assert models.leases == 0
    models.model.close()


def test_a_request_that_the_process_died_of_is_refused_and_others_are_not(models: OneModel):
    ledger = Remembering(crashes=1, seconds=60)
    service = PredictService(models, lambda: False, ledger)
    assert ask(service, 1, 2) == [[2, 4]]
    assert ask(service, 1, 2) == [[2, 4]]
    ledger.leave(ledger.last, ledger.enter(ledger.last), crashed=True)
    with pytest.raises(Quarantined) as caught:
        ask(service, 1, 2)
    fault = fault_of(caught.value)
    assert (fault.status, fault.code, fault.retry_after) == (400, "FAILED_PRECONDITION", None)
    assert ask(service, 1, 3) == [[2, 6]]


def test_an_error_of_the_model_is_no_crash(models: OneModel):
    service = PredictService(models, lambda: False, Ledger(crashes=1, seconds=60))
    for _ in range(2):
        with pytest.raises(RequestFailed, match="poison"):
            ask(service, POISON)


def test_how_long_to_wait_is_told_in_whole_seconds():
    assert fault_of(QueueFull("busy", retry_after=0.2)).retry_after == 1
    assert fault_of(QueueFull("busy", retry_after=2.1)).retry_after == 3
