"""The serving tests' light server, whose engine dies or fails where a prompt says so, behind the quarantine.

Run by the serving environment's Python. What it answers depends on every byte of the prompt, so a wrong answer shows.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "serving" / "tests"))

import light_server
from autoglm_serving import cli, server
from autoglm_serving.api.models import OneModel
from autoglm_serving.api.service import Service
from autoglm_serving.engine.sequence import Sequence
from autoglm_serving.quarantine.guard import GuardedEngine
from autoglm_serving.quarantine.ledger import Ledger
from autoglm_serving.settings import ServeSettings
from words import DIE, FAIL

_right = light_server.number_of
_whole = light_server.load


def number_of(sequence: Sequence) -> int:
    prompt = bytes(token - 1 for token in sequence.token_ids[: sequence.prompt_length] if 0 < token <= 256)
    if DIE.encode() in prompt:
        os._exit(139)  # as a segmentation fault ends a process: without a last word
    if FAIL.encode() in prompt:
        raise RuntimeError("a kernel failed")
    return _right(sequence)


def load(settings: ServeSettings, ledger: Ledger | None = None) -> Service:
    made = _whole(settings, ledger)
    assert ledger
    with made.models.lease(None) as model:
        guarded = OneModel(replace(model, engine=GuardedEngine(model.engine, ledger)))
    return replace(made, models=guarded)


if __name__ == "__main__":
    light_server.number_of = number_of
    server.load = load  # type: ignore[assignment]
    sys.exit(cli.main(["serve", "--model", "light", *sys.argv[1:]]))
