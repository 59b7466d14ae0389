"""The serving tests' light server, whose engine dies or fails where a prompt says so, behind the quarantine.

Run by the serving environment's Python. What it answers depends on every byte of the prompt, so a wrong answer shows.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "serving" / "tests"))

import light_server
from autoglm_serving.engine.sequence import Sequence
from words import DIE, FAIL

_right = light_server.number_of


def number_of(sequence: Sequence) -> int:
    prompt = bytes(token - 1 for token in sequence.token_ids[: sequence.prompt_length] if 0 < token <= 256)
    if DIE.encode() in prompt:
        os._exit(139)  # as a segmentation fault ends a process: without a last word
    if FAIL.encode() in prompt:
        raise RuntimeError("a kernel failed")
    return _right(sequence)


if __name__ == "__main__":
    light_server.number_of = number_of
    sys.exit(light_server.main())
