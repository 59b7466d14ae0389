"""What went wrong with a request, in the words of both protocols."""

import math
from dataclasses import dataclass

from autoglm_serving.api.models import ModelNotReady, UnknownModel
from autoglm_serving.engine.base import Aborted, EngineDead, QueueFull, RequestFailed
from autoglm_serving.predict.tensors import TensorError
from autoglm_serving.quarantine.ledger import Quarantined

RETRY_AFTER_SECONDS = 1


class BadRequest(ValueError):
    """A request that is wrong outside of its tensors."""


class Draining(Exception):
    """The server is about to end; another may take the request."""

    def __init__(self) -> None:
        super().__init__("the server is shutting down; send the request again")


@dataclass(frozen=True, kw_only=True)
class Fault:
    status: int
    """Of HTTP."""
    code: str
    """Of gRPC: a name of `grpc.StatusCode`."""
    message: str
    retry_after: int | None = None
    """In seconds; None where the same request would fail again."""


_KINDS: tuple[tuple[type[Exception], int, str, int | None], ...] = (
    (TensorError, 400, "INVALID_ARGUMENT", None),
    (BadRequest, 400, "INVALID_ARGUMENT", None),
    (UnknownModel, 404, "NOT_FOUND", None),
    (ModelNotReady, 503, "UNAVAILABLE", RETRY_AFTER_SECONDS),
    (QueueFull, 429, "RESOURCE_EXHAUSTED", RETRY_AFTER_SECONDS),
    (Draining, 503, "UNAVAILABLE", RETRY_AFTER_SECONDS),
    (Aborted, 503, "UNAVAILABLE", RETRY_AFTER_SECONDS),
    (EngineDead, 503, "UNAVAILABLE", RETRY_AFTER_SECONDS),
    (Quarantined, 400, "FAILED_PRECONDITION", None),
    (RequestFailed, 500, "INTERNAL", None),
)

EXPECTED = tuple(kind for kind, *_ in _KINDS)
"""Errors that `fault_of` knows; any other is a fault of this program."""


def fault_of(error: Exception) -> Fault:
    """Of one of EXPECTED."""
    _, status, code, retry_after = next(row for row in _KINDS if isinstance(error, row[0]))
    if isinstance(error, QueueFull | ModelNotReady):
        retry_after = max(1, math.ceil(error.retry_after))
    return Fault(status=status, code=code, message=str(error), retry_after=retry_after)
