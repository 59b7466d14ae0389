"""The server with an engine that fails on demand, by the request's seed: `python failing_engine.py COMMAND …`.

The words before the package's own are dropped: what a launcher gets is the whole command.
"""

import os
import sys
import time
from collections.abc import Sequence as List
from enum import IntEnum

from autoglm_serving.cli import main
from autoglm_serving.engine.sequence import Slice
from autoglm_serving.engine.torch_runner import Result, TorchRunner


class Seed(IntEnum):
    HANG = 666_001
    DIE = 666_002
    BREAK = 666_003


def _execute(self: TorchRunner, batch: List[Slice]) -> list[Result]:
    for seed in {piece.sequence.request.sampling.seed for piece in batch}:
        match seed:
            case Seed.HANG:
                time.sleep(3600)
            case Seed.DIE:
                os._exit(139)  # as a segmentation fault ends a process: without a last word
            case Seed.BREAK:
                raise RuntimeError("a kernel broke")
    return _whole(self, batch)


_whole = TorchRunner.execute

if __name__ == "__main__":
    TorchRunner.execute = _execute  # type: ignore[method-assign]
    sys.exit(main(sys.argv[sys.argv.index("autoglm_serving") + 1 :]))
