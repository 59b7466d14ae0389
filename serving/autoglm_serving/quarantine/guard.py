"""An Engine that lets no request in quarantine through, and watches the others' ends."""

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace

from autoglm_serving.engine.base import (
    Engine,
    EngineDead,
    EngineStats,
    Failure,
    Output,
    Request,
    RequestFailed,
    Ticket,
)
from autoglm_serving.quarantine.ledger import Ledger

CRASHES = (RequestFailed, EngineDead)


def digest_of(request: Request) -> str:
    """Of what the engine computes: tokens, images, sampling. Who asks, and when, is no part of it."""
    prompt = request.prompt
    digest = hashlib.blake2b(struct.pack(f"<{len(prompt.token_ids)}Q", *prompt.token_ids), digest_size=16)
    for image in prompt.images.digests if prompt.images else ():
        digest.update(image)
    digest.update(repr(request.sampling).encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class _Ticket:
    inner: Ticket
    left: Callable[[bool], None]

    def cancel(self) -> None:
        self.inner.cancel()
        self.left(False)


class GuardedEngine:
    """`engine` behind the ledger. Raises Quarantined beside what the engine raises."""

    def __init__(self, engine: Engine, ledger: Ledger) -> None:
        self._engine = engine
        self._ledger = ledger

    def submit(self, request: Request) -> Ticket:
        digest = digest_of(request)
        began = self._ledger.enter(digest)
        open_until_left = [digest]

        def left(crashed: bool) -> None:
            # A list's pop is atomic: the engine's thread and a client that leaves come to it at the same time.
            try:
                open_until_left.pop()
            except IndexError:
                return
            self._ledger.leave(digest, began, crashed=crashed)

        def listener(output: Output) -> None:
            if isinstance(output, Failure):
                left(isinstance(output.error, CRASHES))
            elif output.finish_reason is not None:
                left(False)
            request.listener(output)

        try:
            return _Ticket(self._engine.submit(replace(request, listener=listener)), left)
        except BaseException:
            left(False)
            raise

    def alive(self) -> bool:
        return self._engine.alive()

    def stats(self) -> EngineStats:
        return self._engine.stats()

    def stop(self) -> None:
        self._engine.stop()
