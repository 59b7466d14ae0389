"""The serving tests' light server, whose engine dies, fails or takes its time where a prompt says so, behind the
quarantine, and whose cache of keys and values one long prompt fills.

Run by the serving environment's Python. What it answers depends on every byte of the prompt, so a wrong answer shows.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "serving" / "tests"))

import light_server
from autoglm_serving.engine.sequence import Sequence
from fake_runner import FakeRunner
from words import DIE, FAIL, SLOW

_BLOCKS = 1_600  # of 16 tokens: the longest prompt takes 1,592
_STEP = 0.7  # seconds that a slow prompt's token takes

_right = light_server.number_of


def number_of(sequence: Sequence) -> int:
    prompt = bytes(token - 1 for token in sequence.token_ids[: sequence.prompt_length] if 0 < token <= 256)
    if DIE.encode() in prompt:
        os._exit(139)  # as a segmentation fault ends a process: without a last word
    if FAIL.encode() in prompt:
        raise RuntimeError("a kernel failed")
    if SLOW.encode() in prompt:
        time.sleep(_STEP)
    return _right(sequence)


def runner(**told: Any) -> FakeRunner:
    return FakeRunner(**told | {"num_blocks": _BLOCKS})


if __name__ == "__main__":
    light_server.number_of = number_of
    light_server.FakeRunner = runner  # type: ignore[assignment,misc]
    sys.exit(light_server.main())
