"""The light server with an engine that fails on demand, by the request's seed."""

import os
import sys
import time
from collections.abc import Sequence as List
from enum import IntEnum
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import light_server
from fake_runner import FakeRunner

from autoglm_serving.engine.sequence import Slice


class Seed(IntEnum):
    HANG = 666_001
    DIE = 666_002
    BREAK = 666_003


def _execute(self: FakeRunner, batch: List[Slice]) -> list[Any]:
    for seed in {piece.sequence.request.sampling.seed for piece in batch}:
        match seed:
            case Seed.HANG:
                time.sleep(3600)
            case Seed.DIE:
                os._exit(139)  # as a segmentation fault ends a process: without a last word
            case Seed.BREAK:
                raise RuntimeError("a kernel broke")
    return _whole(self, batch)


_whole = FakeRunner.execute

if __name__ == "__main__":
    FakeRunner.execute = _execute  # type: ignore[method-assign]
    sys.exit(light_server.main())
